import type { Actor } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';

/** 代理: from `validFrom` until before `validTo`, or until it was ended, the substitute holds the roles of the absent person as well. */
export type SubstitutionRow = {
  id: string;
  absentId: string;
  absentNo: string;
  /** from the root to the absent person's unit */
  unitAncestors: string[];
  substituteId: string;
  substituteNo: string;
  validFrom: Date;
  validTo: Date;
  createdBy: Actor;
  createdAt: Date;
  endedAt: Date | null;
  endedBy: Actor | null;
};

type Reader = Pick<Database, 'query'>;

const SUBSTITUTION = `s.id, s.absent_id AS "absentId", employee_number(s.absent_id) AS "absentNo", coalesce(u.ancestor_ids, '{}') AS "unitAncestors",
  s.substitute_id AS "substituteId", employee_number(s.substitute_id) AS "substituteNo", s.valid_from AS "validFrom", s.valid_to AS "validTo",
  s.created_by AS "createdBy", s.created_at AS "createdAt", s.ended_at AS "endedAt", s.ended_by AS "endedBy"`;
// the substitute sees whom it is for, and nothing else of that person
const FROM = 'FROM substitution s LEFT JOIN employee e ON e.id = s.absent_id LEFT JOIN unit u ON u.id = e.unit_id';

/** The substitution, for a change: what is read stays so until the transaction ends. */
export async function lockSubstitution(tx: Tx, { id }: { id: string }): Promise<SubstitutionRow | undefined> {
  const { rows } = await tx.query<SubstitutionRow>(`SELECT ${SUBSTITUTION} ${FROM} WHERE s.id = $1 FOR NO KEY UPDATE OF s`, [id]);
  return rows[0];
}

export type SubstitutionFilter = {
  /** units of whose people all substitutions are seen; of others only those of `employeeId` */
  within: readonly string[];
  employeeId: string | null;
  absentNo: string | undefined;
  substituteNo: string | undefined;
  /** in force at this moment */
  at: Date | undefined;
};

/** Substitutions, the newest first. */
export async function listSubstitutions(
  db: Reader,
  { within, employeeId, absentNo, substituteNo, at }: SubstitutionFilter,
  { after, limit }: { after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<SubstitutionRow[]> {
  const { rows } = await db.query<SubstitutionRow>(
    `SELECT * FROM (
       SELECT ${SUBSTITUTION} ${FROM}
       WHERE (s.absent_id = $2 OR s.substitute_id = $2 OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = e.unit_id AND a.ancestor_id = ANY ($1::uuid[])))
         AND ($5::timestamptz IS NULL OR (s.valid_from <= $5 AND least(s.valid_to, s.ended_at) > $5))
         AND ($6::timestamptz IS NULL OR (s.created_at, s.id) < ($6, $7::uuid))
     ) found
     WHERE ($3::text IS NULL OR "absentNo" = $3) AND ($4::text IS NULL OR "substituteNo" = $4)
     ORDER BY "createdAt" DESC, id DESC LIMIT $8`,
    [within, employeeId, absentNo ?? null, substituteNo ?? null, at ?? null, after?.createdAt ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** The active employee with this number, in whichever branch; only the id. */
export async function findSubstitute(tx: Tx, { employeeNo }: { employeeNo: string }): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>('SELECT id FROM find_colleagues(ARRAY[$1::text])', [employeeNo]);
  return rows[0]?.id;
}

/** The own roles of a person in force at any moment from `from` until before `to`, wherever they are held: with the units from the root down. The employee has been locked. */
export async function rolesBetween(
  tx: Tx,
  { employeeId, from, to }: { employeeId: string; from: Date; to: Date },
): Promise<{ id: string; unitAncestors: string[] }[]> {
  const { rows } = await tx.query<{ id: string; unitAncestors: string[] }>('SELECT id, unit_ancestors AS "unitAncestors" FROM roles_between($1, $2, $3)', [
    employeeId,
    from,
    to,
  ]);
  return rows;
}

export type NewSubstitution = {
  absentId: string;
  substituteId: string;
  validFrom: Date;
  validTo: Date;
  /** the roles that are passed on, and no others; null: all that the absent person holds at each moment */
  roleIds: readonly string[] | null;
  createdBy: Actor;
  at: Date;
};

/**
 * Has somebody stand in for somebody; the id. `'circular'` where the substitute is represented by the absent person in some of that time, if only through others;
 * `'overlaps'` where it is so already. One at a time, because two could be a circle together.
 */
export async function createSubstitution(tx: Tx, made: NewSubstitution): Promise<{ id: string } | 'circular' | 'overlaps'> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('substitution'))`);
  const period = [made.absentId, made.substituteId, made.validFrom, made.validTo];
  const { rows: circles } = await tx.query<{ circular: boolean }>('SELECT is_circular_substitution($1, $2, $3, $4) AS circular', period);
  if (circles[0]?.circular !== false) return 'circular';
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO substitution (absent_id, substitute_id, valid_from, valid_to, created_by, created_at, role_ids)
     SELECT $1, $2, $3::timestamptz, $4::timestamptz, $5::jsonb, $6::timestamptz, $7::uuid[]
     WHERE NOT EXISTS (SELECT FROM substitution s WHERE s.absent_id = $1 AND s.substitute_id = $2 AND s.valid_from < $4 AND least(s.valid_to, s.ended_at) > $3)
     RETURNING id`,
    [...period, JSON.stringify(made.createdBy), made.at, made.roleIds],
  );
  return rows[0] ?? 'overlaps';
}

/** Ends a locked substitution. */
export async function endSubstitution(tx: Tx, { id, at, endedBy }: { id: string; at: Date; endedBy: Actor }): Promise<void> {
  await tx.query('UPDATE substitution SET ended_at = $2, ended_by = $3 WHERE id = $1', [id, at, JSON.stringify(endedBy)]);
}

/** The numbers of people of whom the caller holds the ids, by id: of somebody in another branch nothing else is to be seen. */
export async function employeeNumbers(db: Reader, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; employeeNo: string }>('SELECT id, employee_number(id) AS "employeeNo" FROM unnest($1::uuid[]) AS person (id)', [
    ids,
  ]);
  return new Map(rows.map(({ id, employeeNo }) => [id, employeeNo]));
}
