import type { Tx } from '../database.ts';

/**
 * Erases what is medical of a person, in the tables, in backups and in files alike: the one key that opens it is destroyed, and the blind indexes made of it go,
 * since they would still tell whether a number was theirs. Amounts, accounts and vouchers are under the accounting key and stay. This process forgets the
 * key at once, others within `KEY_TTL_MS`. Where there was no key yet, none can be made any more. Needs a role that may change keys: the worker's.
 */
export async function erasePersonMedical(tx: Tx, employeeId: string): Promise<'erased' | 'erased-before'> {
  // whoever changes the employee locks the row as well, and then sees that there is nothing to be added to
  await tx.query('UPDATE employee SET identity_no_index = NULL WHERE id = $1', [employeeId]);
  const { rowCount } = await tx.query(
    `INSERT INTO person_key (employee_id, purpose, destroyed_at) VALUES ($1, 'medical', clock_timestamp())
     ON CONFLICT (employee_id, purpose) DO UPDATE SET wrapped = NULL, master_key_id = NULL, destroyed_at = excluded.destroyed_at
       WHERE person_key.destroyed_at IS NULL`,
    [employeeId],
  );
  tx.vault.forget('medical', employeeId);
  return rowCount === 1 ? 'erased' : 'erased-before';
}
