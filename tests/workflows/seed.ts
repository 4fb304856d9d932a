import { randomUUID } from 'node:crypto';
import type { Database } from '#prisma/database.ts';
import { BUREAU } from './script.ts';

export const PEOPLE = ['claimant', 'approver', 'approver2', 'hr', 'hr2', 'finance'] as const;
export type People = Record<(typeof PEOPLE)[number], string>;
export type Seeded = { unitIds: { head: string; branch: string }; people: People };

/** A head office with one branch in Shijiazhuang, and the people of the branch. */
export async function seed(database: Database): Promise<Seeded> {
  const unitIds = { head: randomUUID(), branch: randomUUID() };
  const unit = 'INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region) VALUES ($1, $2, $2, $2, $3, $4, $5)';
  await database.query(unit, [unitIds.head, 'HQ', null, [unitIds.head], '110000']);
  await database.query(unit, [unitIds.branch, 'SJZ', unitIds.head, [unitIds.head, unitIds.branch], BUREAU]);
  const people = Object.fromEntries(PEOPLE.map((name) => [name, randomUUID()])) as People;
  for (const name of PEOPLE) await insertEmployee(database, { id: people[name], employeeNo: name, unitId: unitIds.branch });
  return { unitIds, people };
}

/** An employee of whom HR's records hold the identity and an account. */
export async function insertEmployee(database: Database, { id, employeeNo, unitId }: { id: string; employeeNo: string; unitId: string }): Promise<void> {
  await database.query(
    `INSERT INTO employee (id, employee_no, unit_id, name, person_no, identity_no, insured_region) VALUES ($1, $2, $3, $4, $5, '130102199003070011', $6)`,
    [id, employeeNo, unitId, `员工${employeeNo}`, `P-${employeeNo}`, BUREAU],
  );
  await addAccount(database, { employeeId: id, accountNo: '6228480000000001234' });
}

/** The account that payments go to from now on. */
export async function addAccount(database: Database, { employeeId, accountNo }: { employeeId: string; accountNo: string }): Promise<void> {
  await database.query('UPDATE bank_account SET replaced_at = now() WHERE employee_id = $1 AND replaced_at IS NULL', [employeeId]);
  await database.query(
    `INSERT INTO bank_account (employee_id, holder_name, account_no, bank_name, bank_code) VALUES ($1, (SELECT name FROM employee WHERE id = $1), $2, '兴业银行', '309121000001')`,
    [employeeId, accountNo],
  );
}

export async function insertDocument(database: Database, { unitId }: { unitId: string }): Promise<string> {
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO document (unit_id, sha256, sm3, media_type, size_bytes, file_name, storage_key, uploaded_by)
     VALUES ($1, 'a', 'b', 'application/pdf', 1000, 'invoice.pdf', $2, 'test') RETURNING id`,
    [unitId, randomUUID()],
  );
  const [row] = rows;
  if (!row) throw new Error('no document');
  return row.id;
}
