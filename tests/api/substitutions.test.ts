import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '#domain/claim/actor.ts';
import { choicesOf, roleOf, type TaskKind } from '#domain/claim/tasks.ts';
import { findPerson } from '#prisma/queries/api-keys.ts';
import { claimBody, NOW, startTestApi, type TestApi } from './support.ts';

type Unit = 'HQ' | 'SJZ' | 'SJZ-01' | 'BJ';
let api: TestApi;
let claim: string;
beforeAll(async () => {
  api = await startTestApi();
  claim = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() })).json().number;
});
afterAll(() => api.close());

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (ms: number): string => new Date(NOW.getTime() + ms).toISOString();

let people = 0;
/** A new person of a unit with roles. */
async function person(unit: Unit, ...roles: [Role, Unit][]): Promise<{ no: string; id: string }> {
  people += 1;
  const id = randomUUID();
  const no = `S${people}`;
  await api.database.query('INSERT INTO employee (id, employee_no, unit_id, name, insured_region) VALUES ($1, $2, $3, $4, $5)', [
    ...[id, no, api.unitIds[unit], `员工${no}`, '130100'],
  ]);
  for (const [role, on] of roles) await api.giveRole({ employee: no, unit: on, role });
  return { no, id };
}

type Made = { absentNo?: string; validFrom?: string; validTo?: string };
const substitute = (as: string, substituteNo: string, body: Made = {}) =>
  api.call({ method: 'POST', url: '/v1/substitutions', body: { substituteNo, validTo: at(DAY), ...body }, as });
const end = (as: string, id: string, body: { at?: string } = {}) => api.call({ method: 'POST', url: `/v1/substitutions/${id}/end`, body, as });
const seen = async (as: string, query = ''): Promise<string[]> =>
  (await api.call({ url: `/v1/substitutions?limit=100${query}`, as })).json().items.map((one: { id: string }) => one.id);

