import { afterAll, beforeAll, expect, test } from 'vitest';
import { dayOf, fenOf } from '#prisma/columns.ts';
import { openDatabase } from '#prisma/database.ts';
import { findClaim } from '#prisma/queries/claim-reading.ts';
import { claimBody, NOW, PDF, startTestApi, type TestApi } from '../api/support.ts';
import { testVault } from '../setup/vault.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

test('a claim reads the same, to the millisecond and the day, whatever zone the server is set to', async () => {
  const uploaded = await api.upload({ content: PDF });
  const documents = [{ documentId: uploaded.json<{ id: string }>().id, kind: 'FEE_LIST' }];
  const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ documents }) });
  expect(answer.statusCode, answer.body).toBe(201);
  const { rows } = await api.database.query<{ name: string }>('SELECT current_database() AS name');
  for (const zone of ['Asia/Shanghai', 'America/St_Johns']) {
    await api.database.query(`ALTER DATABASE ${rows[0]?.name} SET TimeZone TO '${zone}'`);
    const database = openDatabase({ url: api.databaseUrl, vault: testVault() });
    const claim = await findClaim(database, { number: answer.json<{ number: string }>().number });
    await database.close();
    expect(claim).toMatchObject({
      ...{ createdAt: NOW, visitStart: '2026-11-10', submittedFen: 52_600 },
      ...{ invoices: [{ issuedOn: '2026-11-10', amountFen: 52_600 }], documents: [{ addedAt: NOW }] },
    });
  }
});

test('an amount beyond the safe integers is no amount', () => {
  expect(fenOf(9_007_199_254_740_991n)).toBe(9_007_199_254_740_991);
  expect(() => fenOf(9_007_199_254_740_993n)).toThrow(RangeError);
  expect(dayOf(new Date('2026-02-28T00:00:00.000Z'))).toBe('2026-02-28');
});
