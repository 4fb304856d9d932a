import { can, type Caller } from '#domain/org/can.ts';
import type { ScopedDatabase } from '#prisma/database.ts';
import { findSeenClaims, findSeenTasks } from '#prisma/queries/changes.ts';

/** Who is told: with the database as far as it opens to them. */
export type Reader = { asker: Caller; db: Pick<ScopedDatabase, 'query'> };
export type Named = { claims: string[]; tasks: string[] };

/** What of it this reader may know of: what the database opens to her, and of that what the same rule allows that the claim and the task are read by. */
export async function visibleTo({ asker, db }: Reader, changed: { claims: readonly string[]; tasks: readonly string[] }): Promise<Named> {
  const [claims, tasks] = await Promise.all([findSeenClaims(db, changed.claims), findSeenTasks(db, changed.tasks)]);
  return {
    claims: claims.filter((claim) => can(asker, 'claim.read', claim).ok).map(({ number }) => number),
    tasks: tasks.filter(({ unitAncestors, assignees }) => can(asker, 'task.read', { unitAncestors, participants: assignees }).ok).map(({ id }) => id),
  };
}
