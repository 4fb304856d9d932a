import type { Role } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

export type ApiKeyRow = { id: string; hash: string; unitId: string; unitCode: string; scopes: string[] };

/** The key with this id, unless it was revoked or its unit closed. */
export async function findApiKey(db: Reader, { id }: { id: string }): Promise<ApiKeyRow | undefined> {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT k.id, k.hash, k.unit_id AS "unitId", u.code AS "unitCode", k.scopes
     FROM api_key k JOIN unit u ON u.id = k.unit_id WHERE k.id = $1 AND k.revoked_at IS NULL AND u.active`,
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
  /** in force now; a role on a unit holds on its subtree */
  roles: { role: Role; unitId: string }[];
};

/** The active employee with this number in the subtree of `unitId`, with the roles in force at `at`. */
export async function findPerson(db: Reader, { employeeNo, unitId, at }: { employeeNo: string; unitId: string; at: Date }): Promise<PersonRow | undefined> {
  const { rows } = await db.query<PersonRow>(
    `SELECT e.id AS "employeeId", e.employee_no AS "employeeNo", e.unit_id AS "unitId", u.code AS "unitCode",
       coalesce((SELECT jsonb_agg(jsonb_build_object('role', r.role, 'unitId', r.unit_id)) FROM role_assignment r
         WHERE r.employee_id = e.id AND r.valid_from <= $3 AND (r.valid_to IS NULL OR r.valid_to > $3)), '[]') AS roles
     FROM employee e JOIN unit u ON u.id = e.unit_id
     WHERE e.employee_no = $1 AND e.active AND u.ancestor_ids @> ARRAY[$2::uuid]`,
    [employeeNo, unitId, at],
  );
  return rows[0];
}
