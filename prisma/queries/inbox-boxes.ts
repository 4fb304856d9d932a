import type { Database } from '../database.ts';
import { SUMMARY, summaryOf, type ClaimSummaryRow } from './claim-reading.ts';
import { countTasks, findTasks, type TaskFilter, type TaskPosition, type TaskRow } from './tasks.ts';

/**
 * The boxes beside 待办, of the person whom the scope is of: 已办 decided, 我发起的 begun (the own claims, and those entered for others), 抄送我的 copied. `within`: the units
 * where a role opens what is not the person's own, as everywhere.
 */
type Reader = Pick<Database, 'prisma' | 'query'>;

const REACHED = (unit: string): string => `EXISTS (SELECT FROM unit_ancestor x WHERE x.unit_id = ${unit} AND x.ancestor_id = ANY ($2::uuid[]))`;
const DECIDED = `t.id IN (SELECT tasks_decided()) AND ($1 = ANY (t.assignees) OR ${REACHED('t.unit_id')})`;
/** The rule of `claim.read` for a person: the own claims, those put before her in person, and those under her roles. */
const READABLE = `(c.employee_id = $1 OR c.number IN (SELECT claims_shared()) OR ${REACHED('c.unit_id')})`;
const CLAIMS = {
  started: `c.number IN (SELECT claims_begun()) AND ${READABLE}`,
  copied: `c.number IN (SELECT claims_copied()) AND ${READABLE}`,
} as const;
export type ClaimBox = keyof typeof CLAIMS;
export type Whose = { employeeId: string; within: readonly string[] };

/** What the person has decided, or somebody for her, the newest first. */
export async function listDecidedTasks(
  db: Reader,
  { employeeId, within }: Whose,
  { after, limit }: { after: TaskPosition | undefined; limit: number },
): Promise<TaskRow[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT t.id FROM task t WHERE ${DECIDED} AND ($3::timestamptz IS NULL OR (t.closed_at, t.id) < ($3, $4::uuid)) ORDER BY t.closed_at DESC, t.id DESC LIMIT $5`,
    [employeeId, within, after?.due ?? null, after?.id ?? null, limit],
  );
  const tasks = new Map((await findTasks(db, { ids: rows.map(({ id }) => id) })).map((task) => [task.id, task]));
  return rows.flatMap(({ id }) => tasks.get(id) ?? []);
}

/** Newest first. */
export async function listBoxedClaims(
  db: Reader,
  box: ClaimBox,
  { employeeId, within }: Whose,
  { after, limit }: { after: { createdAt: string; number: string } | undefined; limit: number },
): Promise<ClaimSummaryRow[]> {
  const { rows } = await db.query<{ number: string }>(
    `SELECT c.number FROM claim c WHERE ${CLAIMS[box]} AND ($3::timestamptz IS NULL OR (c.created_at, c.number) < ($3, $4)) ORDER BY c.created_at DESC, c.number DESC LIMIT $5`,
    [employeeId, within, after?.createdAt ?? null, after?.number ?? null, limit],
  );
  const numbers = rows.map(({ number }) => number);
  const found = await db.prisma.claim.findMany({ where: { number: { in: numbers } }, select: SUMMARY });
  const claims = new Map(found.map((claim) => [claim.number, summaryOf(claim)]));
  return numbers.flatMap((number) => claims.get(number) ?? []);
}

export type BoxCounts = { todo: number; overdue: number; done: number; started: number; copied: number };

/** `within`: for tasks, and for claims. */
export async function countBoxes(
  db: Reader,
  {
    person,
    tasksWithin,
    claimsWithin,
    at,
  }: { person: NonNullable<TaskFilter['decidableBy']>; tasksWithin: readonly string[]; claimsWithin: readonly string[]; at: Date },
): Promise<BoxCounts> {
  const { employeeId } = person;
  const open = { within: null, status: 'OPEN', kind: undefined, claimNumber: undefined, decidableBy: person } as const;
  const count = async (from: string, within: readonly string[]): Promise<number> =>
    (await db.query<{ count: number }>(`SELECT count(*) AS count FROM ${from}`, [employeeId, within])).rows[0]?.count ?? 0;
  const [todo, overdue, done, started, copied] = await Promise.all([
    countTasks(db, { ...open, overdueAt: undefined }),
    countTasks(db, { ...open, overdueAt: at }),
    count(`task t WHERE ${DECIDED}`, tasksWithin),
    count(`claim c WHERE ${CLAIMS.started}`, claimsWithin),
    count(`claim c WHERE ${CLAIMS.copied}`, claimsWithin),
  ]);
  return { todo, overdue, done, started, copied };
}
