import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { giveRoleAsInstallation } from '#dev/give-role.ts';
import type { Role } from '#domain/claim/actor.ts';
import { NOW, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

type Body = { unitCode: string; role: Role; validFrom?: string; validTo?: string };
const at = (ms: number): Date => new Date(NOW.getTime() + ms);
const DAY = 86_400_000;

const give = (employeeNo: string, body: Body, call: { as?: string; token?: string } = {}) =>
  api.call({ method: 'POST', url: `/v1/employees/${employeeNo}/roles`, body, ...call });
const end = (employeeNo: string, id: string, body: { at?: string } = {}, call: { as?: string; token?: string } = {}) =>
  api.call({ method: 'POST', url: `/v1/employees/${employeeNo}/roles/${id}/end`, body, ...call });
const list = async (employeeNo: string, query = ''): Promise<string[]> =>
  (await api.call({ url: `/v1/employees/${employeeNo}/roles${query}` })).json().items.map((one: Body) => `${one.unitCode}:${one.role}`);

/** A new person in a unit, with roles that somebody at the database gave. */
let people = 0;
async function person(unit: 'HQ' | 'SJZ' | 'SJZ-01' | 'BJ', ...roles: [Role, 'HQ' | 'SJZ' | 'SJZ-01' | 'BJ'][]): Promise<string> {
  people += 1;
  const employeeNo = `R${people}`;
  await api.database.query('INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ($1, $2, $3, $4)', [
    ...[employeeNo, api.unitIds[unit], `员工${employeeNo}`, '130100'],
  ]);
  for (const [role, on] of roles) await api.giveRole({ employee: employeeNo, unit: on, role });
  return employeeNo;
}

describe('giving', () => {
  test('a role from now on; who gave it is kept', async () => {
    const admin = await person('SJZ', ['admin', 'SJZ']);
    const who = await person('SJZ');
    const made = await give(who, { unitCode: 'SJZ-01', role: 'hr' }, { as: admin });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({ unitCode: 'SJZ-01', role: 'hr', validFrom: NOW.toISOString(), validTo: null, endedBy: null });
    expect(made.json().givenBy).toMatchObject({ type: 'person', via: expect.any(String) });
    expect(await list(who)).toEqual(['SJZ-01:hr']);
    expect((await give(who, { unitCode: 'SJZ-01', role: 'hr' }, { as: admin })).json().code).toBe('ALREADY_EXISTS');
  });

  test.each<[string, () => Promise<string>, Body, string]>([
    ['to oneself', () => person('SJZ', ['admin', 'SJZ']), { unitCode: 'SJZ', role: 'hr' }, 'SECOND_PERSON_REQUIRED'],
    ['the role admin to oneself', () => person('SJZ', ['admin', 'SJZ']), { unitCode: 'SJZ', role: 'admin' }, 'SECOND_PERSON_REQUIRED'],
  ])('nobody gives %s', async (_, make, body, code) => {
    const admin = await make();
    expect((await give(admin, body, { as: admin })).json().code).toBe(code);
    expect(await list(admin)).toEqual(['SJZ:admin']);
  });

  test.each<[string, [Role, 'HQ' | 'SJZ' | 'SJZ-01' | 'BJ'][], Body, number, string | undefined]>([
    ['an admin of the unit above', [['admin', 'HQ']], { unitCode: 'SJZ-01', role: 'finance' }, 201, undefined],
    ['an admin of a unit below', [['admin', 'SJZ-01']], { unitCode: 'SJZ', role: 'hr' }, 403, 'FORBIDDEN'],
    ['an admin of another company', [['admin', 'BJ']], { unitCode: 'SJZ', role: 'hr' }, 403, 'FORBIDDEN'],
    ['HR', [['hr', 'HQ']], { unitCode: 'SJZ', role: 'hr' }, 403, 'FORBIDDEN'],
    ['an operator', [['operator', 'HQ']], { unitCode: 'SJZ', role: 'hr' }, 403, 'FORBIDDEN'],
    ['an admin of a company, of the root', [['admin', 'SJZ']], { unitCode: 'HQ', role: 'admin' }, 403, 'FORBIDDEN'],
    ['an admin of the root', [['admin', 'HQ']], { unitCode: 'HQ', role: 'admin' }, 201, undefined],
    ['somebody without a role', [], { unitCode: 'SJZ', role: 'hr' }, 403, 'FORBIDDEN'],
  ])('%s', async (_, roles, body, status, code) => {
    const giver = await person('SJZ', ...roles);
    const who = await person('SJZ');
    const answer = await give(who, body, { as: giver });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(await list(who)).toEqual(status === 201 ? [`${body.unitCode}:${body.role}`] : []);
  });

  test('a machine gives roles in its subtree, but not the one that gives roles', async () => {
    const who = await person('SJZ');
    expect((await give(who, { unitCode: 'SJZ', role: 'hr' }, { token: api.tokens.SJZ })).statusCode).toBe(201);
    expect((await give(who, { unitCode: 'SJZ', role: 'admin' }, { token: api.tokens.SJZ })).json().code).toBe('ACTOR_REQUIRED');
    expect((await give(who, { unitCode: 'HQ', role: 'hr' }, { token: api.tokens.SJZ })).json().code).toBe('UNIT_UNKNOWN');
    // of a branch that the key does not see there is nobody
    expect((await give(who, { unitCode: 'BJ', role: 'hr' }, { token: api.tokens.BJ })).statusCode).toBe(404);
  });

  test.each<[string, Record<string, unknown>, number]>([
    ['the role that everybody has', { unitCode: 'SJZ', role: 'employee' }, 400],
    ['a role that there is not', { unitCode: 'SJZ', role: 'root' }, 400],
    ['with somebody as its giver', { unitCode: 'SJZ', role: 'hr', givenBy: { type: 'system', id: 'daozhang' } }, 400],
    ['from yesterday', { unitCode: 'SJZ', role: 'hr', validFrom: at(-DAY).toISOString() }, 422],
    ['that ends before it begins', { unitCode: 'SJZ', role: 'hr', validFrom: at(2 * DAY).toISOString(), validTo: at(DAY).toISOString() }, 422],
    ['that ends as it begins', { unitCode: 'SJZ', role: 'hr', validTo: NOW.toISOString() }, 422],
  ])('not %s', async (_, body, status) => {
    const who = await person('SJZ');
    expect((await give(who, body as Body)).statusCode).toBe(status);
    expect(await list(who, '?history=true')).toEqual([]);
  });

  test('not to somebody who has left', async () => {
    expect((await give('E9', { unitCode: 'SJZ', role: 'hr' })).json().code).toBe('EMPLOYEE_UNKNOWN');
  });

  test('two at once give one', async () => {
    const who = await person('SJZ');
    const answers = await Promise.all([1, 2, 3].map(() => give(who, { unitCode: 'SJZ', role: 'approver' })));
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    expect(await list(who, '?history=true')).toEqual(['SJZ:approver']);
  });
});

describe('dates', () => {
  test('a role counts from its first moment until before its last', async () => {
    const who = await person('SJZ');
    const other = await person('SJZ-01');
    const body = { unitCode: 'SJZ', role: 'hr', validFrom: at(1_000).toISOString(), validTo: at(5_000).toISOString() } as const;
    expect((await give(who, body)).statusCode).toBe(201);
    const reads = async (ms: number): Promise<number> => {
      api.time.now = at(ms);
      return (await api.call({ url: `/v1/employees/${other}`, as: who })).statusCode;
    };
    const held = async (ms: number): Promise<string[]> => {
      api.time.now = at(ms);
      return list(who);
    };
    try {
      expect([await reads(0), await reads(999), await reads(1_000), await reads(4_999), await reads(5_000)]).toEqual([403, 403, 200, 200, 403]);
      expect([await held(999), await held(1_000), await held(4_999), await held(5_000)]).toEqual([[], ['SJZ:hr'], ['SJZ:hr'], []]);
    } finally {
      api.time.now = NOW;
    }
  });

  test('given again it follows on, and both are kept; an overlap is refused', async () => {
    const who = await person('SJZ');
    const from = (ms: number, until?: number) =>
      give(who, { unitCode: 'SJZ', role: 'hr', validFrom: at(ms).toISOString(), ...(until !== undefined && { validTo: at(until).toISOString() }) });
    expect((await from(DAY, 3 * DAY)).statusCode).toBe(201);
    expect((await from(2 * DAY, 4 * DAY)).json().code).toBe('ALREADY_EXISTS');
    expect((await from(0)).json().code).toBe('ALREADY_EXISTS');
    expect((await from(3 * DAY)).statusCode).toBe(201);
    expect((await from(0, DAY)).statusCode).toBe(201);
    expect((await from(9 * DAY, 10 * DAY)).json().code).toBe('ALREADY_EXISTS');
    expect(await list(who, '?history=true')).toEqual(['SJZ:hr', 'SJZ:hr', 'SJZ:hr']);
  });
});

describe('ending', () => {
  test('now, by whoever gives; what was stays', async () => {
    const admin = await person('HQ', ['admin', 'HQ']);
    const who = await person('SJZ');
    const { id } = (await give(who, { unitCode: 'SJZ', role: 'hr' })).json();
    expect((await end(who, id, {}, { as: who })).json().code).toBe('FORBIDDEN');
    api.time.now = at(DAY);
    try {
      const ended = await end(who, id, {}, { as: admin });
      expect(ended.json()).toMatchObject({ validFrom: NOW.toISOString(), validTo: at(DAY).toISOString(), endedBy: { type: 'person' } });
      expect(await list(who)).toEqual([]);
      expect(await list(who, '?history=true')).toEqual(['SJZ:hr']);
      expect((await end(who, id)).json().code).toBe('DATES_OUT_OF_ORDER');
    } finally {
      api.time.now = NOW;
    }
  });

  test('earlier than it would, never later, never in the past', async () => {
    const who = await person('SJZ');
    const { id } = (await give(who, { unitCode: 'SJZ', role: 'hr', validTo: at(5 * DAY).toISOString() })).json();
    expect((await end(who, id, { at: at(6 * DAY).toISOString() })).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await end(who, id, { at: at(-DAY).toISOString() })).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await end(who, id, { at: at(2 * DAY).toISOString() })).json().validTo).toBe(at(2 * DAY).toISOString());
  });

  test('on the own unit, wherever its holder is by now', async () => {
    const admin = await person('SJZ', ['admin', 'SJZ']);
    const who = await person('SJZ', ['auditor', 'BJ']);
    const { id } = (await give(who, { unitCode: 'SJZ', role: 'hr' })).json();
    const { rows } = await api.database.query<{ id: string }>(
      `SELECT r.id FROM role_assignment r JOIN employee e ON e.id = r.employee_id WHERE e.employee_no = $1 AND r.role = 'auditor'`,
      [who],
    );
    await api.database.query('UPDATE employee SET unit_id = $2 WHERE employee_no = $1', [who, api.unitIds.BJ]);
    const here = { as: admin, token: api.tokens.SJZ };
    expect((await end('E4', id, {}, here)).statusCode).toBe(404);
    expect((await end(who, rows[0]?.id ?? '', {}, here)).statusCode).toBe(404);
    const read = (as: string) => api.call({ url: `/v1/employees/${who}/roles`, as, token: api.tokens.SJZ });
    expect((await read(admin)).json().items.map((one: { id: string }) => one.id)).toEqual([id]);
    expect((await read('E4')).statusCode).toBe(404);
    const ended = await end(who, id, {}, here);
    expect((await read(admin)).statusCode).toBe(404);
    expect([ended.statusCode, ended.json().validTo]).toEqual([200, NOW.toISOString()]);
    expect(await list(who)).toEqual(['BJ:auditor']);
  });

  test('two at once leave it at the earlier end', async () => {
    const who = await person('SJZ');
    const { id } = (await give(who, { unitCode: 'SJZ', role: 'hr' })).json();
    const answers = await Promise.all([2, 1, 3].map((days) => end(who, id, { at: at(days * DAY).toISOString() })));
    expect(answers.filter(({ statusCode }) => statusCode === 200).map((one) => one.json().validTo)).toContain(at(DAY).toISOString());
    const { items } = (await api.call({ url: `/v1/employees/${who}/roles` })).json();
    expect(items).toMatchObject([{ id, validTo: at(DAY).toISOString() }]);
  });

  test('before it began it never begins, and can be given anew', async () => {
    const who = await person('SJZ');
    const body = { unitCode: 'SJZ', role: 'hr', validFrom: at(DAY).toISOString() } as const;
    const { id } = (await give(who, body)).json();
    expect((await end(who, id)).json().validTo).toBe(at(DAY).toISOString());
    expect((await give(who, body)).statusCode).toBe(201);
  });

  test('nobody ends the own, nor one of a unit that is not looked after, nor one of somebody else by its id', async () => {
    const admin = await person('SJZ', ['admin', 'SJZ']);
    const who = await person('SJZ', ['hr', 'BJ']);
    const other = await person('SJZ');
    const idOf = async (no: string) => (await api.call({ url: `/v1/employees/${no}/roles` })).json().items[0].id;
    expect((await end(admin, await idOf(admin), {}, { as: admin })).json().code).toBe('SECOND_PERSON_REQUIRED');
    expect((await end(who, await idOf(who), {}, { as: admin })).json().code).toBe('FORBIDDEN');
    expect((await end(other, await idOf(who))).statusCode).toBe(404);
  });
});

