import type { Role } from '#domain/claim/actor.ts';
import type { Fen } from '#domain/money.ts';
import { fenOf } from '../columns.ts';
import type { Database, Tx } from '../database.ts';
import { writeWorkflowCommand } from './workflow-commands.ts';

export type EmployeeRow = {
  id: string;
  employeeNo: string;
  unitId: string;
  unitCode: string;
  /** from the root to the employee's unit */
  unitAncestors: string[];
  name: string;
  email: string | null;
  phone: string | null;
  locale: string;
  personNo: string | null;
  identityNo: string | null;
  insuredRegion: string;
  personType: string;
  insuranceType: string;
  active: boolean;
  version: number;
  createdAt: Date;
};

type Reader = Pick<Database, 'query'>;

const EMPLOYEE = `e.id, e.employee_no AS "employeeNo", e.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "unitAncestors", e.name, e.email, e.phone, e.locale,
  e.person_no AS "personNo", e.identity_no AS "identityNo", e.insured_region AS "insuredRegion", e.person_type AS "personType",
  e.insurance_type AS "insuranceType", e.active, e.version, e.created_at AS "createdAt"`;

/** The employee with this number if the own unit lies in the subtree of `within`. SQL: changes read inside their transaction what they wrote. */
export async function findEmployee(db: Reader, { employeeNo, within }: { employeeNo: string; within: string }): Promise<EmployeeRow | undefined> {
  const { rows } = await db.query<EmployeeRow>(
    `SELECT ${EMPLOYEE} FROM employee e JOIN unit u ON u.id = e.unit_id WHERE e.employee_no = $1 AND u.ancestor_ids @> ARRAY[$2::uuid]`,
    [employeeNo, within],
  );
  return rows[0];
}

/** The same, for a change: what is read stays so until the transaction ends. */
export async function lockEmployee(tx: Tx, { employeeNo, within }: { employeeNo: string; within: string }): Promise<EmployeeRow | undefined> {
  const { rows } = await tx.query<EmployeeRow>(
    `SELECT ${EMPLOYEE} FROM employee e JOIN unit u ON u.id = e.unit_id
     WHERE e.employee_no = $1 AND u.ancestor_ids @> ARRAY[$2::uuid] FOR NO KEY UPDATE OF e`,
    [employeeNo, within],
  );
  return rows[0];
}

/** Employees of the subtree in the order of their numbers. */
export async function listEmployees(
  { prisma }: Pick<Database, 'prisma'>,
  page: { within: string; active: boolean | undefined; afterNo: string | undefined; limit: number },
): Promise<EmployeeRow[]> {
  const employees = await prisma.employee.findMany({
    where: {
      unit: { ancestorIds: { has: page.within } },
      ...(page.active !== undefined && { active: page.active }),
      ...(page.afterNo !== undefined && { employeeNo: { gt: page.afterNo } }),
    },
    include: { unit: { select: { code: true, ancestorIds: true } } },
    orderBy: { employeeNo: 'asc' },
    take: page.limit,
  });
  return employees.map(({ unit, ...employee }) => ({ ...employee, unitCode: unit.code, unitAncestors: unit.ancestorIds }));
}

export type EmployeeFields = Omit<EmployeeRow, 'id' | 'employeeNo' | 'unitId' | 'unitCode' | 'unitAncestors' | 'version' | 'createdAt' | 'active'>;

/** Adds an employee to a unit; `'exists'` where the number is taken. */
export async function createEmployee(
  tx: Tx,
  { employeeNo, unitId, fields }: { employeeNo: string; unitId: string; fields: EmployeeFields },
): Promise<'created' | 'exists'> {
  const { rowCount } = await tx.query(
    `INSERT INTO employee (employee_no, unit_id, name, email, phone, locale, person_no, identity_no, insured_region, person_type, insurance_type)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (employee_no) DO NOTHING`,
    [employeeNo, unitId, ...columns(fields)],
  );
  return rowCount === 1 ? 'created' : 'exists';
}

/** Writes a locked employee as it is to be, a transfer to another unit included, and counts the version up. Open claims stay with their unit. */
export async function updateEmployee(
  tx: Tx,
  { id, unitId, active, fields }: { id: string; unitId: string; active: boolean; fields: EmployeeFields },
): Promise<void> {
  await tx.query(
    `UPDATE employee SET unit_id = $2, active = $3, name = $4, email = $5, phone = $6, locale = $7, person_no = $8, identity_no = $9,
       insured_region = $10, person_type = $11, insurance_type = $12, version = version + 1
     WHERE id = $1`,
    [id, unitId, active, ...columns(fields)],
  );
}

const columns = (fields: EmployeeFields) => [
  ...[fields.name, fields.email, fields.phone, fields.locale, fields.personNo, fields.identityNo],
  ...[fields.insuredRegion, fields.personType, fields.insuranceType],
];

export type AccountRow = { id: string; holderName: string; accountNo: string; bankName: string; bankCode: string; createdAt: Date; replacedAt: Date | null };

const ACCOUNT = `id, holder_name AS "holderName", account_no AS "accountNo", bank_name AS "bankName", bank_code AS "bankCode",
  created_at AS "createdAt", replaced_at AS "replacedAt"`;

/** All accounts that the employee ever had here, the one in use first, then the newest. */
export async function listAccounts({ prisma }: Pick<Database, 'prisma'>, { employeeId }: { employeeId: string }): Promise<AccountRow[]> {
  return prisma.bankAccount.findMany({
    where: { employeeId },
    select: { id: true, holderName: true, accountNo: true, bankName: true, bankCode: true, createdAt: true, replacedAt: true },
    orderBy: [{ replacedAt: { sort: 'desc', nulls: 'first' } }, { createdAt: 'desc' }, { id: 'asc' }],
  });
}

