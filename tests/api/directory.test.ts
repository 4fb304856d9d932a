import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimBody, invoice, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

/** Sends requests while `lock` holds what they need, and lets go once all of them wait for it: from there on they race. */
async function atOnce<T>(lock: string, send: () => Promise<T>[]): Promise<T[]> {
  let sent: Promise<T>[] = [];
  await api.database.write(async (tx) => {
    await tx.query(lock);
    sent = send();
    const waiting = `SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await api.database.query<{ count: number }>(waiting)).rows[0]?.count, { timeout: 30_000 }).toBe(sent.length);
  });
  return Promise.all(sent);
}

const SETTINGS = {
  serviceLevels: { bureauReview: { escalateAfter: { workingDays: 7 } }, taskDue: { dueAfter: { seconds: 60 } } },
  paysFundingSources: ['employer_plan'],
  payoutLimits: { perInstruction: '20000.00' },
  maxResubmissions: 0,
};

const unitBody = (code: string, parentCode: string, more = {}) => ({
  code,
  name: `单位 ${code}`,
  nameEn: `Unit ${code}`,
  parentCode,
  region: '130100',
  ...more,
});
const addUnit = (code: string, parentCode: string, more = {}) => api.call({ method: 'POST', url: '/v1/units', body: unitBody(code, parentCode, more) });
const patchUnit = (code: string, version: number, body: unknown, token?: string) =>
  api.call({ method: 'PATCH', url: `/v1/units/${code}`, body, headers: { 'if-match': `"${version}"` }, ...(token !== undefined && { token }) });

describe('units', () => {
  test('a unit is added with its own settings, amounts in yuan outside and in fen inside', async () => {
    const made = await addUnit('U-SET', 'SJZ', { settings: SETTINGS });
    expect(made.statusCode).toBe(201);
    expect(made.headers['location']).toBe('/v1/units/U-SET');
    const read = await api.call({ url: '/v1/units/U-SET', token: api.tokens.SJZ });
    expect(read.headers['etag']).toBe('"1"');
    expect(read.json()).toMatchObject({ code: 'U-SET', parentCode: 'SJZ', settings: SETTINGS, active: true, version: 1 });
    const { rows } = await api.database.query<{ settings: unknown }>(`SELECT settings FROM unit WHERE code = 'U-SET'`);
    expect(rows[0]?.settings).toEqual({
      ...{ serviceLevels: SETTINGS.serviceLevels, paysFundingSources: ['employer_plan'], maxResubmissions: 0 },
      payoutLimits: { perInstructionFen: 2_000_000 },
    });
  });

  test.each([
    ['an unknown property', { settings: { serviceLevel: {} } }],
    ['an unknown step', { settings: { serviceLevels: { coffee: { remindAfter: { seconds: 1 } } } } }],
    ['two kinds of duration at once', { settings: { serviceLevels: { taskDue: { dueAfter: { seconds: 1, workingDays: 1 } } } } }],
    ['negative waiting', { settings: { serviceLevels: { taskDue: { dueAfter: { workingDays: -1 } } } } }],
    ['three decimals', { settings: { payoutLimits: { perDay: '1.005' } } }],
    ['an unknown funding source', { settings: { paysFundingSources: ['lottery'] } }],
    ['NUL in a name', { name: 'a\u0000b' }],
    ['a code with a slash', { code: 'a/b' }],
  ])('%s is refused and nothing is stored', async (_what, more) => {
    const before = await api.countRows();
    const answer = await addUnit('U-BAD', 'SJZ', more);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe('VALIDATION_FAILED');
    expect(await api.countRows()).toEqual(before);
  });

  test('a code is taken once, by whomever', async () => {
    await addUnit('U-ONCE', 'SJZ');
    expect((await addUnit('U-ONCE', 'BJ')).json().code).toBe('ALREADY_EXISTS');
  });

  test('a move takes everything below along, and a cycle is refused', async () => {
    await addUnit('M-A', 'SJZ');
    await addUnit('M-B', 'M-A');
    await addUnit('M-C', 'M-B');
    const moved = await patchUnit('M-B', 1, { parentCode: 'BJ', name: '搬走了' });
    expect(moved.statusCode).toBe(200);
    expect(moved.json()).toMatchObject({ parentCode: 'BJ', name: '搬走了', version: 2 });
    expect(await ancestorsOf('M-C')).toEqual(['HQ', 'BJ', 'M-B', 'M-C']);
    expect(await ancestorsOf('M-B')).toEqual(['HQ', 'BJ', 'M-B']);
    expect((await api.call({ url: '/v1/units/M-C', token: api.tokens.SJZ })).statusCode).toBe(404);

    const cycle = await patchUnit('M-B', 2, { parentCode: 'M-C', name: 'nothing of this may stay' });
    expect(cycle.json().code).toBe('UNIT_CYCLE');
    expect((await patchUnit('M-B', 2, { parentCode: 'M-B' })).json().code).toBe('UNIT_CYCLE');
    expect((await api.call({ url: '/v1/units/M-B' })).json()).toMatchObject({ name: '搬走了', version: 2 });
  });

  test('two moves at once that would make a cycle together: one of them is refused', async () => {
    await addUnit('X-A', 'SJZ');
    await addUnit('X-B', 'SJZ');
    const answers = await atOnce(`SELECT FROM unit WHERE code IN ('X-A', 'X-B') FOR UPDATE`, () => [
      patchUnit('X-A', 1, { parentCode: 'X-B' }),
      patchUnit('X-B', 1, { parentCode: 'X-A' }),
    ]);
    expect(answers.map((answer) => answer.statusCode).toSorted()).toEqual([200, 422]);
  });

  test('If-Match is needed and must be the newest', async () => {
    await addUnit('V-A', 'SJZ');
    expect((await api.call({ method: 'PATCH', url: '/v1/units/V-A', body: { name: 'x' } })).json().code).toBe('PRECONDITION_REQUIRED');
    expect((await patchUnit('V-A', 1, { name: 'first' })).statusCode).toBe(200);
    expect((await patchUnit('V-A', 1, { name: 'second' })).json().code).toBe('VERSION_MISMATCH');
  });

  test('a key sees and changes its own subtree alone', async () => {
    expect((await api.call({ url: '/v1/units/BJ', token: api.tokens.SJZ })).statusCode).toBe(404);
    expect((await patchUnit('BJ', 1, { name: 'x' }, api.tokens.SJZ)).statusCode).toBe(404);
    const answer = await api.call({ method: 'POST', url: '/v1/units', body: unitBody('F-A', 'BJ'), token: api.tokens.SJZ });
    expect(answer.json().code).toBe('UNIT_UNKNOWN');
    const page = await api.call({ url: '/v1/units?limit=100', token: api.tokens['SJZ-01'] });
    expect(page.json().items.map((unit: { code: string }) => unit.code)).toEqual(['SJZ-01']);
  });

  test('pages follow each other without gaps', async () => {
    for (const code of ['P-1', 'P-2', 'P-3', 'P-4', 'P-5']) await addUnit(code, 'SJZ-01');
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page = (await api.call({ url: `/v1/units?parentCode=SJZ-01&limit=2${cursor}` })).json();
      seen.push(...page.items.map((unit: { code: string }) => unit.code));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(['P-1', 'P-2', 'P-3', 'P-4', 'P-5']);
  });

  const opaque = (json: string) => Buffer.from(json).toString('base64url');
  test.each([
    ['/v1/units', 'garbage'],
    ['/v1/units', opaque('{}')],
    ['/v1/employees', opaque(String.raw`"\u0000"`)],
    ['/v1/tasks', opaque(`{"due":"0000-01-01T00:00:00Z","id":"${randomUUID()}"}`)],
    ['/v1/tasks', opaque('{"due":null,"id":"1"}')],
    ['/v1/webhook-deliveries', opaque(`{"createdAt":"9999999-01-01T00:00:00Z","id":"${randomUUID()}"}`)],
    ['/v1/claims', opaque('{"createdAt":"0000-01-01T00:00:00Z","number":"x"}')],
    ['/v1/claims', opaque(String.raw`{"createdAt":"2026-01-01T00:00:00Z","number":"\u0000"}`)],
  ])('%s with a cursor that is none of ours: %s', async (url, cursor) => {
    expect((await api.call({ url: `${url}?cursor=${cursor}` })).json().code).toBe('CURSOR_INVALID');
  });

  async function ancestorsOf(code: string): Promise<string[]> {
    const { rows } = await api.database.query<{ code: string }>(
      'SELECT a.code FROM unit u, unnest(u.ancestor_ids) WITH ORDINALITY AS x (id, n) JOIN unit a ON a.id = x.id WHERE u.code = $1 ORDER BY n',
      [code],
    );
    return rows.map((row) => row.code);
  }
});

const employeeBody = (employeeNo: string, more = {}) => ({ employeeNo, unitCode: 'SJZ', name: '王小明', insuredRegion: '130100', ...more });
const addEmployee = (employeeNo: string, more = {}) => api.call({ method: 'POST', url: '/v1/employees', body: employeeBody(employeeNo, more) });
const patchEmployee = (employeeNo: string, version: number, body: unknown) =>
  api.call({ method: 'PATCH', url: `/v1/employees/${employeeNo}`, body, headers: { 'if-match': `"${version}"` } });

describe('employees', () => {
  test('an employee is added; the identity number is never shown whole', async () => {
    const made = await addEmployee('N-1', { identityNo: '130102199003070011', email: 'n1@example.com', personNo: 'P-N-1' });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({ identityNo: '**************0011', locale: 'zh-CN', personType: '11', insuranceType: '310', version: 1 });
    expect(made.body).not.toContain('130102199003070011');
    expect((await addEmployee('N-1', { unitCode: 'BJ' })).json().code).toBe('ALREADY_EXISTS');
    expect((await addEmployee('N-2', { unitCode: 'NOWHERE' })).json().code).toBe('UNIT_UNKNOWN');
  });

  test('a number stays with whom it was given to, also when she has left', async () => {
    expect((await addEmployee('E9')).json().code).toBe('ALREADY_EXISTS');
    const read = await api.call({ url: '/v1/employees/E1' });
    expect((await patchEmployee('E1', read.json().version, { employeeNo: 'E9' })).json().code).toBe('VALIDATION_FAILED');
    const scoped = api.deps.database.within({ units: [api.unitIds.HQ] });
    await expect(scoped.query(`DELETE FROM employee WHERE employee_no = 'E9'`)).rejects.toMatchObject({ code: '42501' });
  });

  test('a transfer to another unit, with nothing else lost', async () => {
    await addEmployee('T-1', { identityNo: 'X123456', phone: '+86 13800000000' });
    const moved = await patchEmployee('T-1', 1, { unitCode: 'BJ', insuredRegion: '110000' });
    expect(moved.json()).toMatchObject({ unitCode: 'BJ', insuredRegion: '110000', phone: '+86 13800000000', identityNo: '***3456', version: 2 });
    expect((await api.call({ url: '/v1/employees/T-1', token: api.tokens.SJZ })).statusCode).toBe(404);
    expect((await patchEmployee('T-1', 1, { name: 'x' })).json().code).toBe('VERSION_MISMATCH');
    expect((await patchEmployee('T-1', 2, { phone: null })).json()).toMatchObject({ phone: null, name: '王小明' });
  });

  test('a person reads the own record, HR those of the unit, a colleague none', async () => {
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
    const as = (actor: string, url: string) => api.call({ url, as: actor }).then((answer) => answer.json().code ?? answer.statusCode);
    expect(await as('E1', '/v1/employees/E1')).toBe(200);
    expect(await as('E1', '/v1/employees/E4')).toBe('FORBIDDEN');
    expect(await as('E4', '/v1/employees/E1')).toBe(200);
    expect(await as('E4', '/v1/employees/E2')).toBe('FORBIDDEN');
    expect(await as('E4', '/v1/employees?unitCode=BJ')).toBe('FORBIDDEN');
    expect(await as('E4', '/v1/employees?unitCode=SJZ')).toBe(200);
    // without a unit: those whom the person looks after
    const { items } = (await api.call({ url: '/v1/employees', as: 'E4' })).json<{ items: { unitCode: string }[] }>();
    expect([...new Set(items.map(({ unitCode }) => unitCode))].toSorted()).toEqual(['SJZ', 'SJZ-01']);
  });

  test('a list of a unit has everybody below it, by number', async () => {
    const page = await api.call({ url: '/v1/employees?unitCode=SJZ-01&limit=100' });
    expect(page.json().items.map((one: { employeeNo: string }) => one.employeeNo)).toEqual(['E1']);
    const gone = await api.call({ url: '/v1/employees?unitCode=SJZ&active=false' });
    expect(gone.json().items.map((one: { employeeNo: string }) => one.employeeNo)).toEqual(['E9']);
  });
});

describe('colleagues', () => {
  const search = async (text: string, as?: string): Promise<string[] | string> => {
    const answer = await api.call({ method: 'POST', url: '/v1/colleagues/search', body: { text, limit: 20 }, ...(as !== undefined && { as }) });
    return answer.statusCode === 200 ? answer.json<{ items: { employeeNo: string }[] }>().items.map(({ employeeNo }) => employeeNo) : answer.json().code;
  };

  test('are found by a part of the name and the beginning of the number, where the own role reaches and nowhere else', async () => {
    await addEmployee('COL-1', { name: '诸葛明月', unitCode: 'SJZ-01', phone: '+86 13800000000' });
    await addEmployee('COL-12', { name: '诸葛明', unitCode: 'SJZ' });
    await addEmployee('COL-2', { name: '诸葛明星', unitCode: 'BJ' });
    await addEmployee('COL-3', { name: '诸葛明日', unitCode: 'SJZ' });
    await patchEmployee('COL-3', 1, { active: false });
    await api.giveRole({ employee: 'COL-12', unit: 'SJZ', role: 'approver' });
    expect(await search('葛明', 'COL-12')).toEqual(['COL-12', 'COL-1']);
    expect(await search('col-1', 'COL-12')).toEqual(['COL-1', 'COL-12']);
    expect(await search('OL-1', 'COL-12')).toEqual([]);
    expect(await search('诸葛明')).toEqual(['COL-12', 'COL-2', 'COL-1']);
    // who holds no role finds nobody; what was typed is no pattern
    expect(await search('诸葛', 'COL-1')).toBe('FORBIDDEN');
    for (const text of ['诸%', '诸_明', '%', '_', '\\\\']) expect(await search(text, 'COL-12')).toEqual([]);
    for (const text of ['', ' ', '\u0000', 'x'.repeat(41)]) expect(await search(text, 'COL-12')).toBe('VALIDATION_FAILED');
    // name, number and unit, and nothing else of them
    const found = await api.call({ method: 'POST', url: '/v1/colleagues/search', body: { text: 'COL-1', limit: 1 }, as: 'COL-12' });
    expect(found.json()).toEqual({ items: [{ employeeNo: 'COL-1', name: '诸葛明月', unitCode: 'SJZ-01', unitName: '单位 SJZ-01' }] });
  });
});

const accountBody = (more = {}) => ({
  holderName: '员工E1',
  accountNo: '6222020402001234567',
  bankName: '兴业银行石家庄分行',
  bankCode: '309121000018',
  ...more,
});
const addAccount = (employeeNo: string, more = {}) => api.call({ method: 'POST', url: `/v1/employees/${employeeNo}/accounts`, body: accountBody(more) });

describe('accounts, quotas, roles', () => {
  test('an account must be in the own name, whatever its spaces and widths', async () => {
    expect((await addAccount('E1', { holderName: '员工E2' })).json().code).toBe('ACCOUNT_HOLDER_DIFFERS');
    const made = await addAccount('E1', { holderName: '员 工Ｅ1' });
    expect(made.statusCode).toBe(201);
    expect(made.json().accountNo).toBe('***************4567');
    expect(made.body).not.toContain('6222020402001234567');
  });

  test('a new account replaces the old one, also when two come at once', async () => {
    await addAccount('E4', { holderName: '员工E4' });
    await atOnce(`SELECT FROM employee WHERE employee_no = 'E4' FOR NO KEY UPDATE`, () =>
      ['111111', '222222', '333333'].map((accountNo) => addAccount('E4', { holderName: '员工E4', accountNo })),
    );
    const { items } = (await api.call({ url: '/v1/employees/E4/accounts' })).json();
    expect(items).toHaveLength(4);
    expect(items.filter((one: { replacedAt: string | null }) => one.replacedAt === null)).toHaveLength(1);
    expect(items[0].replacedAt).toBeNull();
  });

  test('a changed account is told to its owner once, and to the workflow of every open claim, whatever its state looks like now', async () => {
    const submit = async () =>
      (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2', invoices: [invoice()] }) })).json().number;
    const [failed, open, over] = [await submit(), await submit(), await submit()];
    await api.database.query(`UPDATE claim SET state = 'PAYMENT_FAILED' WHERE number = $1`, [failed]);
    await api.database.query(`UPDATE claim SET state = 'PAID', closed_at = now() WHERE number = $1`, [over]);
    expect((await addAccount('E2', { holderName: '员工E2', accountNo: '6222020402009999' })).statusCode).toBe(201);
    const notices = await api.database.query(
      `SELECT claim_number AS number, recipient FROM notice WHERE template = 'ACCOUNT_CHANGED' AND params->>'accountTail' = '9999'`,
    );
    expect(notices.rows).toEqual([{ number: null, recipient: { kind: 'address', name: '员工E2', email: 'e2@example.com', locale: 'zh-CN' } }]);
    const signals = await api.database.query(
      `SELECT claim_number AS number, payload FROM workflow_command WHERE signal = 'accountChanged' AND claim_number = ANY ($1) ORDER BY 1`,
      [[failed, open, over]],
    );
    expect(signals.rows).toEqual([failed, open].map((number) => ({ number, payload: {} })));
  });

  test('a quota is set and read; what claims hold of it stays', async () => {
    const set = (limit: string) => api.call({ method: 'PUT', url: '/v1/employees/E2/quotas/2026', body: { limit } });
    expect((await api.call({ url: '/v1/employees/E2/quotas/2026' })).statusCode).toBe(404);
    expect((await set('5000')).json()).toEqual({ year: 2026, limit: '5000.00', reserved: '0.00', used: '0.00', available: '5000.00', version: 1 });
    await api.database.query(`UPDATE quota SET reserved_fen = 100000, used_fen = 50000 WHERE employee_id = $1`, [api.employeeIds.E2]);
    expect((await set('1200.50')).json()).toMatchObject({ limit: '1200.50', reserved: '1000.00', used: '500.00', available: '0.00', version: 2 });
    expect((await set('-1')).statusCode).toBe(400);
    expect((await set('1.001')).statusCode).toBe(400);
    expect((await api.call({ method: 'PUT', url: '/v1/employees/E2/quotas/1999', body: { limit: '1' } })).statusCode).toBe(404);
  });
});

describe('payout stops', () => {
  const stop = (scope: string, token?: string) =>
    api.call({ method: 'POST', url: '/v1/payout-stops', body: { scope, reason: '账户核查' }, ...(token !== undefined && { token }) });
  const resume = (scope: string, token?: string) => api.call({ method: 'DELETE', url: `/v1/payout-stops/${scope}`, ...(token !== undefined && { token }) });

  test('a unit is stopped and goes on; everything is for the root alone', async () => {
    expect((await stop('SJZ', api.tokens.SJZ)).statusCode).toBe(201);
    expect((await stop('SJZ')).json().code).toBe('ALREADY_EXISTS');
    expect((await stop('*', api.tokens.SJZ)).json().code).toBe('FORBIDDEN');
    expect((await stop('BJ', api.tokens.SJZ)).json().code).toBe('UNIT_UNKNOWN');
    expect((await stop('*')).statusCode).toBe(201);
    const scopes = async (token: string) => (await api.call({ url: '/v1/payout-stops', token })).json().items.map((one: { scope: string }) => one.scope);
    expect(await scopes(api.tokens['SJZ-01'])).toEqual(['SJZ', '*']);
    expect(await scopes(api.tokens.BJ)).toEqual(['*']);
    expect((await resume('*', api.tokens.SJZ)).json().code).toBe('FORBIDDEN');
    expect((await resume('*')).statusCode).toBe(204);
    expect((await resume('*')).statusCode).toBe(404);
    expect((await resume('SJZ', api.tokens.SJZ)).statusCode).toBe(204);
  });
});