test('people read their own roles, HR and auditors those of their unit, colleagues nobody’s', async () => {
  const who = await person('SJZ', ['finance', 'SJZ']);
  const status = async (as: string) => (await api.call({ url: `/v1/employees/${who}/roles`, as })).statusCode;
  const readers = [
    who,
    await person('SJZ', ['hr', 'SJZ']),
    await person('SJZ', ['auditor', 'HQ']),
    await person('SJZ', ['approver', 'SJZ']),
    await person('SJZ'),
  ];
  expect(await Promise.all(readers.map(status))).toEqual([200, 200, 200, 403, 403]);
});

test('finance and approver may be one person', async () => {
  const who = await person('SJZ');
  expect((await give(who, { unitCode: 'SJZ', role: 'finance' })).statusCode).toBe(201);
  expect((await give(who, { unitCode: 'SJZ', role: 'approver' })).statusCode).toBe(201);
});

test('the first admin comes from whoever runs the installation, and makes the next one', async () => {
  const [first, second] = [await person('HQ'), await person('HQ')];
  const made = () => giveRoleAsInstallation(api.database, { employeeNo: first, unitCode: 'HQ', role: 'admin' });
  expect([await made(), await made()]).toEqual([true, false]);
  // the tests' clock stands before the one of the tool
  api.time.now = new Date(Date.now() + 1_000);
  try {
    expect((await give(second, { unitCode: 'HQ', role: 'admin' }, { as: first })).statusCode).toBe(201);
  } finally {
    api.time.now = NOW;
  }
  const { rows } = await api.database.query(
    `SELECT actor FROM audit_entry WHERE action = 'role-given' AND detail ->> 'employeeId' = (SELECT id::text FROM employee WHERE employee_no = $1)`,
    [first],
  );
  expect(rows).toEqual([{ actor: { type: 'system', id: 'daozhang' } }]);
  await expect(giveRoleAsInstallation(api.database, { employeeNo: 'NOBODY', unitCode: 'HQ', role: 'admin' })).rejects.toThrow('no employee');
});
