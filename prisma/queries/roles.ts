import type { Actor, Role } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

/** A role that somebody was given on a unit, from `validFrom` until before `validTo`; without an end where that is null. */
export type RoleRow = {
  id: string;
  unitId: string;
  unitCode: string;
  /** from the root to the unit */
  unitAncestors: string[];
  role: Role;
  validFrom: Date;
  validTo: Date | null;
  givenBy: Actor;
  endedBy: Actor | null;
};

type Reader = Pick<Database, 'query'>;

const ROLE = `r.id, r.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "unitAncestors", r.role, r.valid_from AS "validFrom", r.valid_to AS "validTo",
  r.given_by AS "givenBy", r.ended_by AS "endedBy"`;

/** The roles of a person in force at `at`; without it all that there were and will be. In the order in which they began. */
export async function listRoles(db: Reader, { employeeId, at }: { employeeId: string; at?: Date }): Promise<RoleRow[]> {
  const { rows } = await db.query<RoleRow>(
    `SELECT ${ROLE} FROM role_assignment r JOIN unit u ON u.id = r.unit_id
     WHERE r.employee_id = $1 AND ($2::timestamptz IS NULL OR (r.valid_from <= $2 AND (r.valid_to IS NULL OR r.valid_to > $2)))
     ORDER BY r.valid_from, u.code, r.role, r.id`,
    [employeeId, at ?? null],
  );
  return rows;
}

/** One role of a person, if it is there. */
export async function findRole(tx: Tx, { id, employeeId }: { id: string; employeeId: string }): Promise<RoleRow | undefined> {
  const { rows } = await tx.query<RoleRow>(`SELECT ${ROLE} FROM role_assignment r JOIN unit u ON u.id = r.unit_id WHERE r.id = $1 AND r.employee_id = $2`, [
    id,
    employeeId,
  ]);
  return rows[0];
}

export type NewRole = { employeeId: string; unitId: string; role: Role; validFrom: Date; validTo: Date | null; givenBy: Actor };

/** Gives a role; its id. `'overlaps'` where the person holds the very same in some of that time. The employee has been locked. */
export async function giveRole(tx: Tx, { employeeId, unitId, role, validFrom, validTo, givenBy }: NewRole): Promise<{ id: string } | 'overlaps'> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO role_assignment (employee_id, unit_id, role, valid_from, valid_to, given_by)
     SELECT $1, $2, $3, $4::timestamptz, $5::timestamptz, $6::jsonb
     WHERE NOT EXISTS (SELECT FROM role_assignment r WHERE r.employee_id = $1 AND r.unit_id = $2 AND r.role = $3
       AND ($5::timestamptz IS NULL OR r.valid_from < $5) AND (r.valid_to IS NULL OR r.valid_to > $4) AND r.valid_from IS DISTINCT FROM r.valid_to)
     RETURNING id`,
    [employeeId, unitId, role, validFrom, validTo, JSON.stringify(givenBy)],
  );
  return rows[0] ?? 'overlaps';
}

/**
 * The same for its end: what is read stays so until the transaction ends. By the holder's number, because whoever looks after the role's unit need not see the
 * holder, who may have moved elsewhere; and with the role's row alone locked, because an end only shortens a period, from which no two come to overlap.
 */
export async function lockRole(tx: Tx, { id, employeeNo }: { id: string; employeeNo: string }): Promise<(RoleRow & { employeeId: string }) | undefined> {
  const { rows } = await tx.query<RoleRow & { employeeId: string }>(
    `SELECT ${ROLE}, r.employee_id AS "employeeId" FROM role_assignment r JOIN unit u ON u.id = r.unit_id
     WHERE r.id = $1 AND employee_number(r.employee_id) = $2 FOR NO KEY UPDATE OF r`,
    [id, employeeNo],
  );
  return rows[0];
}

/** Has a locked role end at `at`; one that has not begun by then never begins. */
export async function endRole(tx: Tx, { id, at, endedBy }: { id: string; at: Date; endedBy: Actor }): Promise<void> {
  await tx.query('UPDATE role_assignment SET valid_to = greatest(valid_from, $2), ended_by = $3 WHERE id = $1', [id, at, JSON.stringify(endedBy)]);
}
