import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLES } from '#domain/claim/actor.ts';
import { TUS } from '#api/contract/uploads.ts';
import { SECOND_FACTOR } from '#dev/identity/provider.ts';
import { startSignInWorld, type SignInWorld } from './sign-in-world.ts';
import { claimBody, PDF } from './support.ts';

/*
 * Every route × every role × something of another branch. The routes come from the OpenAPI document, so that a new one cannot be forgotten: where it names something that
 * this file does not know, the test fails and says what is missing. Asked for is what there is in Beijing, by those who belong to Shijiazhuang. The answer must be the very answer that is
 * given for what there is nowhere, and nothing may change.
 */

type Operation = { method: string; path: string; takesBody: boolean; upload: boolean; piece: boolean };
type Named = { there: string; nowhere: string };
type Pick = (name: keyof typeof known) => string;

let api: SignInWorld;
let operations: Operation[] = [];

/** What can be named, by the word before it in a path; `there` is filled in once it exists. */
const known = {
  claims: { there: '', nowhere: 'YB20261118-99999999' },
  employees: { there: 'E2', nowhere: 'E404' },
  units: { there: 'BJ', nowhere: 'NX' },
  documents: { there: '', nowhere: randomUUID() },
  uploads: { there: '', nowhere: randomUUID() },
  tasks: { there: '', nowhere: randomUUID() },
  'webhook-endpoints': { there: '', nowhere: randomUUID() },
  'webhook-deliveries': { there: '', nowhere: randomUUID() },
  'payout-stops': { there: 'BJ', nowhere: 'NX' },
  substitutions: { there: '', nowhere: randomUUID() },
  'inspection-packs': { there: '', nowhere: randomUUID() },
  simulations: { there: '', nowhere: randomUUID() },
  'legal-holds': { there: '', nowhere: randomUUID() },
  notices: { there: '', nowhere: '999999999' },
  announcements: { there: '', nowhere: randomUUID() },
} satisfies Record<string, Named>;

/** Named below something that is foreign already: the same for both. */
const FURTHER: Record<string, string> = { quotas: '2026', consents: 'SHARING_BANK', roles: randomUUID(), substitutions: randomUUID() };

