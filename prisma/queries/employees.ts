import { randomUUID } from 'node:crypto';
import type { Fen } from '#domain/money.ts';
import { fenOf } from '../columns.ts';
import type { Database, ScopedDatabase, Tx } from '../database.ts';
import type { Vault } from '../vault.ts';
import { accountNoIndex, accountNoOf, identityNoIndex, identityNoOf, openAccountNo, phoneOf } from './sealed.ts';
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
  /** null as well where it was erased, as the identity number */
  phone: string | null;
  locale: string;
  personNo: string | null;
  identityNo: string | null;
  insuredRegion: string;
  personType: string;
  insuranceType: string;
  active: boolean;
  /** the medical key was destroyed: nothing under it can be read or written any more */
  erased: boolean;
  version: number;
  createdAt: Date;
};

type Reader = Pick<Database, 'query' | 'vault'>;
type SealedRow = Omit<EmployeeRow, 'phone' | 'identityNo'> & { phone: Uint8Array | null; identityNo: Uint8Array | null };

const EMPLOYEE = `e.id, e.employee_no AS "employeeNo", e.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "unitAncestors", e.name, e.email, e.phone, e.locale,
  e.person_no AS "personNo", e.identity_no AS "identityNo", e.insured_region AS "insuredRegion", e.person_type AS "personType",
  e.insurance_type AS "insuranceType", e.active, e.version, e.created_at AS "createdAt",
  EXISTS (SELECT FROM person_key k WHERE k.employee_id = e.id AND k.purpose = 'medical' AND k.destroyed_at IS NOT NULL) AS erased`;

/** Opens what is sealed of people, with one query for all their keys. */
async function opened(vault: Vault, rows: readonly SealedRow[]): Promise<EmployeeRow[]> {
  const sealed = rows.filter((row) => row.phone !== null || row.identityNo !== null);
  await vault.warm(
    'medical',
    sealed.map(({ id }) => id),
  );
  return Promise.all(
    rows.map(async ({ phone, identityNo, ...row }) => ({
      ...row,
      phone: phone && ((await vault.open(phoneOf(row.id), phone)) ?? null),
      identityNo: identityNo && ((await vault.open(identityNoOf(row.id), identityNo)) ?? null),
    })),
  );
}

/** The employee with this number, as far as the scope opens it. SQL: changes read inside their transaction what they wrote. */
export async function findEmployee(db: Reader, { employeeNo }: { employeeNo: string }): Promise<EmployeeRow | undefined> {
  const { rows } = await db.query<SealedRow>(`SELECT ${EMPLOYEE} FROM employee e JOIN unit u ON u.id = e.unit_id WHERE e.employee_no = $1`, [employeeNo]);
  return (await opened(db.vault, rows))[0];
}

/** Those with exactly this identity number, as far as the scope opens them: by blind index, which is an index scan. */
export async function findEmployeesByIdentityNo(db: Reader, { identityNo }: { identityNo: string }): Promise<EmployeeRow[]> {
  const { rows } = await db.query<SealedRow>(
    `SELECT ${EMPLOYEE} FROM employee e JOIN unit u ON u.id = e.unit_id WHERE e.identity_no_index = $1 ORDER BY e.employee_no LIMIT 100`,
    [await identityNoIndex(db.vault, identityNo)],
  );
  return opened(db.vault, rows);
}

/** The same, for a change: what is read stays so until the transaction ends. */
export async function lockEmployee(tx: Tx, { employeeNo }: { employeeNo: string }): Promise<EmployeeRow | undefined> {
  const { rows } = await tx.query<SealedRow>(
    `SELECT ${EMPLOYEE} FROM employee e JOIN unit u ON u.id = e.unit_id
     WHERE e.employee_no = $1 FOR NO KEY UPDATE OF e`,
    [employeeNo],
  );
  return (await opened(tx.vault, rows))[0];
}

/** Employees of the subtree in the order of their numbers. */
export async function listEmployees(
  { prisma, vault }: Pick<ScopedDatabase, 'prisma' | 'vault'>,
  page: { within: readonly string[]; active: boolean | undefined; afterNo: string | undefined; limit: number },
): Promise<EmployeeRow[]> {
  const employees = await prisma.employee.findMany({
    where: {
      unit: { ancestorIds: { hasSome: [...page.within] } },
      ...(page.active !== undefined && { active: page.active }),
      ...(page.afterNo !== undefined && { employeeNo: { gt: page.afterNo } }),
    },
    omit: { identityNoIndex: true },
    include: {
      unit: { select: { code: true, ancestorIds: true } },
      keys: { where: { purpose: 'medical', destroyedAt: { not: null } }, select: { purpose: true } },
    },
    orderBy: { employeeNo: 'asc' },
    take: page.limit,
  });
  const rows = employees.map(({ unit, keys, ...employee }) => ({ ...employee, unitCode: unit.code, unitAncestors: unit.ancestorIds, erased: keys.length > 0 }));
  return opened(vault, rows);
}

export type EmployeeFields = Omit<EmployeeRow, 'id' | 'employeeNo' | 'unitId' | 'unitCode' | 'unitAncestors' | 'version' | 'createdAt' | 'active' | 'erased'>;

