import { UnknownMasterKey, type MasterKeys } from '#platform/crypto/master-keys.ts';
import type { Database, Tx } from '../database.ts';
import { installationKeyPlace, personKeyPlace, type InstallationPurpose, type PersonPurpose } from './keys.ts';
import type { Suite } from '#platform/crypto/data-key.ts';

type Batch = { database: Pick<Database, 'write'>; masterKeys: MasterKeys; limit: number };
type PersonKeyName = { employeeId: string; purpose: PersonPurpose };
type Wrapped = { wrapped: Uint8Array; masterKeyId: string };

/** Keys that were looked at and rewrapped; `unknown`: whose master key is not here. `last`: where to go on; undefined: there are no more. */
export type Rewrapped<Name> = { rewrapped: number; unknown: number; last: Name | undefined };

const FIRST: PersonKeyName = { employeeId: '00000000-0000-0000-0000-000000000000', purpose: 'accounting' };

/**
 * Wraps the next `limit` keys of people under the current master key, in one transaction. What is wrapped stays the same key, so nothing that it sealed has to be
 * touched, and whoever reads meanwhile finds either wrapping. A rotation that is killed loses one batch, and goes on with what is left.
 */
export async function rewrapPersonKeys({ database, masterKeys, limit }: Batch, after: PersonKeyName = FIRST): Promise<Rewrapped<PersonKeyName>> {
  const current = await masterKeys.currentId();
  return database.write(async (tx) => {
    const { rows } = await tx.query<PersonKeyName & Wrapped>(
      `SELECT employee_id AS "employeeId", purpose, wrapped, master_key_id AS "masterKeyId" FROM person_key
       WHERE master_key_id <> $1 AND (employee_id, purpose) > ($2::uuid, $3) ORDER BY employee_id, purpose LIMIT $4 FOR NO KEY UPDATE`,
      [current, after.employeeId, after.purpose, limit],
    );
    const made = await rewrap(masterKeys, rows, personKeyPlace);
    await tx.query(
      `UPDATE person_key k SET wrapped = m.wrapped, master_key_id = m.master_key_id
       FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[]) AS m (employee_id, purpose, wrapped, master_key_id)
       WHERE k.employee_id = m.employee_id AND k.purpose = m.purpose`,
      [made.map((one) => one.employeeId), made.map((one) => one.purpose), made.map((one) => one.wrapped), made.map((one) => one.masterKeyId)],
    );
    return { rewrapped: made.length, unknown: rows.length - made.length, last: rows.at(-1) };
  });
}

type InstallationKeyName = { purpose: InstallationPurpose; generation: number; suite: Suite };

/** The same for the installation's keys, all at once: there are few. */
export async function rewrapInstallationKeys({ database, masterKeys }: Omit<Batch, 'limit'>): Promise<Omit<Rewrapped<never>, 'last'>> {
  const current = await masterKeys.currentId();
  return database.write(async (tx) => {
    const { rows } = await tx.query<InstallationKeyName & Wrapped>(
      `SELECT purpose, generation, suite, wrapped, master_key_id AS "masterKeyId" FROM installation_key WHERE master_key_id <> $1
       ORDER BY purpose, generation FOR NO KEY UPDATE`,
      [current],
    );
    const made = await rewrap(masterKeys, rows, installationKeyPlace);
    for (const { purpose, generation, wrapped, masterKeyId } of made)
      await tx.query('UPDATE installation_key SET wrapped = $3, master_key_id = $4 WHERE purpose = $1 AND generation = $2', [
        purpose,
        generation,
        wrapped,
        masterKeyId,
      ]);
    return { rewrapped: made.length, unknown: rows.length - made.length };
  });
}

async function rewrap<Row extends Wrapped>(masterKeys: MasterKeys, rows: readonly Row[], placeOf: (row: Row) => Buffer): Promise<Row[]> {
  const made: Row[] = [];
  for (const row of rows) {
    try {
      made.push({ ...row, ...(await masterKeys.wrap(await masterKeys.unwrap(row, placeOf(row)), placeOf(row))) });
    } catch (error) {
      // the others can still be brought over; the summary says what is left under which key
      if (!(error instanceof UnknownMasterKey)) throw error;
    }
  }
  return made;
}

/** How many keys each master key wraps now. */
export async function countByMasterKey(db: Pick<Tx, 'query'>): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; keys: number }>(
    `SELECT id, sum(keys)::bigint AS keys FROM (
       SELECT master_key_id AS id, count(*) AS keys FROM person_key WHERE master_key_id IS NOT NULL GROUP BY 1
       UNION ALL SELECT master_key_id, count(*) FROM installation_key GROUP BY 1) wrapped
     GROUP BY id ORDER BY id`,
  );
  return new Map(rows.map(({ id, keys }) => [id, keys]));
}
