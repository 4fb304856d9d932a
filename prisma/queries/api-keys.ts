import type { HeldRole } from '#domain/org/can.ts';
import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

export type ApiKeyRow = {
  id: string;
  hash: string;
  unitId: string;
  unitCode: string;
  /** from the root to the key's unit */
  unitAncestors: string[];
  scopes: string[];
};

/** The key with this id, unless it was revoked or its unit closed. */
export async function findApiKey(db: Reader, { id }: { id: string }): Promise<ApiKeyRow | undefined> {
  const { rows } = await db.query<ApiKeyRow>(
    'SELECT id, hash, unit_id AS "unitId", unit_code AS "unitCode", unit_ancestors AS "unitAncestors", scopes FROM find_api_key($1)',
    [id],
  );
  return rows[0];
}

/** Stores a key made by `mintApiKey` (platform/api-key.ts); the token itself never comes here. */
export async function createApiKey(tx: Tx, key: { id: string; hash: string; name: string; unitId: string; scopes: readonly string[] }): Promise<void> {
  await tx.query('INSERT INTO api_key (id, hash, name, unit_id, scopes) VALUES ($1, $2, $3, $4, $5)', [key.id, key.hash, key.name, key.unitId, key.scopes]);
}

export type PersonRow = {
  employeeId: string;
  employeeNo: string;
  unitId: string;
  unitCode: string;
  /** in force now, those of absent people included; a role on a unit holds on its subtree */
  roles: HeldRole[];
  /** the absent people whom the person stands in for now */
  standsInFor: string[];
  /** what those people hold and does not come with it */
  withheld: HeldRole[];
};

/** The active employee with this number, with the roles in force at `at`; where `within` is given, only of the subtree of that unit. */
export async function findPerson(
  db: Reader,
  { employeeNo, within, at }: { employeeNo: string; within: string | null; at: Date },
): Promise<PersonRow | undefined> {
  const { rows } = await db.query<PersonRow>(
    `SELECT id AS "employeeId", employee_no AS "employeeNo", unit_id AS "unitId", unit_code AS "unitCode", roles, stands_in_for AS "standsInFor", withheld
     FROM find_person($1, $2, $3)`,
    [employeeNo, within, at],
  );
  return rows[0];
}
