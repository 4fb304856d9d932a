import type { NoticeParams, NoticeTemplate, Recipient } from '#domain/notices/notice.ts';
import type { Database, Tx } from '../database.ts';
import { outcomeColumns, ATTEMPTS_SQL, type Leased, type Settlement } from './delivery.ts';
import type { Identity } from './identity-changes.ts';

/** Somebody to tell: a name and address to be used and forgotten, never logged. */
export type Addressee = { id: string; name: string; email: string | null; locale: string };

/** A row of notice, leased to the relay that reads it, with whom it means today. */
export type DueNotice = Leased & {
  id: number;
  /** null: about the employee's record */
  claimNumber: string | null;
  template: NoticeTemplate;
  params: NoticeParams;
  recipient: Recipient;
  channel: string;
  createdAt: Date;
  /** the claimant; the person named; who holds the role on the unit or else on the nearest unit above it where anybody does; or the one whose address this was. Of a claim those as well who stand in for them */
  addressees: Addressee[];
};

/** Leases up to `limit` notices that are due. */
export async function leaseNotices(database: Database, { limit, leaseMs }: { limit: number; leaseMs: number }): Promise<DueNotice[]> {
  const { rows } = await database.query<DueNotice>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM notice WHERE status = 'PENDING' AND next_attempt_at <= now()
       ORDER BY next_attempt_at, id LIMIT $1
       FOR UPDATE SKIP LOCKED
     ), leased AS (
       UPDATE notice SET next_attempt_at = now() + $2 * interval '1 ms', attempts = attempts + 1
       FROM due WHERE notice.id = due.id
       RETURNING notice.*
     )
     SELECT leased.id, leased.attempts, leased.claim_number AS "claimNumber", leased.template, leased.params, leased.recipient, leased.channel,
            leased.created_at AS "createdAt", coalesce(people.list, '[]') AS addressees
     FROM leased LEFT JOIN claim ON claim.number = leased.claim_number
     CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('id', person.id, 'name', person.name, 'email', person.email, 'locale', person.locale)
                        ORDER BY person.id) AS list
       FROM (
         SELECT employee.id::text, employee.name, employee.email, employee.locale FROM employee
         WHERE leased.recipient ->> 'kind' = 'claimant' AND employee.id = claim.employee_id
         UNION ALL
         (WITH asked AS (
           SELECT employee.* FROM employee
           WHERE leased.recipient ->> 'kind' = 'employee' AND employee.id = (leased.recipient ->> 'employeeId')::uuid AND employee.active
           UNION ALL
           (SELECT employee.* FROM unit
            JOIN role_assignment AS held ON held.unit_id = ANY (unit.ancestor_ids) AND held.role = leased.recipient ->> 'role'
              AND held.valid_from <= now() AND (held.valid_to IS NULL OR held.valid_to > now())
            JOIN employee ON employee.id = held.employee_id AND employee.active
            WHERE leased.recipient ->> 'kind' = 'role' AND unit.id = (leased.recipient ->> 'unitId')::uuid
            ORDER BY array_position(unit.ancestor_ids, held.unit_id) DESC
            FETCH FIRST 1 ROWS WITH TIES)
         ), standing_in AS (
           SELECT employee.* FROM asked JOIN substitution ON substitution.absent_id = asked.id
             AND substitution.valid_from <= now() AND least(substitution.valid_to, substitution.ended_at) > now()
           JOIN employee ON employee.id = substitution.substitute_id AND employee.active
           WHERE employee.id <> claim.employee_id
         )
         SELECT id::text, name, email, locale FROM asked UNION SELECT id::text, name, email, locale FROM standing_in)
         UNION ALL
         SELECT 'address', leased.recipient ->> 'name', leased.recipient ->> 'email', leased.recipient ->> 'locale'
         WHERE leased.recipient ->> 'kind' = 'address'
       ) AS person
     ) AS people
     ORDER BY leased.id`,
    [limit, leaseMs],
  );
  return rows;
}

/** Tells each address once that something was changed in an employee's record. Whoever had no address then cannot be told. */
export async function writeAddressedNotices(
  tx: Tx,
  { template, params = {}, people }: { template: NoticeTemplate; params?: NoticeParams; people: readonly Identity[] },
): Promise<void> {
  const recipients = new Map<string, Recipient>();
  for (const { name, email, locale } of people) if (email !== null) recipients.set(email.toLowerCase(), { kind: 'address', name, email, locale });
  for (const recipient of recipients.values())
    await tx.query('INSERT INTO notice (template, params, recipient) VALUES ($1, $2, $3)', [template, JSON.stringify(params), JSON.stringify(recipient)]);
}

/** Tells people something that is about no claim, at the address that they have when it is sent. */
export async function writeEmployeeNotices(
  tx: Tx,
  { template, params, employeeIds }: { template: NoticeTemplate; params: NoticeParams; employeeIds: readonly string[] },
): Promise<void> {
  for (const employeeId of employeeIds) {
    const recipient: Recipient = { kind: 'employee', employeeId };
    await tx.query('INSERT INTO notice (template, params, recipient) VALUES ($1, $2, $3)', [template, JSON.stringify(params), JSON.stringify(recipient)]);
  }
}

/** Settles leases in one statement. */
export async function settleNotices(database: Database, settlements: readonly Settlement<DueNotice, 'FAILED' | 'UNDELIVERABLE'>[]): Promise<void> {
  await database.query(
    `UPDATE notice
     SET status = outcome.status, last_error = coalesce(outcome.error, notice.last_error), attempts = ${ATTEMPTS_SQL('notice')},
         sent_at = CASE WHEN outcome.status = 'SENT' THEN now() END, next_attempt_at = now() + outcome.delay_ms * interval '1 ms'
     FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::float8[]) AS outcome (id, attempts, status, error, delay_ms)
     WHERE notice.id = outcome.id AND notice.attempts = outcome.attempts AND notice.status = 'PENDING'`,
    [settlements.map(({ item }) => item.id), ...outcomeColumns(settlements)],
  );
}
