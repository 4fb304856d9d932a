import type { Database } from '../database.ts';

type Reader = Pick<Database, 'query'>;

/** A moment of the database, as PostgreSQL writes one (`xmin:xmax:xip,…`): which transactions were seen. What others committed since, whenever they began, came after it. */
export type Snapshot = string;

/** `more`: there were too many to name. */
export type Changes = { claims: readonly string[]; tasks: readonly string[]; more: boolean };

/** Named at once at most; whoever missed more than that reads everything again. */
const AT_MOST = 2_000;
const DIGITS = /^\d{1,18}$/;
const XIP = 1_000;

export async function readSnapshot(db: Reader): Promise<Snapshot> {
  const { rows } = await db.query<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot');
  return rows[0]?.snapshot ?? '';
}

/** The claims and tasks that changed since, over all units: nothing of it is anybody's to know before it was asked in that person's scope. */
export async function readChanges(db: Reader, { since }: { since: Snapshot }): Promise<Changes & { snapshot: Snapshot }> {
  const { rows } = await db.query<Changes & { snapshot: Snapshot }>(
    'SELECT snapshot::text AS snapshot, claims, tasks, more FROM changes_since($1::text::pg_snapshot, $2)',
    [since, AT_MOST],
  );
  const [found] = rows;
  if (!found) throw new Error('changes_since answers with one row');
  return found;
}

/** Whether a text is what PostgreSQL takes for a snapshot, or the query would fail on it. */
export function isSnapshot(text: string): boolean {
  const [xmin = '', xmax = '', list = 'none', ...rest] = text.split(':');
  const ids = list === '' ? [] : list.split(',');
  if (rest.length > 0 || ids.length > XIP || ![xmin, xmax, ...ids].every((id) => DIGITS.test(id))) return false;
  const [from, until, ...open] = [xmin, xmax, ...ids].map(BigInt);
  if (from === undefined || until === undefined || from < 1n || from > until) return false;
  return open.every((id, index) => id >= from && id < until && (index === 0 || id > (open[index - 1] ?? id)));
}

export type SeenClaim = { number: string; employeeId: string; unitAncestors: string[]; participants: string[] };

/** Those of `numbers` that the scope opens. `participants`: those of the caller, and of whom the caller stands in for. */
export async function findSeenClaims(db: Reader, numbers: readonly string[]): Promise<SeenClaim[]> {
  if (numbers.length === 0) return [];
  const { rows } = await db.query<SeenClaim>(
    `SELECT c.number, c.employee_id AS "employeeId", u.ancestor_ids AS "unitAncestors",
       ARRAY(SELECT p.employee_id FROM claim_participant p WHERE p.claim_number = c.number) AS participants
     FROM claim c JOIN unit u ON u.id = c.unit_id WHERE c.number = ANY ($1)`,
    [numbers],
  );
  return rows;
}

export type SeenTask = { id: string; unitAncestors: string[]; assignees: string[] };

export async function findSeenTasks(db: Reader, ids: readonly string[]): Promise<SeenTask[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<SeenTask>(
    `SELECT t.id, u.ancestor_ids AS "unitAncestors", t.assignees FROM task t JOIN unit u ON u.id = t.unit_id WHERE t.id = ANY ($1::uuid[])`,
    [ids],
  );
  return rows;
}

/** Whether a snapshot knows of transactions that this database has not begun: it is of another one, or of one whose copy was restored. */
export const isAhead = (snapshot: Snapshot, now: Snapshot): boolean => BigInt(snapshot.split(':')[1] ?? 0) > BigInt(now.split(':')[1] ?? 0);
