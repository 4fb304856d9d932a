import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePdf } from '#dev/sample-pdf.ts';
import { freshInvoiceNo, giveConsents } from '#dev/seed.ts';
import { searchFor, type Find } from './canary-search.ts';
import { BUREAU, eventually, REAL, startWorld, type E2eWorld } from './world.ts';

/*
 * Values that occur nowhere else go through the whole product, in good requests and in bad ones. Then they are looked for in everything that the product has left
 * behind. What the simulators and the identity provider keep for themselves is theirs.
 */
const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('');
const CANARIES = {
  identity: `990100197707${digits(6)}`,
  account: `6229087${digits(12)}`,
  phone: `1397${digits(7)}`,
  diagnosis: `金丝雀综合征${digits(6)}`,
  diagnosisCode: `Z99.${digits(6)}`,
  document: `Canary-text-of-a-document-${digits(8)}`,
  reason: `匿名来信称病历不实${digits(6)}`,
  refused: `canary-in-a-refused-body-${digits(8)}`,
};
const backwards = (text: string): string => Array.from(text).toReversed().join('');
const EMPLOYEE = 'C0001';
const NOT_OURS = /^(simulators|identity|secrets|keys)\/|^logs\/(bureau|bank|identity-provider)\.log$/;

let world: E2eWorld;
let dataDir: string;
let number: string;

beforeAll(async () => {
  world = await startWorld();
  dataDir = dirname(world.product.env['DOCUMENT_DIR'] ?? '');
});
afterAll(() => world?.stop());

const send = async (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${world.product.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json', 'idempotency-key': digits(12), ...headers },
    ...(method !== 'GET' && { body }),
  });

test('a claim goes its whole way with them: registered, uploaded, held, released, failed over, paid, cleared', async () => {
  const { api } = world;
  await api.post('/v1/employees', {
    ...{ employeeNo: EMPLOYEE, name: '金丝雀', unitCode: 'SJZ-RD', email: 'canary@daozhang.example', locale: 'zh-CN', insuredRegion: BUREAU },
    ...{ phone: CANARIES.phone, identityNo: CANARIES.identity, personNo: '13019900009999' },
  });
  await api.post(`/v1/employees/${EMPLOYEE}/accounts`, {
    ...{ holderName: '金丝雀', accountNo: CANARIES.account, bankName: '兴业银行石家庄分行', bankCode: '309121003012' },
  });
  await giveConsents(api, EMPLOYEE);
  await api.put(`/v1/employees/${EMPLOYEE}/quotas/${new Date().getFullYear()}`, { limit: '100000.00' });

  // the first write of the worker fails, and the database says with what; the function itself holds it backwards
  await world.sql(`CREATE SEQUENCE canary_failures`);
  await world.sql(`GRANT USAGE ON SEQUENCE canary_failures TO PUBLIC`);
  await world.sql(
    `CREATE FUNCTION canary_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.type = 'INTAKE_PASSED' AND nextval('canary_failures') <= 3 THEN
         RAISE EXCEPTION USING ERRCODE = '22P02', MESSAGE = reverse('${backwards(`invalid input syntax for type uuid: "${CANARIES.identity} ${CANARIES.diagnosis}"`)}'),
           DETAIL = reverse('${backwards(`Failing row contains ${CANARIES.account}`)}');
       END IF;
       RETURN NEW;
     END $$`,
  );
  await world.sql('CREATE TRIGGER canary_fails BEFORE INSERT ON claim_event FOR EACH ROW EXECUTE FUNCTION canary_fails()');

  const documents = await Promise.all(
    ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'].map(async (kind) => {
      const content = samplePdf(`${CANARIES.document} ${CANARIES.identity} ${kind}`);
      return { documentId: (await api.upload({ name: `${CANARIES.diagnosis}-${kind}.pdf`, content })).id, kind };
    }),
  );
  const day = new Date(Date.now() - 5 * 86_400_000).toISOString().slice(0, 10);
  const amount = '1000.00';
  // slow enough to be held on its way
  await world.bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { delayMs: 3_000 } });
  ({ number } = await api.post<{ number: string }>(
    '/v1/claims',
    {
      ...{ employeeNo: EMPLOYEE, kind: 'OUTPATIENT', treatedRegion: BUREAU, hospital: { code: 'H13010200001', name: '石家庄示范医院' } },
      ...{ visit: { start: day, end: day }, diagnoses: [{ code: CANARIES.diagnosisCode, name: CANARIES.diagnosis }] },
      lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPrice: amount, amount }],
      invoices: [{ type: '1', code: '13010126', number: freshInvoiceNo(), checkCode: 'a1b2c3', amount, issuedOn: day }],
      documents,
    },
    { as: EMPLOYEE },
  ));
  await world.until(number, 'IN_REVIEW');
  await api.post(`/v1/claims/${number}/hold`, { reason: CANARIES.reason }, { as: REAL.hr });
  await api.post(`/v1/claims/${number}/release`, {}, { as: REAL.hr });
  await world.until(number, ({ cleared }) => cleared);
  expect((await world.sql<{ n: string }>('SELECT last_value AS n FROM canary_failures'))[0]?.n).not.toBe('1');
});

