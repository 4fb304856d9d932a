import type { Actor, Role } from '#domain/claim/actor.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { TaskKind } from '#domain/claim/tasks.ts';
import type { Fen } from '#domain/money.ts';
import { ASKED_BY_NAME, DECIDERS, SECOND_FACTOR_ROLES, type Caller } from '#domain/org/can.ts';
import { fenOf } from '../columns.ts';
import type { Database, Tx } from '../database.ts';
import type { Prisma } from '../generated/client.ts';
import type { ClaimAccess } from './claim-access.ts';

export type TaskStatus = 'OPEN' | 'DECIDED' | 'CANCELLED';

/** A task with what is needed to decide it, and to say who may. */
export type TaskRow = {
  id: string;
  claimNumber: string;
  kind: TaskKind;
  level: number;
  unitId: string;
  unitCode: string;
  /** of the unit that decides it, from the root down */
  unitAncestors: string[];
  role: Role;
  choices: string[];
  excluded: string[];
  /** these alone decide it, whatever their roles; whoever holds the role where there are none */
  assignees: string[];
  detail: Record<string, unknown>;
  status: TaskStatus;
  version: number;
  dueAt: Date | null;
  createdAt: Date;
  closedAt: Date | null;
  decidedBy: Actor | null;
  choice: string | null;
  comment: string | null;
  claim: ClaimAccess & { submittedFen: Fen; kind: string; employeeNo: string; employeeName: string };
};

type Reader = Pick<Database, 'prisma'>;

const UNIT = { select: { code: true, ancestorIds: true } } as const;
const TASK = {
  unit: UNIT,
  claim: {
    select: {
      ...{ number: true, state: true, seq: true, closedAt: true, workflowId: true, employeeId: true, insuredRegion: true, escalationLevel: true },
      ...{ bureauCode: true, onHold: true, submittedFen: true, kind: true, unit: UNIT, employee: { select: { employeeNo: true, name: true } } },
    },
  },
} as const satisfies Prisma.TaskInclude;

function taskOf({ unit, claim, openedSeq: _, ...task }: Prisma.TaskGetPayload<{ include: typeof TASK }>): TaskRow {
  const { unit: claimUnit, submittedFen, employee, ...head } = claim;
  return {
    ...(task as Omit<TaskRow, 'unitCode' | 'unitAncestors' | 'claim'>),
    ...{ unitCode: unit.code, unitAncestors: unit.ancestorIds },
    claim: {
      ...{ ...head, state: head.state as ClaimState, submittedFen: fenOf(submittedFen) },
      ...{ unitCode: claimUnit.code, unitAncestors: claimUnit.ancestorIds, employeeNo: employee.employeeNo, employeeName: employee.name },
    },
  };
}

/** Those of `ids` that the scope opens, in no order. */
export async function findTasks({ prisma }: Reader, { ids }: { ids: readonly string[] }): Promise<TaskRow[]> {
  const tasks = await prisma.task.findMany({ where: { id: { in: [...ids] } }, include: TASK });
  return tasks.map(taskOf);
}

export type TaskFilter = {
  /** units with what lies below them; null: whatever the scope opens */
  within: readonly string[] | null;
  status: TaskStatus | undefined;
  kind: TaskKind | undefined;
  claimNumber: string | undefined;
  /** open tasks whose time is up at this moment */
  overdueAt: Date | undefined;
  /** those that this person may decide */
  decidableBy: (Caller & { employeeId: string }) | undefined;
};

/** Where a page ends: the due time (tasks without one come last) and the id. */
export type TaskPosition = { due: string | null; id: string };

/** Tasks in the order in which they are due. */
export async function listTasks(
  { prisma }: Reader,
  filter: TaskFilter,
  { after, limit }: { after: TaskPosition | undefined; limit: number },
): Promise<TaskRow[]> {
  const tasks = await prisma.task.findMany({
    where: { AND: [matching(filter), ...(after ? [dueAfter(after)] : [])] },
    include: TASK,
    orderBy: [{ dueAt: { sort: 'asc', nulls: 'last' } }, { id: 'asc' }],
    take: limit,
  });
  return tasks.map(taskOf);
}

