import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '#prisma/database.ts';
import { lookUp, makePeople } from '#dev/bench/field-lookup.ts';
import { createTestDatabase } from '../setup/database.ts';
import { testVault } from '../setup/vault.ts';

const SOUGHT = '110105194912310021';
let owner: Database;
let api: Database;
let root: string;

beforeAll(async () => {
  const { url, apiUrl } = await createTestDatabase();
  owner = openDatabase({ url, vault: testVault() });
  api = openDatabase({ url: apiUrl, vault: testVault() });
  root = await makePeople(owner, { people: 20_000, sought: SOUGHT });
});
afterAll(() => Promise.all([owner?.close(), api?.close()]));

test('one of 20 000 people is found by an index scan, behind row-level security', async () => {
  expect(await lookUp(api.within({ units: [root] }), SOUGHT)).toMatchObject({ node: 'Index Scan', readsAll: false, found: 1 });
});

test('outside of the scope nobody is found', async () => {
  expect(await lookUp(api.within({ units: [] }), SOUGHT)).toMatchObject({ found: 0 });
});

test('who else is paid to an account is an index scan as well', async () => {
  await owner.query(
    `INSERT INTO bank_account (employee_id, holder_name, account_no, account_no_index, bank_name, bank_code)
     SELECT id, name, '', sha256(convert_to(employee_no, 'UTF8')), '兴业银行', '309' FROM employee`,
  );
  await owner.query('ANALYZE bank_account');
  // the function's own statement
  const { rows } = await owner.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT DISTINCT employee_id FROM bank_account WHERE account_no_index = sha256(convert_to('B7', 'UTF8')) AND replaced_at IS NULL`,
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan using bank_account_account_no_index_idx');
});