/** A body that is right in itself and names what is asked for. */
const BODIES: Record<string, (pick: Pick) => unknown> = {
  'POST /v1/claims': (pick) => claimBody({ employeeNo: pick('employees') }),
  'POST /v1/claims/{number}/resubmit': () => resubmission(),
  'POST /v1/claims/{number}/documents': (pick) => ({ documents: [{ documentId: pick('documents'), kind: 'FEE_LIST' }] }),
  'POST /v1/claims/{number}/review-request': () => ({ reason: '材料无误' }),
  'POST /v1/claims/{number}/appeal': () => ({ reason: '不服' }),
  'POST /v1/claims/{number}/hold': () => ({ reason: '核查' }),
  'POST /v1/claims/{number}/reversal': () => ({ reason: '多付' }),
  'POST /v1/tasks/{id}/decision': () => ({ choice: 'APPROVE', comment: '同意' }),
  'POST /v1/tasks/bulk-decisions': (pick) => ({ items: [{ taskId: pick('tasks'), version: 1, choice: 'APPROVE', comment: null }] }),
  'POST /v1/tasks/bulk-decisions/preview': (pick) => ({ items: [{ taskId: pick('tasks'), version: 1, choice: 'APPROVE', comment: null }] }),
  'POST /v1/employees': (pick) => ({ ...person(), employeeNo: `N-${randomUUID().slice(0, 8)}`, unitCode: pick('units') }),
  'PATCH /v1/employees/{employeeNo}': () => ({ name: '新名' }),
  'POST /v1/employees/{employeeNo}/accounts': () => ({ holderName: '李四', accountNo: '6228480000000001234', bankName: '兴业银行', bankCode: '309121000001' }),
  'PUT /v1/employees/{employeeNo}/quotas/{year}': () => ({ limit: '1000.00' }),
  'POST /v1/units': (pick) => ({ code: `U-${randomUUID().slice(0, 8)}`, name: '部', nameEn: 'Dept', parentCode: pick('units'), region: '130100' }),
  'PATCH /v1/units/{code}': () => ({ name: '新名' }),
  'POST /v1/webhook-endpoints': (pick) => ({ url: 'https://hr.example.com/', unitCode: pick('units') }),
  'POST /v1/employees/{employeeNo}/roles': () => ({ unitCode: 'SJZ', role: 'approver' }),
  'POST /v1/employees/{employeeNo}/roles/{id}/end': () => ({}),
  'POST /v1/substitutions': (pick) => ({ absentNo: pick('employees'), substituteNo: 'E4', validTo: IN_A_WEEK }),
  'POST /v1/substitutions/{id}/end': () => ({}),
  'POST /v1/employees/{employeeNo}/consents': (pick) => ({
    purpose: 'SHARING_BANK',
    textVersion: '2026-1',
    paper: { documentId: pick('documents'), signedOn: '2026-11-01' },
  }),
  'POST /v1/employees/{employeeNo}/erasure': () => ({}),
  'POST /v1/employees/{employeeNo}/erasure/decision': () => ({ decision: 'CONFIRM' }),
  'POST /v1/legal-holds': (pick) => ({ employeeNo: pick('employees'), reason: '诉讼' }),
  'POST /v1/inspection-packs': (pick) => ({ unitCode: pick('units'), reason: '检查' }),
  'POST /v1/simulations': (pick) => ({ unitCode: pick('units'), year: 2026, name: '试算' }),
  'POST /v1/units/{code}/approval-flows': () => ({
    name: '审批',
    basedOn: 0,
    steps: [{ name: '主管', mode: 'any', approvers: { kind: 'role', role: 'approver' } }],
  }),
  'POST /v1/estimates': () => ({
    ...{
      insuredRegion: '130100',
      treatedRegion: '110000',
      kind: 'INPATIENT',
      age: 40,
      hospital: { grade: '3' },
      visit: { start: '2026-03-02', end: '2026-03-09' },
    },
    lines: [{ itemCode: 'A', itemName: '药', itemClass: '01', amount: '10.00' }],
  }),
  'POST /v1/colleagues/search': (pick) => ({ text: pick('employees') }),
  'POST /v1/employees/{employeeNo}/estimates': () => ({
    ...{ treatedRegion: '110000', kind: 'INPATIENT', hospital: { grade: '3' }, visit: { start: '2026-03-02', end: '2026-03-09' } },
    lines: [{ itemCode: 'A', itemName: '药', itemClass: '01', amount: '10.00' }],
  }),
  'POST /v1/claim-proposals': (pick) => ({ employeeNo: pick('employees'), documents: [pick('documents')] }),
  'POST /v1/claims/{number}/operations': () => ({ operation: 'NUDGE', reason: '核查' }),
  'POST /v1/notices/{id}/resend': () => ({ reason: '核查' }),
  'POST /v1/announcements': (pick) => ({ unitCode: pick('units'), text: { zh: '维护', en: 'Maintenance' }, endsAt: IN_A_WEEK, reason: '升级' }),
  'POST /v1/announcements/{id}/end': () => ({ reason: '完成' }),
  'POST /v1/payout-stops': (pick) => ({ scope: pick('units'), reason: '核查' }),
};

/** Lists that can be asked for by what they belong to. */
const QUERIES: Record<string, (pick: Pick) => string> = {
  'GET /v1/claims': (pick) => `unitCode=${pick('units')}`,
  'GET /v1/employees': (pick) => `unitCode=${pick('units')}`,
  'GET /v1/tasks': (pick) => `unitCode=${pick('units')}`,
  'GET /v1/units': (pick) => `parentCode=${pick('units')}`,
  'GET /v1/legal-holds': (pick) => `employeeNo=${pick('employees')}`,
  'GET /v1/erasures': (pick) => `unitCode=${pick('units')}`,
  'GET /v1/substitutions': (pick) => `absentNo=${pick('employees')}`,
  'GET /v1/simulations/{id}/comparison': (pick) => `with=${pick('simulations')}`,
  'GET /v1/operations/stuck': (pick) => `unitCode=${pick('units')}`,
  'GET /v1/operations/stuck/claims': (pick) => `reason=ON_HOLD&unitCode=${pick('units')}`,
  'GET /v1/operations/deliveries': (pick) => `claimNumber=${pick('claims')}`,
  'GET /v1/webhook-deliveries': (pick) => `endpointId=${pick('webhook-endpoints')}`,
};