let seq = 100;
async function task(kind: TaskKind, excluded: string[] = [], assignees: string[] = [], role: Role = roleOf(kind)): Promise<string> {
  const id = randomUUID();
  await api.database.query(
    `INSERT INTO task (id, claim_number, opened_seq, kind, unit_id, role, choices, excluded, assignees) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, claim, (seq += 1), kind, api.unitIds.SJZ, role, choicesOf(kind), excluded, assignees],
  );
  return id;
}
const YES = 'yes';
/** What the API says of a decision: whoever may take it is asked for the bureau's letter, before any workflow is. */
async function decides(as: string, taskId: string): Promise<string> {
  const answer = await api.call({
    ...{ method: 'POST', url: `/v1/tasks/${taskId}/decision`, body: { choice: 'RECORD_DECISION' }, as },
    headers: { 'if-match': '"1"' },
  });
  const { code, detail } = answer.json();
  return code === 'VALIDATION_FAILED' && detail.includes('written') ? YES : code;
}
const mine = async (as: string): Promise<Record<string, string | null>> => {
  const { items } = (await api.call({ url: '/v1/tasks?mine=true&limit=100', as })).json();
  return Object.fromEntries(items.map((one: { id: string; onBehalfOf: string | null }) => [one.id, one.onBehalfOf]));
};

async function on<T>(ms: number, work: () => Promise<T>): Promise<T> {
  api.time.now = new Date(NOW.getTime() + ms);
  try {
    return await work();
  } finally {
    api.time.now = NOW;
  }
}

describe('while it is in force', () => {
  test('waiting tasks are taken over at once, shown as for A, and A may still decide', async () => {
    const escalation = await task('ESCALATION');
    const [a, b] = [await person('SJZ', ['approver', 'SJZ']), await person('BJ')];
    expect(await mine(b.no)).toEqual({});
    expect(await decides(b.no, escalation)).toBe('FORBIDDEN');
    const made = await substitute(a.no, b.no);
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({ absentNo: a.no, substituteNo: b.no, validFrom: NOW.toISOString(), validTo: at(DAY), endedAt: null });
    expect((await mine(b.no))[escalation]).toBe(a.no);
    expect((await mine(a.no))[escalation]).toBeNull();
    expect([await decides(b.no, escalation), await decides(a.no, escalation)]).toEqual([YES, YES]);
    const shown = (await api.call({ url: `/v1/tasks/${escalation}`, as: b.no })).json();
    expect(shown.onBehalfOf).toBe(a.no);
  });

  test('to the moment: from the first until before the last, and not after it was ended', async () => {
    const escalation = await task('ESCALATION');
    const [a, b] = [await person('SJZ', ['approver', 'SJZ']), await person('SJZ')];
    const { id } = (await substitute(a.no, b.no, { validFrom: at(1_000), validTo: at(DAY) })).json();
    const when = (ms: number) => on(ms, () => decides(b.no, escalation));
    expect([await when(999), await when(1_000), await when(DAY - 1), await when(DAY)]).toEqual(['FORBIDDEN', YES, YES, 'FORBIDDEN']);
    expect((await end(a.no, id, { at: at(HOUR) })).statusCode).toBe(200);
    expect([await when(HOUR - 1), await when(HOUR)]).toEqual([YES, 'FORBIDDEN']);
  });

  test('only what A holds at that moment, and nothing once A has left', async () => {
    const escalation = await task('ESCALATION');
    const [a, b] = [await person('SJZ'), await person('SJZ')];
    await substitute(a.no, b.no);
    expect(await decides(b.no, escalation)).toBe('FORBIDDEN');
    const role = (
      await api.call({ method: 'POST', url: `/v1/employees/${a.no}/roles`, body: { unitCode: 'SJZ', role: 'approver', validTo: at(HOUR) } })
    ).json();
    expect(role.role).toBe('approver');
    expect(await decides(b.no, escalation)).toBe(YES);
    expect(await on(HOUR, () => decides(b.no, escalation))).toBe('FORBIDDEN');
    await api.database.query('UPDATE employee SET active = false WHERE id = $1', [a.id]);
    expect(await decides(b.no, escalation)).toBe('FORBIDDEN');
  });

  test('no chains: C for B gets nothing of A', async () => {
    const escalation = await task('ESCALATION');
    const [a, b, c] = [await person('SJZ', ['approver', 'SJZ']), await person('SJZ', ['hr', 'SJZ']), await person('SJZ')];
    await substitute(a.no, b.no);
    await substitute(b.no, c.no);
    expect([await decides(b.no, escalation), await decides(c.no, escalation)]).toEqual([YES, 'FORBIDDEN']);
    const found = await findPerson(api.database, { employeeNo: c.no, within: null, at: NOW });
    expect(found?.roles.map(({ role, onBehalfOf }) => ({ role, onBehalfOf }))).toEqual([{ role: 'hr', onBehalfOf: b.id }]);
    expect(found?.standsInFor).toEqual([b.id]);
  });

  test('not both signatures, in whichever order; not the claim of either', async () => {
    const [a, b, c] = [await person('SJZ', ['approver', 'SJZ']), await person('SJZ'), await person('SJZ')];
    await substitute(a.no, b.no);
    await substitute(a.no, c.no);
    // what was signed as "B for A" excludes both
    const second = await task('CONFIRM_DECISION', [b.id, a.id]);
    expect([await decides(a.no, second), await decides(b.no, second), await decides(c.no, second)]).toEqual(Array(3).fill('SECOND_PERSON_REQUIRED'));
    const afterA = await task('CONFIRM_DECISION', [a.id]);
    expect([await decides(b.no, afterA), await decides(c.no, afterA)]).toEqual(Array(2).fill('SECOND_PERSON_REQUIRED'));
    for (const list of [await mine(a.no), await mine(b.no), await mine(c.no)]) expect(Object.keys(list)).not.toContain(second);
    expect(Object.keys(await mine(b.no))).not.toContain(afterA);

    // the claimant is E1: as the substitute, and as the absent person
    const own = await task('ESCALATION');
    await substitute(a.no, 'E1');
    expect(await decides('E1', own)).toBe('OWN_CLAIM');
    await api.giveRole({ employee: 'E1', unit: 'SJZ', role: 'approver' });
    const d = await person('SJZ');
    await substitute('E1', d.no);
    expect(await decides(d.no, own)).toBe('OWN_CLAIM');
    expect(Object.keys(await mine(d.no))).not.toContain(own);
    expect(Object.keys(await mine('E1'))).not.toContain(own);
  });

  test('asked by name: the substitute in the name of who is asked, and nobody else', async () => {
    const [a, b, other] = [await person('SJZ'), await person('SJZ', ['hr', 'SJZ']), await person('SJZ', ['approver', 'HQ'])];
    const named = await task('ESCALATION', [], [a.id]);
    expect(await decides(b.no, named)).toBe('FORBIDDEN');
    await substitute(a.no, b.no);
    expect([await decides(b.no, named), await decides(other.no, named)]).toEqual([YES, 'FORBIDDEN']);
    expect((await mine(b.no))[named]).toBe(a.no);
    expect(Object.keys(await mine(other.no))).not.toContain(named);
    // an admin, because an approval flow found nobody else
    const [admin, another] = [await person('SJZ', ['admin', 'SJZ']), await person('SJZ', ['admin', 'HQ'])];
    const fallback = await task('ESCALATION', [], [admin.id], 'admin');
    expect([await decides(admin.no, fallback), await decides(another.no, fallback)]).toEqual([YES, 'FORBIDDEN']);
    expect((await mine(admin.no))[fallback]).toBeNull();
    expect(Object.keys(await mine(another.no))).not.toContain(fallback);
  });

  test('a list has what may be decided, and all of it', async () => {
    const [a, b] = [await person('SJZ', ['approver', 'SJZ'], ['finance', 'SJZ']), await person('SJZ', ['hr', 'SJZ'])];
    await substitute(a.no, b.no);
    const kinds: TaskKind[] = ['ESCALATION', 'DUPLICATE_REVIEW', 'PAYOUT_ATTENTION', 'CLAWBACK'];
    const open = await Promise.all([
      ...kinds.map((kind) => task(kind)),
      task('ESCALATION', [b.id]),
      task('ESCALATION', [], [a.id]),
      task('ESCALATION', [], [b.id]),
    ]);
    const listed = await mine(b.no);
    for (const id of open) expect([id, id in listed]).toEqual([id, (await decides(b.no, id)) === YES]);
    expect(open.map((id) => listed[id])).toEqual([a.no, null, a.no, a.no, undefined, a.no, null]);
  });
});

describe('made', () => {
  test.each<[string, Record<string, unknown>, number, string]>([
    ['without an end', { validTo: undefined }, 400, 'VALIDATION_FAILED'],
    ['from yesterday', { validFrom: at(-DAY) }, 422, 'DATES_OUT_OF_ORDER'],
    ['that ends before it begins', { validFrom: at(2 * DAY), validTo: at(DAY) }, 422, 'DATES_OUT_OF_ORDER'],
    ['that ends now', { validTo: NOW.toISOString() }, 422, 'DATES_OUT_OF_ORDER'],
    ['by nobody who is there', { substituteNo: 'NOBODY' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['by somebody who has left', { substituteNo: 'E9' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['for nobody who is there', { absentNo: 'NOBODY' }, 422, 'EMPLOYEE_UNKNOWN'],
    ['with its maker in the body', { createdBy: { type: 'system', id: 'daozhang' } }, 400, 'VALIDATION_FAILED'],
  ])('not %s', async (_, body, status, code) => {
    const [a, b] = [await person('SJZ'), await person('SJZ')];
    const answer = await substitute(a.no, b.no, body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(await seen(a.no)).toEqual([]);
  });

  test('not by oneself, not in a circle, not twice; after it, or ended, again', async () => {
    const [a, b, c] = [await person('SJZ'), await person('SJZ'), await person('SJZ')];
    const code = async (...made: Parameters<typeof substitute>) => (await substitute(...made)).json().code;
    expect(await code(a.no, a.no)).toBe('SUBSTITUTION_CIRCULAR');
    const { id } = (await substitute(a.no, b.no)).json();
    expect(await code(a.no, b.no, { validFrom: at(HOUR) })).toBe('ALREADY_EXISTS');
    expect(await code(b.no, a.no)).toBe('SUBSTITUTION_CIRCULAR');
    expect(await code(b.no, c.no)).toBeUndefined();
    expect(await code(c.no, a.no)).toBe('SUBSTITUTION_CIRCULAR');
    // the day after, nobody is represented by anybody
    expect(await code(b.no, a.no, { validFrom: at(DAY), validTo: at(2 * DAY) })).toBeUndefined();
    await on(HOUR, () => end(a.no, id));
    expect(await code(a.no, b.no, { validFrom: at(HOUR) })).toBeUndefined();
  });

  test('two at once that would be a circle together: one of them is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await person('SJZ'), await person('SJZ')];
      const answers = await Promise.all([substitute(a.no, b.no), substitute(b.no, a.no)]);
      expect(answers.map(({ statusCode }) => statusCode).toSorted((x, y) => x - y)).toEqual([201, 422]);
    }
  });

  test('by HR and admins for people whom they look after, but not to themselves, nor of powers beyond theirs', async () => {
    const [hr, b] = [await person('SJZ', ['hr', 'SJZ']), await person('SJZ')];
    const made = async (as: string, absentNo: string, substituteNo: string) => {
      const answer = await substitute(as, substituteNo, { absentNo });
      return answer.json().code ?? answer.statusCode;
    };
    expect(await made(hr.no, (await person('SJZ', ['approver', 'SJZ-01'])).no, b.no)).toBe(201);
    expect(await made(hr.no, (await person('SJZ', ['approver', 'SJZ'])).no, hr.no)).toBe('SECOND_PERSON_REQUIRED');
    expect(await made(hr.no, (await person('SJZ', ['finance', 'HQ'])).no, b.no)).toBe('FORBIDDEN');
    expect(await made(hr.no, (await person('BJ')).no, b.no)).toBe('FORBIDDEN');
    expect(await made((await person('SJZ', ['admin', 'HQ'])).no, (await person('BJ', ['finance', 'HQ'])).no, b.no)).toBe(201);
    for (const role of ['approver', 'finance', 'auditor', 'operator'] as const) {
      expect(await made((await person('SJZ', [role, 'HQ'])).no, (await person('SJZ')).no, b.no)).toBe('FORBIDDEN');
    }
    expect(await made(b.no, hr.no, b.no)).toBe('FORBIDDEN');
  });

  test('by HR: of powers that begin meanwhile only those that were there to be asked about, and none that is given later', async () => {
    const [hr, b] = [await person('SJZ', ['hr', 'SJZ']), await person('SJZ')];
    const give = async (who: string, body: Record<string, unknown>) => (await api.call({ method: 'POST', url: `/v1/employees/${who}/roles`, body })).statusCode;
    const passed = async (who: string) =>
      (await findPerson(api.database, { employeeNo: b.no, within: null, at: new Date(at(HOUR)) }))?.roles
        .filter(({ onBehalfOf }) => onBehalfOf === who)
        .map(({ role }) => role)
        .toSorted();

    const soon = await person('SJZ', ['approver', 'SJZ']);
    expect(await give(soon.no, { unitCode: 'HQ', role: 'finance', validFrom: at(HOUR), validTo: at(2 * HOUR) })).toBe(201);
    const made = async (body: Made) => {
      const answer = await substitute(hr.no, b.no, { absentNo: soon.no, ...body });
      return answer.json().code ?? answer.statusCode;
    };
    expect(await made({})).toBe('FORBIDDEN');
    expect(await made({ validTo: at(HOUR + 1) })).toBe('FORBIDDEN');
    expect(await made({ validFrom: at(2 * HOUR - 1) })).toBe('FORBIDDEN');
    expect([await made({ validTo: at(HOUR) }), await made({ validFrom: at(2 * HOUR) })]).toEqual([201, 201]);

    const later = await person('SJZ', ['approver', 'SJZ']);
    expect(await give(later.no, { unitCode: 'SJZ-01', role: 'hr', validFrom: at(1_000) })).toBe(201);
    expect((await substitute(hr.no, b.no, { absentNo: later.no })).statusCode).toBe(201);
    expect(await give(later.no, { unitCode: 'HQ', role: 'finance' })).toBe(201);
    expect(await passed(later.id)).toEqual(['approver', 'hr']);
    // nor is a task in which that role is asked by name
    const [asFinance, asApprover] = [await task('ESCALATION', [], [later.id], 'finance'), await task('ESCALATION', [], [later.id])];
    expect([await decides(b.no, asFinance), await decides(b.no, asApprover), await decides(later.no, asFinance)]).toEqual(['FORBIDDEN', YES, YES]);
    const listed = await mine(b.no);
    expect([listed[asFinance], listed[asApprover]]).toEqual([undefined, later.no]);

    // who passes on the own powers passes on what comes to be theirs
    const self = await person('SJZ', ['approver', 'SJZ']);
    expect((await substitute(self.no, b.no)).statusCode).toBe(201);
    expect(await give(self.no, { unitCode: 'HQ', role: 'finance' })).toBe(201);
    expect(await passed(self.id)).toEqual(['approver', 'finance']);
  });

  test('not by a substitute: neither roles nor substitutions are passed on in somebody’s name', async () => {
    const [admin, b, c] = [await person('SJZ', ['admin', 'SJZ']), await person('SJZ'), await person('SJZ')];
    await substitute(admin.no, b.no);
    expect((await substitute(b.no, c.no, { absentNo: admin.no })).json().code).toBe('FORBIDDEN');
    const give = await api.call({ method: 'POST', url: `/v1/employees/${c.no}/roles`, body: { unitCode: 'SJZ', role: 'hr' }, as: b.no });
    expect(give.json().code).toBe('FORBIDDEN');
    // what else an admin does is done, and recorded as done in the admin's name
    const version = (await api.call({ url: '/v1/units/SJZ-01' })).headers['etag'];
    const renamed = await api.call({ method: 'PATCH', url: '/v1/units/SJZ-01', body: { name: '研发部' }, as: b.no, headers: { 'if-match': String(version) } });
    expect(renamed.statusCode).toBe(200);
    const [, was] = (await api.call({ url: '/v1/units/SJZ-01/history' })).json().items;
    expect(was.changedBy).toMatchObject({ type: 'person', id: b.id, onBehalfOf: admin.id });
  });

  test('not by a machine in its own name', async () => {
    const [a, b] = [await person('SJZ'), await person('SJZ')];
    const body = { absentNo: a.no, substituteNo: b.no, validTo: at(DAY) };
    expect((await api.call({ method: 'POST', url: '/v1/substitutions', body })).json().code).toBe('ACTOR_REQUIRED');
  });

  test('both people are told, when it is made and when it ends', async () => {
    const [a, b] = [await person('SJZ'), await person('BJ')];
    const { id } = (await substitute(a.no, b.no)).json();
    await end(a.no, id);
    const { rows } = await api.database.query(
      `SELECT template, recipient ->> 'employeeId' AS to, params FROM notice WHERE template LIKE 'SUBSTITUTION%' AND params ->> 'absentNo' = $1 ORDER BY id`,
      [a.no],
    );
    const params = { absentNo: a.no, substituteNo: b.no, from: NOW.toISOString() };
    expect(rows).toEqual([
      ...[a.id, b.id].map((to) => ({ template: 'SUBSTITUTION_MADE', to, params: { ...params, until: at(DAY) } })),
      ...[a.id, b.id].map((to) => ({ template: 'SUBSTITUTION_ENDED', to, params: { ...params, until: NOW.toISOString() } })),
    ]);
  });
});

describe('ended and read', () => {
  test('ended by the absent person, HR or an admin; not by the substitute, a colleague, or twice', async () => {
    const [a, b, hr] = [await person('SJZ'), await person('SJZ'), await person('SJZ', ['hr', 'SJZ'])];
    const { id } = (await substitute(a.no, b.no)).json();
    expect((await end(b.no, id)).json().code).toBe('FORBIDDEN');
    expect((await end((await person('SJZ')).no, id)).statusCode).toBe(403);
    expect((await end(hr.no, id, { at: at(2 * DAY) })).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await end(hr.no, id)).json()).toMatchObject({ endedAt: NOW.toISOString(), endedBy: { type: 'person', id: hr.id } });
    expect((await end(a.no, id)).json().code).toBe('DATES_OUT_OF_ORDER');
    expect((await end(a.no, randomUUID())).statusCode).toBe(404);
  });

  test('one’s own both ways, and those of people whom one looks after', async () => {
    const [a, b, hr, elsewhere, nobody] = [
      await person('SJZ'),
      await person('BJ'),
      await person('SJZ', ['hr', 'SJZ']),
      await person('BJ', ['hr', 'BJ']),
      await person('SJZ'),
    ];
    const { id } = (await substitute(a.no, b.no)).json();
    const sees = async (as: string, query = `&absentNo=${a.no}`) => (await seen(as, query)).includes(id);
    expect([await sees(a.no), await sees(b.no), await sees(hr.no), await sees(elsewhere.no), await sees(nobody.no)]).toEqual([true, true, true, false, false]);
    expect([await sees(a.no, '&current=true'), await on(DAY, () => sees(a.no, '&current=true'))]).toEqual([true, false]);
    expect(await sees(a.no, `&substituteNo=${a.no}`)).toBe(false);
    const page = (await api.call({ url: '/v1/substitutions?limit=1', as: hr.no })).json();
    expect(page.items).toHaveLength(1);
    expect((await api.call({ url: '/v1/substitutions?cursor=garbage', as: hr.no })).json().code).toBe('CURSOR_INVALID');
  });
});