export async function countTasks({ prisma }: Reader, filter: TaskFilter): Promise<number> {
  return prisma.task.count({ where: matching(filter) });
}

function matching({ within, status, kind, claimNumber, overdueAt, decidableBy }: TaskFilter): Prisma.TaskWhereInput {
  const conditions: Prisma.TaskWhereInput[] = [];
  if (status !== undefined) conditions.push({ status });
  if (kind !== undefined) conditions.push({ kind });
  if (claimNumber !== undefined) conditions.push({ claimNumber });
  if (overdueAt) conditions.push({ status: 'OPEN', dueAt: { lt: overdueAt } });
  if (decidableBy) conditions.push(decidable(decidableBy));
  return { ...(within && { unit: { ancestorIds: { hasSome: [...within] } } }), AND: conditions };
}

/** The same rule as `can(…, 'task.decide')`, as a filter. */
function decidable({ employeeId, roles, standsInFor, withheld = [], secondFactor, machine }: NonNullable<TaskFilter['decidableBy']>): Prisma.TaskWhereInput {
  // nobody decides the claim of whom she stands in for, nor where that person has signed: what one may do so is asked for person by person
  const inNames = [undefined, ...standsInFor].map((absentId): Prisma.TaskWhereInput => {
    const held = roles.filter(({ role, onBehalfOf }) => onBehalfOf === absentId && DECIDERS.includes(role));
    const passedOn = (role: Role): string[] => roles.filter((one) => one.onBehalfOf === absentId && one.role === role).map(({ unitId }) => unitId);
    const byRole = [...Map.groupBy(held, ({ role }) => role)].map(([role, on]) => ({
      ...{ role, assignees: { isEmpty: true } },
      unit: { ancestorIds: { hasSome: on.map(({ unitId }) => unitId) } },
    }));
    const notPassedOn = withheld.filter(({ onBehalfOf }) => onBehalfOf === absentId);
    const byName = {
      ...{ role: { in: [...ASKED_BY_NAME] }, assignees: { has: absentId ?? employeeId } },
      NOT: notPassedOn.map(({ role, unitId }) => ({ role, unit: { ancestorIds: { has: unitId }, NOT: { ancestorIds: { hasSome: passedOn(role) } } } })),
    };
    return { ...(absentId !== undefined && notOf(absentId)), OR: [...byRole, byName] };
  });
  return {
    AND: [notOf(employeeId), ...(secondFactor ? [] : [{ role: { notIn: [...SECOND_FACTOR_ROLES] } }])],
    ...(machine && { unit: { ancestorIds: { has: machine.unitId } } }),
    OR: inNames,
  };
}

const notOf = (employeeId: string): Prisma.TaskWhereInput => ({ claim: { employeeId: { not: employeeId } }, NOT: { excluded: { has: employeeId } } });

function dueAfter({ due, id }: TaskPosition): Prisma.TaskWhereInput {
  if (due === null) return { dueAt: null, id: { gt: id } };
  const at = new Date(due);
  return { OR: [{ dueAt: null }, { dueAt: { gt: at } }, { dueAt: at, id: { gt: id } }] };
}

/** Whether somebody is asked just this already. */
export async function isAsked(tx: Tx, asked: { claimNumber: string; kind: TaskKind; detail: object }): Promise<boolean> {
  const { rows } = await tx.query("SELECT 1 FROM task WHERE claim_number = $1 AND kind = $2 AND status = 'OPEN' AND detail = $3::jsonb", [
    asked.claimNumber,
    asked.kind,
    JSON.stringify(asked.detail),
  ]);
  return rows.length > 0;
}

/** Whether a document is filed with the claim. */
export async function hasDocument({ prisma }: Reader, { claimNumber, documentId }: { claimNumber: string; documentId: string }): Promise<boolean> {
  const found = await prisma.claimDocument.findUnique({ where: { claimNumber_documentId: { claimNumber, documentId } }, select: { kind: true } });
  return found !== null;
}
