import { randomUUID } from 'node:crypto';
import { createActivities } from '#activities/index.ts';
import { fen } from '#domain/money.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createClaim, takeClaimNumber } from '#prisma/queries/claim-submission.ts';
import { sealEmployee } from '#prisma/queries/employees.ts';
import { testAudit } from '../setup/audit.ts';
import { giveConsents } from '../setup/consents.ts';
import { testVault } from '../setup/vault.ts';
import { insertDocument } from '../workflows/seed.ts';
import type { TestApi } from './support.ts';

type Unit = 'HQ' | 'SJZ' | 'SJZ-01' | 'BJ';

/**
 * A small year of people insured in Shijiazhuang, in service, 36 years old: outpatient, 100.00 deductible a year, then 60 %; the plan of SJZ and what is below it raises that to 80 %.
 * One claim of 526.00: 426.00 × 60 % = 255.60 and 340.80 − 255.60 = 85.20 of the plan. A second one: 526.00 × 60 % = 315.60 and 420.80 − 315.60 = 105.20.
 *
 * SJZ-01: six people with a claim, the first of them with two. SJZ: two people. BJ, without a plan: five people, and one whose region has no rulebook. Beside them claims that do
 * not count: denied, and of 2025.
 */
export async function seedYear(api: TestApi): Promise<{ worker: Database; close(): Promise<void> }> {
  const worker = openDatabase({ url: api.workerUrl, vault: testVault() });
  const activities = createActivities({
    ...{ database: worker, bureaus: new Map(), banks: new Map(), institutionCode: api.deps.gateways.institution.code, clockwork: api.deps.clockwork },
    ...{ audit: await testAudit(), documents: api.deps.documents, policies: api.deps.policies },
  });
  await api.database.query(`UPDATE unit SET settings = '{"plan": "group-plan"}' WHERE code = 'SJZ'`);

  async function hire(unit: Unit): Promise<string> {
    const id = randomUUID();
    await api.database.query(`INSERT INTO employee (id, employee_no, unit_id, name, person_no, insured_region) VALUES ($1, $2, $3, '员工', $2, '130100')`, [
      id,
      id.slice(0, 8),
      api.unitIds[unit],
    ]);
    await api.database.write((tx) => sealEmployee(tx, { id, identityNo: '130102199003070011', phone: null }));
    await giveConsents(api.database, [id]);
    return id;
  }

  let visits = 0;
  async function claim(employeeId: string, unit: Unit, { insuredRegion = '130100', year = 2026 } = {}): Promise<string> {
    visits += 1;
    const documents: { documentId: string; kind: string }[] = [];
    for (const kind of ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'BANK_CARD'])
      documents.push({ documentId: await insertDocument(api.database, { unitId: api.unitIds[unit] }), kind });
    const day = `${year}-0${1 + (visits % 9)}-${10 + (visits % 18)}`;
    const lines = [
      { itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', unitPriceFen: fen(25_000), amountFen: fen(50_000) },
      { itemCode: '001101000010000', itemName: '普通门诊诊察费', itemClass: '02', quantity: '1', unitPriceFen: fen(2_600), amountFen: fen(2_600) },
    ];
    const number = await api.database.write(async (tx) => {
      const made = await takeClaimNumber(tx, api.time.now);
      await createClaim(tx, made, {
        ...{ unitId: api.unitIds[unit], ancestorIds: [api.unitIds[unit]], employeeId, kind: 'OUTPATIENT', source: 'API', draft: false },
        ...{ insuredRegion, treatedRegion: insuredRegion, bureauCode: '130100', hospital: { code: 'H13010200001', name: '石家庄市第一医院' } },
        ...{ visit: { no: `V${visits}`, start: day, end: day }, circumstances: [], diagnoses: [], submittedFen: fen(52_600), prior: null, at: api.time.now },
        ...{ documents, lines, invoices: [], actor: { type: 'machine', id: 'test' } },
      });
      return made;
    });
    await activities.runIntake({ claimNumber: number, seq: 1, at: api.time.now.toISOString() });
    return number;
  }

  const people = { 'SJZ-01': 6, SJZ: 2, BJ: 5 } as const;
  for (const unit of ['SJZ-01', 'SJZ', 'BJ'] as const)
    for (let n = 0; n < people[unit]; n += 1) {
      const employeeId = await hire(unit);
      await claim(employeeId, unit);
      if (n > 0) continue;
      if (unit === 'SJZ-01') await claim(employeeId, unit);
      if (unit === 'SJZ') await claim(employeeId, unit, { year: 2025 });
      if (unit === 'BJ') await api.database.query(`UPDATE claim SET state = 'DENIED' WHERE number = $1`, [await claim(employeeId, unit)]);
    }
  await claim(await hire('BJ'), 'BJ', { insuredRegion: '130700' });
  return { worker, close: () => worker.close() };
}
