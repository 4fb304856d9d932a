import { createSecretKey, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { buildApp, type ApiDeps } from '#api/app.ts';
import type { Role } from '#domain/claim/actor.ts';
import { SCOPES, type Scope } from '#domain/org/can.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { loadAuditKey } from '#platform/audit-key.ts';
import { mintApiKey } from '#platform/api-key.ts';
import { fileDocumentStore } from '#platform/document-store.ts';
import type { BankDeclaration, BureauDeclaration, Gateways } from '#platform/gateways.ts';
import { chineseHolidays } from '#platform/holidays.ts';
import { loadKeys } from '#platform/keys.ts';
import { createOutgoingPolicy } from '#platform/outgoing-address.ts';
import { openRenderer } from '#platform/render/renderer.ts';
import { connectTemporal } from '#platform/temporal.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createApiKey } from '#prisma/queries/api-keys.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { sealEmployee } from '#prisma/queries/employees.ts';
import { makePayloadKeys } from '../setup/payload-keys.ts';
import { giveConsents } from '../setup/consents.ts';
import { createTestDatabase } from '../setup/database.ts';
import { testPolicies } from '../setup/policies.ts';
import { testVault } from '../setup/vault.ts';

/** 2026-11-18 is a Wednesday; 09:30 in Shanghai. */
export const NOW = new Date('2026-11-18T01:30:00.000Z');

const HEAD_OFFICE = 'HQ';
/** The head office, two companies below it, and a department of the first. */
const UNITS = [
  { code: HEAD_OFFICE, parent: null, region: '110000' },
  { code: 'SJZ', parent: HEAD_OFFICE, region: '130100' },
  { code: 'SJZ-01', parent: 'SJZ', region: '130100' },
  { code: 'BJ', parent: HEAD_OFFICE, region: '110000' },
] as const;
type UnitCode = (typeof UNITS)[number]['code'];

/** Employees by number. E3 is insured where no bureau is connected; E9 has left. */
const EMPLOYEES = [
  { no: 'E1', unit: 'SJZ-01', region: '130102', active: true },
  { no: 'E2', unit: 'BJ', region: '110000', active: true },
  { no: 'E3', unit: 'SJZ', region: '650100', active: true },
  { no: 'E4', unit: 'SJZ', region: '130100', active: true },
  { no: 'E9', unit: 'SJZ', region: '130100', active: false },
] as const;

/** `as`: acts for this employee. `key`: the Idempotency-Key; each POST gets a fresh one where it is absent, none where it is null. */
export type Call = { method?: string; url: string; body?: unknown; token?: string | null; as?: string; key?: string | null; headers?: Record<string, string> };

export type TestApi = {
  app: FastifyInstance;
  database: Database;
  databaseUrl: string;
  /** the same as what the API logs in as */
  apiUrl: string;
  workerUrl: string;
  deps: ApiDeps;
  /** keys with all scopes, by unit */
  tokens: Record<UnitCode, string>;
  unitIds: Record<UnitCode, string>;
  employeeIds: Record<(typeof EMPLOYEES)[number]['no'], string>;
  /** what `deps.clock` says; set it to move on */
  time: { now: Date };
  call(call: Call): Promise<LightMyRequestResponse>;
  upload(file: {
    content: Uint8Array;
    name?: string;
    type?: string;
    unitCode?: string;
    token?: string | null;
    as?: string;
    key?: string | null;
  }): Promise<LightMyRequestResponse>;
  makeKey(key: { unit: UnitCode; scopes: readonly Scope[] }): Promise<string>;
  giveRole(role: { employee: string; unit: UnitCode; role: Role }): Promise<void>;
  /** rows of every table by name: what a refusal must leave as it was. Who asked how often, and keys of the installation, are no effect of a request. */
  countRows(): Promise<Record<string, number>>;
  close(): Promise<void>;
};

/** What a test brings of its own; `wrapDatabase` puts faults between the API and its database. */
type Overrides = Partial<Omit<ApiDeps, 'database'>> & { poolSize?: number; wrapDatabase?: (database: Database) => Database };

/** The API on a fresh database with units, employees and keys. Temporal is not there unless `deps` bring it: nothing answers on that port. */
export async function startTestApi({ poolSize, wrapDatabase = (database) => database, ...overrides }: Overrides = {}): Promise<TestApi> {
  const { url, apiUrl, workerUrl, drop } = await createTestDatabase();
  // what a test prepares and looks at; the API has its own login
  const database = openDatabase({ url, vault: testVault() });
  const apiDatabase = openDatabase({ url: apiUrl, vault: testVault(), ...(poolSize !== undefined && { poolSize }) });
  const dir = await mkdtemp(join(tmpdir(), 'daozhang-api-'));
  const payloadKeys = overrides.payloadKeys ?? makePayloadKeys();
  const temporal = connectTemporal({ address: '127.0.0.1:1', namespace: 'default', taskQueue: 'claims', apiKey: undefined, tls: undefined }, payloadKeys);
  const time = { now: NOW };
  const deps: ApiDeps = {
    database: wrapDatabase(apiDatabase),
    documents: fileDocumentStore(join(dir, 'documents')),
    renderer: openRenderer(),
    keys: await loadKeys(join(dir, 'keys')),
    auditKey: await loadAuditKey(join(dir, 'keys')),
    log: pino({ level: 'silent' }),
    clock: () => time.now,
    policies: testPolicies(),
    gateways: testGateways(),
    clockwork: clockworkReader({ database: apiDatabase, published: chineseHolidays(), bank: testGateways().banks[0] ?? fail() }),
    pingTemporal: () => temporal.ping(200),
    workflows: { client: temporal.client, taskQueue: 'claims', updateDeadlineMs: 500 },
    outgoing: createOutgoingPolicy(),
    payloadKeys,
    ...overrides,
  };
  const app = await buildApp(deps);
  await app.ready();
  const seeded = await seed(database);

  const call = ({ method = 'GET', url: path, body, token = seeded.tokens[HEAD_OFFICE], as, key, headers }: Call) =>
    app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(as !== undefined && { 'daozhang-actor': as }),
        ...(method === 'POST' && key !== null && { 'idempotency-key': key ?? randomUUID() }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  return {
    ...{ app, database, databaseUrl: url, apiUrl, workerUrl, deps, time, call, ...seeded },
    upload({ content, name = 'invoice.pdf', type = 'application/octet-stream', unitCode, ...rest }) {
      const boundary = 'testboundary';
      const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`;
      const field = unitCode === undefined ? '' : `--${boundary}\r\ncontent-disposition: form-data; name="unitCode"\r\n\r\n${unitCode}\r\n`;
      const payload = Buffer.concat([Buffer.from(field + head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
      const { token = seeded.tokens[HEAD_OFFICE], as, key } = rest;
      return app.inject({
        method: 'POST',
        url: '/v1/documents',
        payload,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(as !== undefined && { 'daozhang-actor': as }),
          ...(key !== null && { 'idempotency-key': key ?? randomUUID() }),
          'content-type': `multipart/form-data; boundary=${boundary}`,
        },
      });
    },
    makeKey: ({ unit, scopes }) => makeKey(database, { unitId: seeded.unitIds[unit], scopes }),
    async giveRole({ employee, unit, role }) {
      await database.query(
        `INSERT INTO role_assignment (employee_id, unit_id, role, valid_from) SELECT e.id, $2, $3, $4 FROM employee e WHERE e.employee_no = $1`,
        [employee, seeded.unitIds[unit], role, new Date(0)],
      );
    },
    countRows: () => countRows(database),
    async close() {
      await app.close();
      await temporal.close();
      await deps.renderer.close();
      await Promise.all([database.close(), apiDatabase.close()]);
      await drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function seed(database: Database): Promise<Pick<TestApi, 'tokens' | 'unitIds' | 'employeeIds'>> {
  const unitIds: Record<string, string> = {};
  const ancestors: Record<string, string[]> = {};
  for (const { code, parent, region } of UNITS) {
    const id = randomUUID();
    unitIds[code] = id;
    ancestors[code] = [...(parent === null ? [] : (ancestors[parent] ?? [])), id];
    await database.query('INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region) VALUES ($1, $2, $3, $3, $4, $5, $6)', [
      id,
      code,
      `单位 ${code}`,
      parent === null ? null : unitIds[parent],
      ancestors[code],
      region,
    ]);
  }
  const employeeIds: Record<string, string> = {};
  for (const { no, unit, region, active } of EMPLOYEES) {
    employeeIds[no] = randomUUID();
    await database.query(
      'INSERT INTO employee (id, employee_no, unit_id, name, email, person_no, insured_region, active) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
      [employeeIds[no], no, unitIds[unit], `员工${no}`, `${no.toLowerCase()}@example.com`, `P${no}`, region, active],
    );
    const id = employeeIds[no];
    await database.write((tx) => sealEmployee(tx, { id, identityNo: '130102199003070011', phone: null }));
  }
  await giveConsents(database, Object.values(employeeIds));
  const tokens: Record<string, string> = {};
  for (const { code } of UNITS) tokens[code] = await makeKey(database, { unitId: unitIds[code] ?? '', scopes: SCOPES });
  return { tokens, unitIds, employeeIds };
}

async function makeKey(database: Database, { unitId, scopes }: { unitId: string; scopes: readonly Scope[] }): Promise<string> {
  const { id, token, hash } = mintApiKey();
  await database.write((tx) => createApiKey(tx, { id, hash, name: 'test', unitId, scopes }));
  return token;
}

async function countRows(database: Database): Promise<Record<string, number>> {
  const { rows } = await database.query<{ name: string; count: number }>(
    `SELECT tablename AS name, (xpath('/row/count/text()', query_to_xml('SELECT count(*) AS count FROM ' || quote_ident(tablename), false, true, '')))[1]::text::bigint AS count
     FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('rate_limit', 'installation_key') ORDER BY tablename`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** Two bureaus (Shijiazhuang, Beijing) and a bank that nobody answers for. */
export function testGateways(): Gateways {
  const secret = createSecretKey(Buffer.alloc(32, 7));
  const link = { url: 'http://127.0.0.1:1', secret, callbackSecret: secret, ratePerSecond: 20, timeoutSeconds: 1 };
  const bureau = (code: string, zh: string, en: string): BureauDeclaration => ({
    ...link,
    ...{ code, name: { zh, en }, accessKey: `out-${code}`, callbackAccessKey: `in-${code}`, pollEverySeconds: 60 },
    capabilities: { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
  });
  const bank: BankDeclaration = {
    ...link,
    ...{ code: 'CIB', name: { zh: '兴业银行', en: 'Industrial Bank' }, accessKey: 'out-CIB', callbackAccessKey: 'in-CIB' },
    ...{ payerAccount: '117010100100000177', payerName: '到账示范集团', customerId: 'C1', userId: 'U1', returnWindowSeconds: 86_400, queryAfterSeconds: 900 },
  };
  return {
    institution: { code: 'DZ1301000001', name: '到账示范集团' },
    bureaus: [bureau('130100', '石家庄市医疗保障局', 'Shijiazhuang bureau'), bureau('110000', '北京市医疗保障局', 'Beijing bureau')],
    banks: [bank],
  };
}

/** A claim of 526.00 that is right in everything: 500.00 + 26.00 on one invoice. */
export function claimBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    employeeNo: 'E1',
    kind: 'OUTPATIENT',
    circumstances: ['REFERRAL_FILED'],
    treatedRegion: '110000',
    hospital: { code: 'H11010100001', name: '北京协和医院' },
    visit: { no: 'V20261110', start: '2026-11-10', end: '2026-11-10' },
    lines: [
      { itemCode: 'XB05BBF271B002', itemName: '葡萄糖注射液', itemClass: '01', quantity: '2', unitPrice: '250.00', amount: '500.00' },
      { itemCode: '001101000010000', itemName: '普通门诊诊察费', itemClass: '02', quantity: '1', unitPrice: '26', amount: '26' },
    ],
    invoices: [invoice()],
    ...overrides,
  };
}

let invoices = 0;

/** An invoice that no other test has: a fiscal e-bill of 526.00 with its own number. */
export function invoice(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  invoices += 1;
  return {
    type: '1',
    code: '11010126',
    number: String(invoices).padStart(10, '0'),
    checkCode: '4f2a1c',
    amount: '526.00',
    issuedOn: '2026-11-10',
    ...overrides,
  };
}

function fail(): never {
  throw new Error('no bank');
}

/** A PDF of one page. */
export const PDF = Buffer.from(samplePdf('invoice'));
