import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const addEmployee = (employeeNo: string, more = {}) =>
  api.call({ method: 'POST', url: '/v1/employees', body: { employeeNo, unitCode: 'SJZ', name: '王小明', insuredRegion: '130100', ...more } });
const accountBody = ({ holderName }: { holderName: string }) => ({
  ...{ holderName, accountNo: '6222020402001234567', bankName: '兴业银行石家庄分行', bankCode: '309121000018' },
});

describe('a payout that somebody wants to divert', () => {
  const audited = async (action: string, employeeNo: string) =>
    (
      await api.database.query<{ actor: { id: string }; detail: { fields?: string[] } }>(
        `SELECT actor, detail FROM audit_entry WHERE action = $1 AND detail->>'employeeId' = (SELECT id::text FROM employee WHERE employee_no = $2)`,
        [action, employeeNo],
      )
    ).rows;
  const told = async (template: string, name: string) =>
    (
      await api.database.query<{ email: string }>(
        `SELECT recipient->>'email' AS email FROM notice WHERE template = $1 AND recipient->>'name' = $2 AND claim_number IS NULL ORDER BY 1`,
        [template, name],
      )
    ).rows.map(({ email }) => email);
  const change = (employeeNo: string, version: number, body: unknown, as?: string) =>
    api.call({ method: 'PATCH', url: `/v1/employees/${employeeNo}`, body, headers: { 'if-match': `"${version}"` }, ...(as !== undefined && { as }) });
  const account = (employeeNo: string, holderName: string, as?: string) =>
    api.call({ method: 'POST', url: `/v1/employees/${employeeNo}/accounts`, body: accountBody({ holderName }), ...(as !== undefined && { as }) });

  beforeAll(async () => {
    for (const no of ['HR-1', 'HR-2']) {
      await addEmployee(no, { name: `人事${no}` });
      await api.giveRole({ employee: no, unit: 'SJZ', role: 'hr' });
    }
  });

  test('name, address, account by one hand: refused, told to the old address, and on record without a value', async () => {
    await addEmployee('D-1', { name: '赵六', email: 'old@example.com' });
    expect((await change('D-1', 1, { name: '钱七', email: 'new@example.com' }, 'HR-1')).statusCode).toBe(200);
    const answers = [];
    for (const as of ['HR-1', undefined]) answers.push((await account('D-1', '钱七', as)).json().code);
    expect(answers).toEqual(['SECOND_PERSON_REQUIRED', 'SECOND_PERSON_REQUIRED']);
    expect([await told('IDENTITY_CHANGED', '赵六'), await told('IDENTITY_CHANGED', '钱七')]).toEqual([['old@example.com'], ['new@example.com']]);
    const [entry, ...more] = await audited('employee-changed', 'D-1');
    expect([entry?.detail.fields?.toSorted(), more]).toEqual([['email', 'name'], []]);
    expect(JSON.stringify(entry)).not.toMatch(/example\.com|钱七|赵六/);
  });

  test('one’s own account: by oneself, or by HR, and by no colleague', async () => {
    for (const no of ['D-7', 'D-8']) await addEmployee(no, { name: '周九' });
    expect((await account('D-7', '周九', 'D-7')).statusCode).toBe(201);
    expect((await account('D-7', '周九', 'D-8')).json().code).toBe('FORBIDDEN');
    expect((await change('D-7', 1, { name: '吴十' }, 'D-7')).json().code).toBe('FORBIDDEN');
  });

  test('two hands: taken, and both addresses hear of it', async () => {
    await addEmployee('D-2', { name: '孙八', email: 'old2@example.com' });
    // in two steps, with a detour: each address of the last days is told
    await change('D-2', 1, { email: 'between@example.com' }, 'HR-1');
    await change('D-2', 2, { email: 'new2@example.com' }, 'HR-1');
    expect((await account('D-2', '孙八', 'HR-2')).statusCode).toBe(201);
    expect(await told('ACCOUNT_CHANGED', '孙八')).toEqual(['between@example.com', 'new2@example.com', 'old2@example.com']);
  });

  test('nobody does it for themselves, nor washes it off by another change', async () => {
    await addEmployee('D-3', { name: '周九' });
    await api.giveRole({ employee: 'D-3', unit: 'SJZ', role: 'hr' });
    await change('D-3', 1, { name: '吴十' }, 'HR-1');
    await change('D-3', 2, { email: 'd3@example.com' }, 'HR-2');
    const codes = [];
    for (const as of ['D-3', 'HR-1', 'HR-2']) codes.push((await account('D-3', '吴十', as)).json().code);
    expect(codes).toEqual(Array(3).fill('SECOND_PERSON_REQUIRED'));
  });

  test('what else is changed asks for nobody; after seven days one hand is enough again', async () => {
    await addEmployee('D-4', { name: '郑一', email: 'd4@example.com' });
    await change('D-4', 1, { phone: '+86 13800000001', unitCode: 'SJZ-01' }, 'HR-1');
    expect((await account('D-4', '郑一', 'HR-1')).statusCode).toBe(201);
    await change('D-4', 2, { name: '郑二' }, 'HR-1');
    const begun = api.time.now;
    const after = async (ms: number) => {
      api.time.now = new Date(begun.getTime() + ms);
      return (await account('D-4', '郑二', 'HR-1')).statusCode;
    };
    try {
      expect([await after(7 * 86_400_000 - 1), await after(7 * 86_400_000)]).toEqual([403, 201]);
    } finally {
      api.time.now = begun;
    }
  });

  test('quotas, roles and settings of a unit leave their rows as well', async () => {
    await addEmployee('D-5');
    await api.call({ method: 'PUT', url: '/v1/employees/D-5/quotas/2026', body: { limit: '900' } });
    await api.call({ method: 'POST', url: '/v1/employees/D-5/roles', body: { unitCode: 'SJZ', role: 'hr' } });
    expect([await audited('employee-added', 'D-5'), await audited('quota-set', 'D-5'), await audited('role-given', 'D-5')].map((rows) => rows.length)).toEqual([
      1, 1, 1,
    ]);
    const unit = await api.call({ url: '/v1/units/BJ' });
    const headers = { 'if-match': String(unit.headers['etag']) };
    expect((await api.call({ method: 'PATCH', url: '/v1/units/BJ', body: { settings: { maxResubmissions: 1 } }, headers })).statusCode).toBe(200);
    const { rows } = await api.database.query(`SELECT detail->'fields' AS fields FROM audit_entry WHERE action = 'unit-changed' AND detail->>'unitId' = $1`, [
      api.unitIds.BJ,
    ]);
    expect(rows).toEqual([{ fields: ['settings'] }]);
  });
});