/** Adds an employee to a unit; `'exists'` where the number is taken. */
export async function createEmployee(
  tx: Tx,
  { employeeNo, unitId, fields }: { employeeNo: string; unitId: string; fields: EmployeeFields },
): Promise<'created' | 'exists'> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO employee (employee_no, unit_id, name, email, locale, person_no, insured_region, person_type, insurance_type)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (employee_no) DO NOTHING RETURNING id`,
    [employeeNo, unitId, ...columns(fields)],
  );
  const [made] = rows;
  if (!made) return 'exists';
  // afterwards, because the key that seals them is the person's, who has to be there first
  if (fields.identityNo !== null || fields.phone !== null) await sealEmployee(tx, { id: made.id, ...fields });
  return 'created';
}

/** Writes identity number and phone of an employee. Throws `KeyDestroyed` where one is given for a person who was erased. */
export async function sealEmployee(tx: Tx, { id, identityNo, phone }: Pick<EmployeeRow, 'id' | 'identityNo' | 'phone'>): Promise<void> {
  await tx.query('UPDATE employee SET identity_no = $2, identity_no_index = $3, phone = $4 WHERE id = $1', [
    id,
    identityNo === null ? null : await tx.vault.seal(identityNoOf(id), identityNo),
    identityNo === null ? null : await identityNoIndex(tx.vault, identityNo),
    phone === null ? null : await tx.vault.seal(phoneOf(id), phone),
  ]);
}

/** Writes a locked employee as it is to be, a transfer to another unit included, and counts the version up. Open claims stay with their unit. */
export async function updateEmployee(
  tx: Tx,
  { id, unitId, active, fields }: { id: string; unitId: string; active: boolean; fields: EmployeeFields },
): Promise<void> {
  await tx.query(
    `UPDATE employee SET unit_id = $2, active = $3, name = $4, email = $5, locale = $6, person_no = $7, insured_region = $8, person_type = $9,
       insurance_type = $10, version = version + 1
     WHERE id = $1`,
    [id, unitId, active, ...columns(fields)],
  );
  await sealEmployee(tx, { id, ...fields });
}

const columns = (fields: EmployeeFields) => [
  ...[fields.name, fields.email, fields.locale, fields.personNo],
  ...[fields.insuredRegion, fields.personType, fields.insuranceType],
];

export type AccountRow = { id: string; holderName: string; accountNo: string; bankName: string; bankCode: string; createdAt: Date; replacedAt: Date | null };

/** All accounts that the employee ever had here, the one in use first, then the newest. */
export async function listAccounts({ prisma, vault }: Pick<ScopedDatabase, 'prisma' | 'vault'>, { employeeId }: { employeeId: string }): Promise<AccountRow[]> {
  const accounts = await prisma.bankAccount.findMany({
    where: { employeeId },
    select: { id: true, holderName: true, accountNo: true, bankName: true, bankCode: true, createdAt: true, replacedAt: true },
    orderBy: [{ replacedAt: { sort: 'desc', nulls: 'first' } }, { createdAt: 'desc' }, { id: 'asc' }],
  });
  if (accounts.length > 0) await vault.warm('accounting', [employeeId]);
  return Promise.all(
    accounts.map(async (account) => ({
      ...account,
      accountNo: await openAccountNo(vault, { employeeId, accountId: account.id, accountNo: account.accountNo }),
    })),
  );
}

/** Makes this the account that is paid to from now on. The employee has been locked. `sharedWith`: other people who are paid to the same account. */
export async function replaceAccount(
  tx: Tx,
  { employeeId, account }: { employeeId: string; account: Pick<AccountRow, 'holderName' | 'accountNo' | 'bankName' | 'bankCode'> },
): Promise<AccountRow & { sharedWith: string[] }> {
  const { holderName, accountNo, bankName, bankCode } = account;
  const id = randomUUID();
  const index = await accountNoIndex(tx.vault, accountNo);
  await tx.query('UPDATE bank_account SET replaced_at = clock_timestamp() WHERE employee_id = $1 AND replaced_at IS NULL', [employeeId]);
  // now() is when the transaction began, which may lie before the change that it waited for
  const { rows } = await tx.query<{ createdAt: Date; sharedWith: string[] }>(
    `INSERT INTO bank_account (id, employee_id, holder_name, account_no, account_no_index, bank_name, bank_code, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     RETURNING created_at AS "createdAt", ARRAY(SELECT holder FROM find_account_holders($5) AS holder WHERE holder <> $2) AS "sharedWith"`,
    [id, employeeId, holderName, await tx.vault.seal(accountNoOf({ employeeId, accountId: id }), accountNo), index, bankName, bankCode],
  );
  const [made] = rows;
  if (!made) throw new Error('an account was not inserted');
  return { id, holderName, accountNo, bankName, bankCode, replacedAt: null, ...made };
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

/** Where an employee is insured, as far as the scope opens it. */
export async function findInsuredRegion(db: Pick<Database, 'query'>, { employeeId }: { employeeId: string }): Promise<string | undefined> {
  const { rows } = await db.query<{ region: string }>('SELECT insured_region AS region FROM employee WHERE id = $1', [employeeId]);
  return rows[0]?.region;
}
