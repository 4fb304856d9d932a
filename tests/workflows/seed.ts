import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '#prisma/database.ts';
import { sealDocument } from '#prisma/queries/document-keys.ts';
import { insertDocument as storeDocument } from '#prisma/queries/documents.ts';
import { replaceAccount, sealEmployee } from '#prisma/queries/employees.ts';
import { giveConsents } from '../setup/consents.ts';
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
  await database.query(`INSERT INTO employee (id, employee_no, unit_id, name, person_no, insured_region) VALUES ($1, $2, $3, $4, $5, $6)`, [
    id,
    employeeNo,
    unitId,
    `员工${employeeNo}`,
    `P-${employeeNo}`,
    BUREAU,
  ]);
  await database.write((tx) => sealEmployee(tx, { id, identityNo: '130102199003070011', phone: null }));
  await giveConsents(database, [id]);
  await addAccount(database, { employeeId: id, accountNo: '6228480000000001234' });
}

/** The account that payments go to from now on. */
export async function addAccount(database: Database, { employeeId, accountNo }: { employeeId: string; accountNo: string }): Promise<void> {
  await database.write(async (tx) => {
    const { rows } = await tx.query<{ name: string }>('SELECT name FROM employee WHERE id = $1 FOR NO KEY UPDATE', [employeeId]);
    const account = { holderName: rows[0]?.name ?? '', accountNo, bankName: '兴业银行', bankCode: '309121000001' };
    await replaceAccount(tx, { employeeId, account });
  });
}

export async function insertDocument(
  database: Database,
  { unitId, pictureHashes = [] }: { unitId: string; pictureHashes?: readonly string[] },
): Promise<string> {
  const id = randomUUID();
  const { key, sealedName } = await sealDocument(database.vault, { id, content: Buffer.alloc(0), fileName: 'invoice.pdf' });
  const about = {
    unitId,
    sha256: 'a',
    sm3: 'b',
    contentIndex: randomBytes(32),
    mediaType: 'application/pdf',
    sizeBytes: 1_000,
    pages: 1,
    notes: [],
    pictureHashes,
  };
  await database.write((tx) => storeDocument(tx, { ...key, ...about, sealedName, storageKey: randomUUID(), uploadedBy: 'test', createdAt: new Date() }));
  return id;
}
