import type { Actor } from '#domain/claim/actor.ts';
import type { Tx } from '../database.ts';

/** How an employee is, or was, known and reached. */
export type Identity = { name: string; email: string | null; locale: string };

/** Keeps how a locked employee was known until `at`. */
export async function recordIdentityChange(
  tx: Tx,
  { employeeId, at, actor, was }: { employeeId: string; at: Date; actor: Actor; was: Identity },
): Promise<void> {
  await tx.query('INSERT INTO identity_change (employee_id, at, actor, name, email, locale) VALUES ($1, $2, $3, $4, $5, $6)', [
    ...[employeeId, at, JSON.stringify(actor), was.name, was.email, was.locale],
  ]);
}

/** Who has changed how the employee is known since `since`, and how that was before each change. */
export async function listIdentityChanges(tx: Tx, { employeeId, since }: { employeeId: string; since: Date }): Promise<{ actor: Actor; was: Identity }[]> {
  const { rows } = await tx.query<{ actor: Actor; was: Identity }>(
    `SELECT actor, json_build_object('name', name, 'email', email, 'locale', locale) AS was
     FROM identity_change WHERE employee_id = $1 AND at > $2 ORDER BY id`,
    [employeeId, since],
  );
  return rows;
}