/**
 * Signed, or open to all: nobody's scope is asked. The codec is asked with sealed payloads and no names (codec.test.ts); a stream does not end (live.test.ts); health counts
 * what there is in all branches.
 */
const APART = /^\/(healthz|readyz|metrics|auth\/|v1\/callbacks\/|v1\/codec\/|v1\/operations\/health$|v1\/(session|stream|page-errors)$)/;

const IN_A_WEEK = new Date(Date.now() + 7 * 86_400_000).toISOString();
const person = () => ({ name: '李四', insuredRegion: '130100', personType: '11', insuranceType: '310' });
function resubmission(): Record<string, unknown> {
  const { employeeNo: _, draft: __, ...content } = claimBody();
  return content;
}

beforeAll(async () => {
  api = await startSignInWorld({}, {}, { people: ROLES.map((_, index) => `R${index}`) });
  const document = (await api.call({ url: '/openapi.json', token: null })).json<{
    paths: Record<string, Record<string, { requestBody?: { required?: boolean; content: Record<string, unknown> } }>>;
  }>();
  operations = Object.entries(document.paths)
    .filter(([path]) => !APART.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => ({
        ...{ method: method.toUpperCase(), path },
        takesBody: requestBody?.required === true,
        upload: requestBody?.content['multipart/form-data'] !== undefined,
        piece: requestBody?.content[TUS.contentType] !== undefined,
      })),
    );

  // what there is in Beijing
  known.documents.there = (await api.upload({ content: PDF, unitCode: 'BJ' })).json().id;
  const begun = await api.app.inject({
    ...{ method: 'POST', url: '/v1/uploads' },
    headers: { authorization: `Bearer ${api.tokens.BJ}`, 'idempotency-key': randomUUID(), ...uploadHeaders('BJ') },
  });
  known.uploads.there = begun.json().id;
  const documents = [{ documentId: known.documents.there, kind: 'FEE_LIST' }];
  known.claims.there = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2', documents }) })).json().number;
  const endpoint = await api.call({ method: 'POST', url: '/v1/webhook-endpoints', body: { url: 'https://bj.example.com/', unitCode: 'BJ' } });
  known['webhook-endpoints'].there = endpoint.json().id;
  await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) });
  const { rows } = await api.database.query<{ task: string; delivery: string }>(
    `WITH made AS (INSERT INTO task (claim_number, opened_seq, kind, unit_id, role, choices, excluded)
       VALUES ($1, 1, 'ESCALATION', $2, 'approver', '{WAIT}', '{}') RETURNING id)
     SELECT made.id AS task, (SELECT d.id FROM webhook_delivery d WHERE d.endpoint_id = $3 LIMIT 1) AS delivery FROM made`,
    [known.claims.there, api.unitIds.BJ, known['webhook-endpoints'].there],
  );
  known.tasks.there = rows[0]?.task ?? '';
  known['webhook-deliveries'].there = rows[0]?.delivery ?? '';
  await api.call({ method: 'POST', url: '/v1/payout-stops', body: { scope: 'BJ', reason: '核查' } });
  const desk = await api.database.query<{ notice: number; announcement: string }>(
    `WITH made AS (INSERT INTO announcement (unit_id, zh, en, starts_at, ends_at, reason, created_by, created_at)
       VALUES ($2, '北京维护', 'Beijing', now(), now() + interval '1 day', '升级', '{}', now()) RETURNING id)
     , told AS (INSERT INTO notice (id, claim_number, template, recipient) VALUES (700000001, $1, 'PAID', '{"kind":"claimant"}') RETURNING id)
     SELECT made.id AS announcement, told.id AS notice FROM made, told`,
    [known.claims.there, api.unitIds.BJ],
  );
  known.notices.there = String(desk.rows[0]?.notice ?? '');
  known.announcements.there = desk.rows[0]?.announcement ?? '';
  await api.database.query('UPDATE claim SET on_hold = true WHERE number = $1', [known.claims.there]);
  await api.giveRole({ employee: 'E2', unit: 'BJ', role: 'approver' });
  const substitution = { substituteNo: 'E4', validTo: IN_A_WEEK };
  known.substitutions.there = (await api.call({ method: 'POST', url: '/v1/substitutions', body: substitution, as: 'E2' })).json().id;
  await api.giveRole({ employee: 'E4', unit: 'HQ', role: 'auditor' });
  const held = await api.database.query<{ id: string }>(
    `INSERT INTO legal_hold (employee_id, reason, placed_by, placed_at) VALUES ($1, '诉讼', '{}', now()) RETURNING id`,
    [api.employeeIds.E2],
  );
  known['legal-holds'].there = held.rows[0]?.id ?? '';
  known.simulations.there = randomUUID();
  await api.database.query(
    `INSERT INTO simulation (id, unit_id, year, name, rulebooks, plan_mode, under, hash, actor, created_at) VALUES ($1, $2, 2026, '北京试算', '[]', 'UNITS', '{"rulebooks": []}', '', '{}', now())`,
    [known.simulations.there, api.unitIds.BJ],
  );
  const pack = await api.call({ method: 'POST', url: '/v1/inspection-packs', body: { unitCode: 'BJ', reason: '检查' }, as: 'E4' });
  known['inspection-packs'].there = pack.json().id;

  for (const [index, role] of ROLES.entries()) {
    const employeeNo = `R${index}`;
    const made = await api.call({ method: 'POST', url: '/v1/employees', body: { ...person(), employeeNo, unitCode: 'SJZ' } });
    if (made.statusCode !== 201) throw new Error(made.body);
    await api.giveRole({ employee: employeeNo, unit: 'SJZ', role });
  }
});
afterAll(() => api?.close());

