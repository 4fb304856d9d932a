import type { Role } from '#domain/claim/actor.ts';
import type { HeldRole } from '#domain/org/can.ts';
import type { Database, Tx } from '../database.ts';

type Reader = Pick<Database, 'query'>;

export type SessionRow = {
  id: string;
  employeeNo: string;
  /** the employee's unit */
  unitId: string;
  secondFactor: boolean;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** neither ended nor timed out */
  open: boolean;
};

/** The session with this hash, which is seen at `at`, unless the page asks `unattended`. Sees across units: nobody is known yet. */
export async function useSession(db: Reader, session: { hash: string; at: Date; idleMinutes: number; unattended?: boolean }): Promise<SessionRow | undefined> {
  const { rows } = await db.query<SessionRow>(
    `SELECT id, employee_no AS "employeeNo", unit_id AS "unitId", second_factor AS "secondFactor", created_at AS "createdAt", last_seen_at AS "lastSeenAt",
       expires_at AS "expiresAt", open
     FROM ${session.unattended ? 'look_at_session' : 'use_session'}($1, $2, make_interval(mins => $3))`,
    [session.hash, session.at, session.idleMinutes],
  );
  return rows[0];
}

/** Those of `ids` that are still open. Nobody is seen by it: a page that only listens does not keep its session alive. */
export async function findOpenSessions(db: Reader, { ids, at, idleMinutes }: { ids: readonly string[]; at: Date; idleMinutes: number }): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM open_sessions($1::uuid[], $2, make_interval(mins => $3)) AS id', [ids, at, idleMinutes]);
  return new Set(rows.map(({ id }) => id));
}

export type NewSession = { hash: string; attempt: string; employeeId: string; secondFactor: boolean; at: Date; expiresAt: Date };

/** `'replayed'`: this sign-in has started a session before. What the person's earlier sessions left behind goes once it could not be used anyway. */
export async function startSession(tx: Tx, session: NewSession): Promise<'started' | 'replayed'> {
  const { hash, attempt, employeeId, secondFactor, at, expiresAt } = session;
  await tx.query(`DELETE FROM session WHERE employee_id = $1 AND expires_at < $2::timestamptz - interval '1 day'`, [employeeId, at]);
  // the hash is of 256 random bits: what conflicts is the attempt
  const { rowCount } = await tx.query(
    `INSERT INTO session (hash, attempt, employee_id, second_factor, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)
     ON CONFLICT DO NOTHING`,
    [hash, attempt, employeeId, secondFactor, at, expiresAt],
  );
  return rowCount === 1 ? 'started' : 'replayed';
}

/** Ends the session whose secret the caller has shown. */
export async function endSession(db: Reader, { hash, at }: { hash: string; at: Date }): Promise<void> {
  await db.query('SELECT end_session($1, $2)', [hash, at]);
}

/** Ends all sessions of an employee; how many there were. */
export async function endSessionsOf(tx: Tx, { employeeId, at }: { employeeId: string; at: Date }): Promise<number> {
  const { rowCount } = await tx.query('UPDATE session SET ended_at = $2 WHERE employee_id = $1 AND ended_at IS NULL', [employeeId, at]);
  return rowCount ?? 0;
}

export type SigningIn = { employeeId: string; unitId: string; active: boolean };

/** Whom the identity provider names, in whichever unit. */
export async function findSigningIn(db: Reader, { employeeNo }: { employeeNo: string }): Promise<SigningIn | undefined> {
  const { rows } = await db.query<SigningIn>('SELECT id AS "employeeId", unit_id AS "unitId", active FROM find_signing_in($1)', [employeeNo]);
  return rows[0];
}

/** How a person is told who she is: the name, and the roles by the codes that people know. `db` is within her scope. */
export async function describePerson(
  db: Reader,
  { employeeId, roles }: { employeeId: string; roles: readonly HeldRole[] },
): Promise<{ name: string; roles: { role: Role; unitCode: string; onBehalfOf: string | null }[] }> {
  const [named, units, absent] = await Promise.all([
    db.query<{ name: string }>('SELECT name FROM employee WHERE id = $1', [employeeId]),
    db.query<{ id: string; code: string }>('SELECT id, code FROM unit WHERE id = ANY ($1::uuid[])', [roles.map((held) => held.unitId)]),
    db.query<{ id: string; employeeNo: string }>('SELECT id, employee_number(id) AS "employeeNo" FROM unnest($1::uuid[]) AS absent (id)', [
      [...new Set(roles.flatMap(({ onBehalfOf }) => onBehalfOf ?? []))],
    ]),
  ]);
  const codes = new Map(units.rows.map(({ id, code }) => [id, code]));
  const numbers = new Map(absent.rows.map((one) => [one.id, one.employeeNo]));
  return {
    name: named.rows[0]?.name ?? '',
    roles: roles.map(({ role, unitId, onBehalfOf }) => ({
      ...{ role, unitCode: codes.get(unitId) ?? '' },
      onBehalfOf: onBehalfOf === undefined ? null : (numbers.get(onBehalfOf) ?? ''),
    })),
  };
}
