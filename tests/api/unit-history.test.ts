import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockTree } from '#prisma/queries/units.ts';
import { unitTreeAsOf } from '#prisma/queries/unit-history.ts';
import { claimBody, NOW, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  // the clock of the tests stands before the one of the database
  await api.database.query(`UPDATE unit SET created_at = '2026-01-01T00:00:00Z'`);
});
afterAll(() => api.close());

const DAY = 86_400_000;
type Call = { as?: string; token?: string };

async function add(code: string, parentCode: string): Promise<void> {
  const made = await api.call({ method: 'POST', url: '/v1/units', body: { code, name: `单位${code}`, nameEn: `Unit ${code}`, parentCode, region: '130100' } });
  expect(made.statusCode).toBe(201);
}

async function change(code: string, body: Record<string, unknown>, call: Call = {}) {
  const { rows } = await api.database.query<{ version: number }>('SELECT version FROM unit WHERE code = $1', [code]);
  return api.call({ method: 'PATCH', url: `/v1/units/${code}`, body, headers: { 'if-match': `"${rows[0]?.version}"` }, ...call });
}

async function on<T>(days: number, work: () => Promise<T>): Promise<T> {
  api.time.now = new Date(NOW.getTime() + days * DAY);
  try {
    return await work();
  } finally {
    api.time.now = NOW;
  }
}

const asOf = async (code: string, day: string) => {
  const answer = await on(30, () => api.call({ url: `/v1/units/${code}?on=${day}` }));
  if (answer.statusCode !== 200) return answer.json().code;
  const { name, parentCode } = answer.json();
  return `${name} < ${parentCode}`;
};

/** `HQ/SJZ/…`, as each of the two ways to store the tree says it. */
async function paths(code: string): Promise<{ array: string; closure: string[] }> {
  const { rows } = await api.database.query<{ array: string; closure: string[] }>(
    `SELECT (SELECT string_agg(a.code, '/' ORDER BY array_position(u.ancestor_ids, a.id)) FROM unit a WHERE a.id = ANY (u.ancestor_ids)) AS array,
       (SELECT array_agg(a.code ORDER BY a.code) FROM unit_ancestor c JOIN unit a ON a.id = c.ancestor_id WHERE c.unit_id = u.id) AS closure
     FROM unit u WHERE u.code = $1`,
    [code],
  );
  return rows[0] ?? { array: '', closure: [] };
}

describe('history', () => {
  test('names and parents as they were, day by day; the rest as it is', async () => {
    await add('H', 'SJZ');
    await on(2, () => change('H', { name: '新名', nameEn: 'New' }));
    await on(5, () => change('H', { parentCode: 'BJ', region: '110000' }));
    expect(await asOf('H', '2026-11-17')).toBe('NOT_FOUND');
    expect(await asOf('H', '2026-11-18')).toBe('单位H < SJZ');
    expect(await asOf('H', '2026-11-19')).toBe('单位H < SJZ');
    expect(await asOf('H', '2026-11-20')).toBe('新名 < SJZ');
    expect(await asOf('H', '2026-11-22')).toBe('新名 < SJZ');
    expect(await asOf('H', '2026-11-23')).toBe('新名 < BJ');
    expect(await asOf('H', '2026-12-18')).toBe('新名 < BJ');
    expect(await asOf('H', '2026-12-19')).toBe('DATE_IN_FUTURE');
    expect((await api.call({ url: '/v1/units/H?on=2026-02-30' })).statusCode).toBe(400);

    const items = (await api.call({ url: '/v1/units/H/history' })).json().items;
    const day = (days: number) => new Date(NOW.getTime() + days * DAY).toISOString();
    expect(items.map(({ changedBy, ...one }: { changedBy: unknown }) => ({ ...one, by: changedBy !== null }))).toEqual([
      { name: '新名', nameEn: 'New', parentCode: 'BJ', validFrom: day(5), validTo: null, by: false },
      { name: '新名', nameEn: 'New', parentCode: 'SJZ', validFrom: day(2), validTo: day(5), by: true },
      { name: '单位H', nameEn: 'Unit H', parentCode: 'SJZ', validFrom: day(0), validTo: day(2), by: true },
    ]);
  });

  test('what changes neither name nor parent is no new version', async () => {
    await add('H2', 'SJZ');
    await change('H2', { region: '110000', active: false });
    await change('H2', { name: '单位H2', parentCode: 'SJZ' });
    expect((await api.call({ url: '/v1/units/H2/history' })).json().items).toHaveLength(1);
  });

  test('who did it is said, also of somebody in person', async () => {
    await add('H3', 'SJZ');
    await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'admin' });
    expect((await change('H3', { name: '由E4改名' }, { as: 'E4' })).statusCode).toBe(200);
    const [, was] = (await api.call({ url: '/v1/units/H3/history' })).json().items;
    expect(was.changedBy).toMatchObject({ type: 'person', id: api.employeeIds.E4 });
  });

  test('the whole tree as of a day, with the subtree where its head then stood', async () => {
    await add('T1', 'SJZ');
    await add('T2', 'T1');
    await add('T3', 'T2');
    await on(3, () => change('T1', { parentCode: 'BJ', name: '搬迁后' }));
    await on(4, () => add('T4', 'T3'));
    const tree = async (days: number) => {
      const units = await unitTreeAsOf(api.database, { at: new Date(NOW.getTime() + days * DAY) });
      const code = new Map(units.map((unit) => [unit.id, unit.code]));
      return Object.fromEntries(
        units.filter((unit) => unit.code.startsWith('T')).map((unit) => [unit.name, unit.ancestorIds.map((id) => code.get(id)).join('/')]),
      );
    };
    expect(await tree(2)).toEqual({ 单位T1: 'HQ/SJZ/T1', 单位T2: 'HQ/SJZ/T1/T2', 单位T3: 'HQ/SJZ/T1/T2/T3' });
    expect(await tree(5)).toEqual({ 搬迁后: 'HQ/BJ/T1', 单位T2: 'HQ/BJ/T1/T2', 单位T3: 'HQ/BJ/T1/T2/T3', 单位T4: 'HQ/BJ/T1/T2/T3/T4' });
  });

  test('what was is kept by the database itself: nothing but an end can be written', async () => {
    const within = api.deps.database.within({ units: [api.unitIds.HQ] });
    for (const table of ['unit_history', 'role_assignment', 'substitution']) {
      await expect(within.query(`UPDATE ${table} SET valid_from = now()`)).rejects.toThrow(/permission denied/);
      await expect(within.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
      expect((await api.deps.database.within({}).query(`SELECT 1 FROM ${table}`)).rowCount).toBe(0);
    }
  });
});