/** Makes this the account that is paid to from now on. The employee has been locked. */
export async function replaceAccount(
  tx: Tx,
  { employeeId, account }: { employeeId: string; account: Pick<AccountRow, 'holderName' | 'accountNo' | 'bankName' | 'bankCode'> },
): Promise<AccountRow> {
  await tx.query('UPDATE bank_account SET replaced_at = clock_timestamp() WHERE employee_id = $1 AND replaced_at IS NULL', [employeeId]);
  // now() is when the transaction began, which may lie before the change that it waited for
  const { rows } = await tx.query<AccountRow>(
    `INSERT INTO bank_account (employee_id, holder_name, account_no, bank_name, bank_code, created_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp()) RETURNING ${ACCOUNT}`,
    [employeeId, account.holderName, account.accountNo, account.bankName, account.bankCode],
  );
  const [made] = rows;
  if (!made) throw new Error('an account was not inserted');
  return made;
}

/**
 * Tells the workflow of every open claim of a changed account. Not only of those whose payment has failed: a failure that is being written
 * at this moment is not to be seen yet, and its claim would wait for an account that is there.
 */
export async function announceAccount(tx: Tx, { employeeId }: { employeeId: string }): Promise<void> {
  const { rows } = await tx.query<{ number: string }>(
    `SELECT number FROM claim WHERE employee_id = $1 AND closed_at IS NULL AND state <> 'DRAFT' ORDER BY number`,
    [employeeId],
  );
  for (const { number } of rows) await writeWorkflowCommand(tx, { claimNumber: number, kind: 'SIGNAL', signal: 'accountChanged' });
}

export type QuotaRow = { year: number; limitFen: Fen; reservedFen: Fen; usedFen: Fen; version: number };

export async function findQuota(
  { prisma }: Pick<Database, 'prisma'>,
  { employeeId, year }: { employeeId: string; year: number },
): Promise<QuotaRow | undefined> {
  const quota = await prisma.quota.findUnique({
    where: { employeeId_year: { employeeId, year } },
    select: { year: true, limitFen: true, reservedFen: true, usedFen: true, version: true },
  });
  if (!quota) return undefined;
  return { ...quota, limitFen: fenOf(quota.limitFen), reservedFen: fenOf(quota.reservedFen), usedFen: fenOf(quota.usedFen) };
}

/** Sets the limit of a year. What is reserved or used stays as it is, even where it is more than the new limit. */
export async function setQuotaLimit(tx: Tx, { employeeId, year, limitFen }: { employeeId: string; year: number; limitFen: Fen }): Promise<QuotaRow> {
  const { rows } = await tx.query<QuotaRow>(
    `INSERT INTO quota (employee_id, year, limit_fen) VALUES ($1, $2, $3)
     ON CONFLICT (employee_id, year) DO UPDATE SET limit_fen = excluded.limit_fen, version = quota.version + 1
     RETURNING year, limit_fen AS "limitFen", reserved_fen AS "reservedFen", used_fen AS "usedFen", version`,
    [employeeId, year, limitFen],
  );
  const [quota] = rows;
  if (!quota) throw new Error('a quota was not written');
  return quota;
}

export type RoleRow = { unitCode: string; role: Role; validFrom: Date };

/** The roles in force at `at` on units of the subtree of `within`. SQL: a change reads inside its transaction what it wrote. */
export async function listRoles(db: Reader, { employeeId, within, at }: { employeeId: string; within: string; at: Date }): Promise<RoleRow[]> {
  const { rows } = await db.query<RoleRow>(
    `SELECT u.code AS "unitCode", r.role, r.valid_from AS "validFrom" FROM role_assignment r JOIN unit u ON u.id = r.unit_id
     WHERE r.employee_id = $1 AND u.ancestor_ids @> ARRAY[$2::uuid] AND r.valid_from <= $3 AND (r.valid_to IS NULL OR r.valid_to > $3)
     ORDER BY u.code, r.role`,
    [employeeId, within, at],
  );
  return rows;
}

/**
 * Makes `roles` the roles on units of the subtree of `within` from `at` on; roles elsewhere stay, ended ones keep their row. The employee has been
 * locked.
 */
export async function replaceRoles(
  tx: Tx,
  { employeeId, within, roles, at }: { employeeId: string; within: string; roles: readonly { unitId: string; role: Role }[]; at: Date },
): Promise<void> {
  const wanted = [employeeId, at, roles.map((role) => role.unitId), roles.map((role) => role.role)];
  await tx.query(
    `UPDATE role_assignment r SET valid_to = $2 FROM unit u
     WHERE r.employee_id = $1 AND u.id = r.unit_id AND u.ancestor_ids @> ARRAY[$5::uuid] AND (r.valid_to IS NULL OR r.valid_to > $2)
       AND NOT EXISTS (SELECT 1 FROM unnest($3::uuid[], $4::text[]) AS w (unit_id, role) WHERE w.unit_id = r.unit_id AND w.role = r.role)`,
    [...wanted, within],
  );
  await tx.query(
    `INSERT INTO role_assignment (employee_id, unit_id, role, valid_from)
     SELECT DISTINCT $1::uuid, w.unit_id, w.role, $2::timestamptz FROM unnest($3::uuid[], $4::text[]) AS w (unit_id, role)
     ON CONFLICT (employee_id, unit_id, role) DO UPDATE SET valid_from = excluded.valid_from, valid_to = NULL
       WHERE role_assignment.valid_to <= excluded.valid_from`,
    wanted,
  );
}
