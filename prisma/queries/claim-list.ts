import type { ClaimState } from '#domain/claim/states.ts';
import type { Database } from '../database.ts';
import type { Prisma } from '../generated/client.ts';
import { SUMMARY, summaryOf, type ClaimSummaryRow } from './claim-reading.ts';

/** Absent filters do not filter. */
export type ClaimListFilter = {
  /** null: a machine sees all; a person the own claims and those of units where he or she holds a role */
  reader: { employeeId: string; unitIds: readonly string[] } | null;
  state?: string | undefined;
  /** the states that show as the stage asked for, before the claim was with the bureau and since */
  stage?: { before: readonly ClaimState[]; since: readonly ClaimState[] } | undefined;
  unitCode?: string | undefined;
  employeeNo?: string | undefined;
  bureau?: string | undefined;
  region?: string | undefined;
  onHold?: boolean | undefined;
  escalationLevel?: number | undefined;
  submittedFrom?: string | undefined;
  submittedTo?: string | undefined;
  overdue?: { is: boolean; at: Date } | undefined;
  /** where the page before ended */
  after?: { createdAt: string; number: string } | undefined;
  limit: number;
};

/** Newest first. */
export async function listClaims({ prisma }: Pick<Database, 'prisma'>, filter: ClaimListFilter): Promise<ClaimSummaryRow[]> {
  const within: string[] = [];
  if (filter.unitCode !== undefined) {
    const unit = await prisma.unit.findUnique({ where: { code: filter.unitCode }, select: { id: true } });
    if (!unit) return [];
    within.push(unit.id);
  }
  const claims = await prisma.claim.findMany({
    where: { ...(within.length > 0 && { unit: { ancestorIds: { hasEvery: within } } }), AND: conditions(filter) },
    select: SUMMARY,
    orderBy: [{ createdAt: 'desc' }, { number: 'desc' }],
    take: filter.limit,
  });
  return claims.map(summaryOf);
}

function conditions(filter: ClaimListFilter): Prisma.ClaimWhereInput[] {
  const { reader, state, stage, employeeNo, bureau, region, onHold, escalationLevel, submittedFrom, submittedTo, overdue, after } = filter;
  const all: Prisma.ClaimWhereInput[] = [];
  if (reader) all.push(readableBy(reader));
  if (state !== undefined) all.push({ state });
  if (stage) all.push(showingAs(stage));
  if (employeeNo !== undefined) all.push({ employee: { employeeNo } });
  if (bureau !== undefined) all.push({ bureauCode: bureau });
  if (region !== undefined) all.push({ insuredRegion: region });
  if (onHold !== undefined) all.push({ onHold });
  if (escalationLevel !== undefined) all.push({ escalationLevel });
  if (submittedFrom !== undefined) all.push({ submittedAt: { gte: new Date(submittedFrom) } });
  if (submittedTo !== undefined) all.push({ submittedAt: { lte: new Date(submittedTo) } });
  if (overdue) all.push(overdue.is ? { dueAt: { lt: overdue.at } } : { OR: [{ dueAt: null }, { dueAt: { gte: overdue.at } }] });
  if (after) {
    const at = new Date(after.createdAt);
    // the first half alone is what an index can begin with
    all.push({ createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { number: { lt: after.number } }] });
  }
  return all;
}

function readableBy({ employeeId, unitIds }: NonNullable<ClaimListFilter['reader']>): Prisma.ClaimWhereInput {
  // an OR with nothing on its other side would hide from the planner that the index of the employee's claims is enough
  return unitIds.length === 0 ? { employeeId } : { OR: [{ employeeId }, { unit: { ancestorIds: { hasSome: [...unitIds] } } }] };
}

function showingAs({ before, since }: NonNullable<ClaimListFilter['stage']>): Prisma.ClaimWhereInput {
  return {
    // implied by the rest, and what an index can begin with
    state: { in: [...new Set([...before, ...since])] },
    OR: [
      { submissionVersion: 0, state: { in: [...before] } },
      { submissionVersion: { gt: 0 }, state: { in: [...since] } },
    ],
  };
}