test('everything that a route may name is known here, and is there', () => {
  const unknown = operations.filter(({ method, path, takesBody, upload, piece }) => takesBody && !upload && !piece && !BODIES[`${method} ${path}`]);
  expect(unknown.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  expect(Object.entries(known).filter(([, { there }]) => !there)).toEqual([]);
  expect(operations.length).toBeGreaterThan(70);
});

type Answer = { status: number; text: string };
/** What a caller's requests carry. */
type Credentials = Record<string, string>;

const BOUNDARY = 'testboundary';
const uploadHeaders = (unitCode: string): Credentials => ({
  ...{ 'tus-resumable': TUS.version, 'upload-length': String(PDF.length), 'upload-offset': '0' },
  'upload-metadata': `filename ${Buffer.from('a.pdf').toString('base64')},unitCode ${Buffer.from(unitCode).toString('base64')}`,
});
function uploadOf(unitCode: string): Buffer {
  const field = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="unitCode"\r\n\r\n${unitCode}\r\n`;
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\ncontent-type: application/pdf\r\n\r\n`;
  return Buffer.concat([Buffer.from(field + head), PDF, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

/** The same request, once about what is there and once about what is nowhere; what each names is written as X. */
async function ask({ method, path, upload, piece }: Operation, which: keyof Named, credentials: Credentials): Promise<Answer> {
  const pick: Pick = (name) => known[name][which];
  const name = `${method} ${path}`;
  const url = path.replaceAll(/([^/]+)\/\{[^}]+\}/g, (_, word: string) => {
    const value = word in known ? pick(word as keyof typeof known) : FURTHER[word];
    if (value === undefined) throw new Error(`${name}: what is “${word}”? This file has to know one of another branch.`);
    return `${word}/${value}`;
  });
  const query = QUERIES[name]?.(pick);
  const body = upload ? uploadOf(pick('units')) : piece ? PDF : BODIES[name] && JSON.stringify(BODIES[name](pick));
  const type = upload ? `multipart/form-data; boundary=${BOUNDARY}` : piece ? TUS.contentType : 'application/json';
  const answer = await api.app.inject({
    ...{ method: method as 'GET', url: query === undefined ? url : `${url}?${query}` },
    headers: {
      ...credentials,
      ...(method !== 'GET' && { 'if-match': '"1"', 'idempotency-key': randomUUID() }),
      ...(body !== undefined && { 'content-type': type }),
      ...(path.startsWith('/v1/uploads') && uploadHeaders(pick('units'))),
    },
    ...(body !== undefined && { payload: body }),
  });
  const values = Object.values(known).map((named) => named[which]);
  // where the database is by now, which moves with whatever anybody writes
  const place = answer.body.replaceAll(/"cursor":"[\d:,]+"/g, '"cursor":""');
  const text = values.reduce((told, value) => told.replaceAll(value, 'X'), place).replaceAll(/urn:uuid:[0-9a-f-]+/g, 'urn:uuid');
  return { status: answer.statusCode, text };
}

/** Nothing of Beijing may be in an answer to anybody of Shijiazhuang. */
const FOREIGN_WORDS = (): string[] => [
  known.claims.there,
  known.documents.there,
  known.tasks.there,
  known['webhook-endpoints'].there,
  known.announcements.there,
  '北京维护',
  'bj.example.com',
  '"E2"',
];

const actsFor = (employeeNo?: string): Credentials => ({
  authorization: `Bearer ${api.tokens.SJZ}`,
  ...(employeeNo !== undefined && { 'daozhang-actor': employeeNo }),
});

/** Signed in by the provider, with a second factor, as a browser would be. */
async function signedIn(employeeNo: string): Promise<Credentials> {
  const browser = api.browser();
  await api.signIn(browser, employeeNo, { acr: SECOND_FACTOR, code: true });
  const session = (await browser.get(`${api.api}/v1/session`)).json<{ csrfToken: string; secondFactor: boolean }>();
  expect(session.secondFactor).toBe(true);
  const cookie = [...browser.cookies(api.api)].map(([name, value]) => `${name}=${value}`).join('; ');
  return { cookie, origin: api.api, 'daozhang-csrf': session.csrfToken };
}

const CALLERS: [string, () => Credentials | Promise<Credentials>][] = [
  ['the machine', () => actsFor()],
  ...ROLES.map((role, index): [string, () => Credentials] => [`a machine that acts for ${role}`, () => actsFor(`R${index}`)]),
  ...ROLES.map((role, index): [string, () => Promise<Credentials>] => [`${role}, signed in`, () => signedIn(`R${index}`)]),
];

describe.each(CALLERS)('to %s of another branch', (_, credentialsOf) => {
  test('what is in a branch looks like what is nowhere, on every route', async () => {
    const credentials = await credentialsOf();
    const before = await api.countRows();
    const told: string[] = [];
    for (const operation of operations) {
      const name = `${operation.method} ${operation.path}`;
      const there = await ask(operation, 'there', credentials);
      const nowhere = await ask(operation, 'nowhere', credentials);
      if (there.status !== nowhere.status || there.text !== nowhere.text)
        told.push(`${name}: ${there.status} ${there.text} but ${nowhere.status} ${nowhere.text}`);
      if (there.status >= 500) told.push(`${name}: ${there.status} ${there.text}`);
      if (there.status < 300 && operation.method !== 'GET' && !HARMLESS.has(name)) told.push(`${name} was carried out`);
      const raw = await rawAnswer(operation, credentials);
      for (const word of FOREIGN_WORDS()) if (raw.includes(word)) told.push(`${name}: shows ${word}`);
    }
    expect(told).toEqual([]);
    const after = await api.countRows();
    for (const table of [
      'claim',
      'task',
      'document',
      'upload',
      'employee',
      'unit',
      'bank_account',
      'role_assignment',
      'webhook_endpoint',
      'payout_stop',
      'workflow_command',
      'claim_event',
      'announcement',
    ])
      expect([table, after[table]]).toEqual([table, before[table]]);
  });
});

/** Answered with a refusal for each item; asked about nobody. */
const HARMLESS = new Set(['POST /v1/colleagues/search', 'POST /v1/tasks/bulk-decisions', 'POST /v1/tasks/bulk-decisions/preview', 'POST /v1/estimates']);

/** What a list shows that is asked for without any name. */
async function rawAnswer({ method, path }: Operation, credentials: Credentials): Promise<string> {
  if (method !== 'GET' || path.includes('{')) return '';
  return (await api.app.inject({ url: path, headers: credentials })).body;
}
