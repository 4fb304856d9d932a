import { additionalData } from '#platform/crypto/additional-data.ts';
import type { Suite } from '#platform/crypto/data-key.ts';
import type { WrappedKey } from '#platform/crypto/master-keys.ts';
import type { Tx } from '../database.ts';

export type PersonPurpose = 'medical' | 'accounting';
/** `answers`: what creates answered, kept to be sent again. `inbox`: messages of bureaus and banks. `payloads`: what Temporal stores. */
export type InstallationPurpose = 'blind-index' | 'answers' | 'inbox' | 'payloads' | 'documents' | 'cookies';

type Reader = Pick<Tx, 'query'>;

/** What a wrapped key is bound to: it opens for nobody else and for nothing else. */
export const personKeyPlace = ({ employeeId, purpose }: { employeeId: string; purpose: PersonPurpose }): Buffer =>
  additionalData('person_key', employeeId, purpose);
export const installationKeyPlace = ({ purpose, generation, suite }: { purpose: InstallationPurpose; generation: number; suite: Suite }): Buffer =>
  additionalData('installation_key', purpose, String(generation), suite);

/** `wrapped` is null where the key was destroyed. */
type PersonKeyRow = { employeeId: string; wrapped: Uint8Array | null; masterKeyId: string | null };

export async function readPersonKeys(
  db: Reader,
  { purpose, employeeIds }: { purpose: PersonPurpose; employeeIds: readonly string[] },
): Promise<PersonKeyRow[]> {
  const { rows } = await db.query<PersonKeyRow>(
    `SELECT employee_id AS "employeeId", wrapped, master_key_id AS "masterKeyId" FROM person_key WHERE purpose = $1 AND employee_id = ANY($2::uuid[])`,
    [purpose, employeeIds],
  );
  return rows;
}

/** false: there is one already. Waits for a transaction that is making one. */
export async function insertPersonKey(db: Reader, key: WrappedKey & { employeeId: string; purpose: PersonPurpose }): Promise<boolean> {
  const { rowCount } = await db.query(
    'INSERT INTO person_key (employee_id, purpose, wrapped, master_key_id) VALUES ($1, $2, $3, $4) ON CONFLICT (employee_id, purpose) DO NOTHING',
    [key.employeeId, key.purpose, key.wrapped, key.masterKeyId],
  );
  return rowCount === 1;
}

type InstallationKeyRow = WrappedKey & { generation: number; suite: Suite };

/** The given generation, or the newest. */
export async function readInstallationKey(
  db: Reader,
  { purpose, generation }: { purpose: InstallationPurpose; generation: number | undefined },
): Promise<InstallationKeyRow | undefined> {
  const { rows } = await db.query<InstallationKeyRow>(
    `SELECT generation, suite, wrapped, master_key_id AS "masterKeyId" FROM installation_key
     WHERE purpose = $1 AND generation = coalesce($2, generation) ORDER BY generation DESC LIMIT 1`,
    [purpose, generation ?? null],
  );
  return rows[0];
}

export async function insertInstallationKey(
  db: Reader,
  key: WrappedKey & { purpose: InstallationPurpose; generation: number; suite: Suite },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO installation_key (purpose, generation, suite, wrapped, master_key_id) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (purpose, generation) DO NOTHING`,
    [key.purpose, key.generation, key.suite, key.wrapped, key.masterKeyId],
  );
  return rowCount === 1;
}
