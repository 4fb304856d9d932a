import { afterAll, beforeAll, expect, test } from 'vitest';
import { replaceAccount } from '#prisma/queries/employees.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';
import { claimBody, startTestApi, type TestApi } from '../api/support.ts';

/** Values that stand nowhere else, searched for in every column of every table: as text, and in what is binary as the same bytes. */
const CANARIES = {
  identityNo: '990100197001019995',
  phone: '+86 199 8877 6655',
  accountNo: '6229987700112233445',
  diagnosis: 'Z99.817',
  diagnosisName: '金丝雀综合征',
};

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

test('no table has any of it in clear after all of it has been through', async () => {
  const { identityNo, phone, accountNo, diagnosis, diagnosisName } = CANARIES;
  const person = { employeeNo: 'E700', unitCode: 'SJZ', name: '金丝雀', insuredRegion: '130100', identityNo, phone };
  const added = await api.call({ method: 'POST', url: '/v1/employees', body: person });
  expect([added.statusCode, added.json<{ phone: string }>().phone], added.body).toEqual([201, phone]);
  const changed = await api.call({ method: 'PATCH', url: '/v1/employees/E700', body: { email: 'e700@example.com' }, headers: { 'if-match': '"1"' } });
  expect(changed.statusCode, changed.body).toBe(200);
  const account = { holderName: '金丝雀', accountNo, bankName: '兴业银行', bankCode: '309121000001' };
  const body = claimBody({ employeeNo: 'E1', diagnoses: [{ code: diagnosis, name: diagnosisName }] });
  const claim = await api.call({ method: 'POST', url: '/v1/claims', body });
  expect(claim.statusCode, claim.body).toBe(201);
  expect(claim.body).toContain(diagnosisName);
  await api.database.write(async (tx) => {
    await replaceAccount(tx, { employeeId: api.employeeIds.E4, account });
    const message = { reference: 'R-1', status: { kind: 'succeeded' }, record: { amountFen: 1, accountNo }, raw: { certno: identityNo, diag: diagnosis } };
    await storeMessage(tx, {
      ...{ source: 'CIB', messageId: 'M-1', bodyDigest: 'x', type: 'payment-result', claimNumber: null, body: message },
      acknowledgement: { mediaType: 'application/xml', body: '' },
    });
  });

  const { rows: tables } = await api.database.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await api.database.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
    for (const [what, value] of Object.entries(CANARIES)) {
      const hex = Buffer.from(value, 'utf8').toString('hex');
      if (rows.some(({ row }) => row.includes(value) || row.includes(hex))) found.push(`${name}: ${what}`);
    }
  }
  expect(found).toEqual([]);
  expect(tables.length).toBeGreaterThan(30);
});