test('what is refused has them too', async () => {
  const { refused, identity, diagnosis } = CANARIES;
  const statuses = [
    await send('POST', '/v1/employees', JSON.stringify({ [refused]: refused, identityNo: [identity], name: diagnosis, phone: 7 })),
    await send('POST', '/v1/employees', `{ "identityNo": "${identity}", ${refused}`),
    await send('POST', '/v1/claims', JSON.stringify({ employeeNo: EMPLOYEE, diagnoses: [{ code: refused, name: diagnosis, [refused]: 1 }] })),
    await send('GET', `/v1/employees?query=${encodeURIComponent(identity)}&${refused}=1`, ''),
    await send('GET', `/v1/employees/${identity}/${refused}`, ''),
    await send('GET', '/v1/units', '', { authorization: `Bearer ${refused}` }),
    await send('GET', '/v1/units', '', { 'daozhang-actor': refused }),
    await send('POST', `/v1/callbacks/bureaus/${BUREAU}`, JSON.stringify({ infno: 'DZ11', input: { certno: identity, remark: refused, diag: diagnosis } }), {
      _api_signature: refused,
      _api_access_key: 'x',
      _api_timestamp: String(Date.now()),
    }),
    await send('POST', '/v1/callbacks/banks/CIB', `<FOX><ACCTID>${CANARIES.account}</ACCTID><MEMO>${refused}</MEMO></FOX>`, {
      'content-type': 'application/xml',
    }),
  ].map(({ status }) => status);
  for (const status of statuses) expect(status).toBeGreaterThanOrEqual(400);
  for (const status of statuses) expect(status).toBeLessThan(500);
});

test('the search finds what is there, in every guise', () => {
  const { search } = searchFor({ secret: '诊断42' });
  const as = (content: Buffer | string) => search(content, '').map((find) => find.as);
  const utf8 = Buffer.from('诊断42');
  expect(as(`x诊断42y`)).toEqual(['as it is']);
  expect(as(utf8.toString('hex'))).toEqual(['hex']);
  expect(as(Buffer.from('x诊断42', 'utf16le'))).toContain('UTF-16 LE');
  expect(as(encodeURIComponent('诊断42'))).toEqual(['percent']);
  expect(as(JSON.stringify({ a: '诊断42' }).replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`))).toContain('\\u');
  for (const before of ['', 'a', 'ab', 'abc'])
    expect(as(Buffer.concat([Buffer.from(before), utf8, Buffer.from('z')]).toString('base64')).length, before).toBeGreaterThan(0);
  expect(as(Buffer.concat([Buffer.from('head'), gzipSync(utf8), Buffer.from('tail')]))).toEqual(['as it is']);
  expect(as('诊断 42')).toEqual([]);
});

test('none of them is in clear anywhere', async () => {
  const { search, searchFiles } = searchFor(CANARIES);
  const finds: Find[] = [];
  // what somebody writes to explain a decision is part of the claim's history, and of its proof
  const told = ({ canary, where }: Find): boolean => canary === 'reason' && /^(postgres\/|table public\.(claim_event|audit_entry)$)/.test(where);
  await eventually('the last message', async () => (await world.sql(`SELECT 1 FROM notice WHERE status = 'PENDING'`)).length === 0);

  const tables = await world.sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(30);
  let rows = 0;
  for (const { name } of tables)
    for (const { row } of await world.sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)) {
      rows += 1;
      finds.push(...search(row, `table ${name}`));
    }
  expect(rows).toBeGreaterThan(100);

  for (const url of [`${world.product.apiUrl}/metrics`, `http://127.0.0.1:${world.product.env['METRICS_PORT']}/metrics`]) {
    const page = await (await fetch(url, { headers: { authorization: `Bearer ${world.token}` } })).text();
    expect(page).toContain('# HELP');
    finds.push(...search(page, url.endsWith(`${world.product.env['METRICS_PORT']}/metrics`) ? "the worker's metrics" : "the API's metrics"));
  }

  // logs, mails, documents, the Temporal store with its journal, the files of PostgreSQL with theirs, and whatever else there is
  const logs = readFileSync(join(dataDir, 'logs', 'worker.log'), 'utf8') + readFileSync(join(dataDir, 'logs', 'api.log'), 'utf8');
  expect(logs).toContain(number);
  expect(readFileSync(join(dataDir, 'temporal.db')).length + readFileSync(join(dataDir, 'temporal.db-wal')).length).toBeGreaterThan(100_000);
  expect(readFileSync(join(dataDir, 'mails.jsonl'), 'utf8')).toContain(CANARIES.account.slice(-4));
  finds.push(...searchFiles(dataDir, NOT_OURS));

  const inClear = finds.filter((find) => !told(find)).map(({ canary, as, where }) => `${canary} (${as}) in ${where}`);
  expect([...new Set(inClear)].toSorted()).toEqual([]);
});