describe('moving', () => {
  test('a deep subtree stays together, in both ways to store it; claims under way stay with their unit and go along', async () => {
    const chain = ['SJZ-01', ...Array.from({ length: 12 }, (_, n) => `D${n}`)];
    for (const [n, code] of chain.slice(1).entries()) await add(code, chain[n] ?? '');
    const claim = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json();
    await add('TARGET', 'BJ');
    expect((await change('SJZ-01', { parentCode: 'TARGET' })).statusCode).toBe(200);
    const expected = ['HQ', 'BJ', 'TARGET', ...chain];
    expect(await paths('D11')).toEqual({ array: expected.join('/'), closure: expected.toSorted() });
    expect(await paths('D3')).toEqual({ array: expected.slice(0, 8).join('/'), closure: expected.slice(0, 8).toSorted() });
    const { rows } = await api.database.query('SELECT u.code FROM claim c JOIN unit u ON u.id = c.unit_id WHERE c.number = $1', [claim.number]);
    expect(rows).toEqual([{ code: 'SJZ-01' }]);
    const seen = async (token: string) => (await api.call({ url: `/v1/claims/${claim.number}`, token })).statusCode;
    expect([await seen(api.tokens.BJ), await seen(api.tokens.SJZ)]).toEqual([200, 404]);
    expect((await change('SJZ-01', { parentCode: 'SJZ' })).statusCode).toBe(200);
    expect([await seen(api.tokens.BJ), await seen(api.tokens.SJZ)]).toEqual([404, 200]);
  });

  test('takes an admin of the parent that loses it and of the one that gets it', async () => {
    await add('M', 'SJZ');
    await add('M1', 'M');
    await add('M2', 'SJZ');
    const people = { onlyM1: ['M1'], onlyM: ['M'], both: ['M', 'M2'], above: ['SJZ'] };
    for (const [name, units] of Object.entries(people)) {
      await api.database.query('INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ($1, $2, $1, $3)', [name, api.unitIds.SJZ, '130100']);
      await api.database.query(
        `INSERT INTO role_assignment (employee_id, unit_id, role, valid_from) SELECT e.id, u.id, 'admin', 'epoch' FROM employee e, unit u WHERE e.employee_no = $1 AND u.code = ANY ($2)`,
        [name, units],
      );
    }
    const move = async (as: string, parentCode: string) => (await change('M1', { parentCode }, { as })).statusCode;
    expect(await move('onlyM1', 'M2')).toBe(403);
    expect(await move('onlyM', 'M2')).toBe(403);
    expect(await move('both', 'M2')).toBe(200);
    expect(await move('above', 'M')).toBe(200);
    // a rename takes the right on the unit alone
    expect((await change('M1', { name: '改名' }, { as: 'onlyM1' })).statusCode).toBe(200);
    expect((await change('HQ', { parentCode: 'SJZ' })).json().code).toBe('FORBIDDEN');
  });

  test('two subtrees moved below each other at once, on two connections: one of them is refused and the tree is one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [`X${round}`, `Y${round}`];
      await add(a, 'SJZ');
      await add(`${a}-1`, a);
      await add(b, 'SJZ');
      await add(`${b}-1`, b);
      // both requests are in the middle of their transactions before either may go on
      const { promise: mayGoOn, resolve: release } = Promise.withResolvers<void>();
      const { promise: taken, resolve: take } = Promise.withResolvers<void>();
      const held = api.database.write(async (tx) => {
        await lockTree(tx);
        take();
        await mayGoOn;
      });
      await taken;
      const moves = Promise.all([change(a, { parentCode: `${b}-1` }), change(b, { parentCode: `${a}-1` })]);
      await waiting(2).finally(release);
      await held;
      const codes = (await moves).map((answer) => answer.json().code);
      expect(codes.filter((code) => code === 'UNIT_CYCLE')).toHaveLength(1);
      const lower = codes[0] === 'UNIT_CYCLE' ? ['HQ', 'SJZ', a, `${a}-1`, b, `${b}-1`] : ['HQ', 'SJZ', b, `${b}-1`, a, `${a}-1`];
      expect(await paths(lower.at(-1) ?? '')).toEqual({ array: lower.join('/'), closure: lower.toSorted() });
    }
  });
});

/** Waits until `count` connections wait for the lock of the tree. */
async function waiting(count: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { rows } = await api.database.query<{ n: number }>(
      `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if ((rows[0]?.n ?? 0) >= count) return;
    if (Date.now() > deadline) throw new Error('nobody waits for the tree');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
