import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONSENT_PURPOSES, type ConsentPurpose } from '#domain/consent/purposes.ts';
import { giveConsents } from '../setup/consents.ts';
import { claimBody, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  await api.giveRole({ employee: 'E2', unit: 'HQ', role: 'auditor' });
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.database.query('DELETE FROM consent');
  await giveConsents(api.database, Object.values(api.employeeIds));
});

const URL = '/v1/employees/E1/consents';
const give = (purpose: ConsentPurpose, more: Record<string, unknown> = {}, as: string | undefined = 'E1', key?: string) =>
  api.call({ method: 'POST', url: URL, body: { purpose, textVersion: '2026-1', ...more }, ...(as && { as }), ...(key && { key }) });
const withdraw = (purpose: string, { body, as = 'E1', key }: { body?: unknown; as?: string; key?: string } = {}) =>
  api.call({ method: 'POST', url: `${URL}/${purpose}/withdraw`, body, as, ...(key && { key }) });
const submit = (more: Record<string, unknown> = {}, as?: string) => api.call({ method: 'POST', url: '/v1/claims', body: claimBody(more), ...(as && { as }) });
const paper = async () => ({
  documentId: (await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\n`)]), as: 'E4' })).json().id,
  signedOn: '2026-11-01',
});
const read = async (as = 'E1') => (await api.call({ url: URL, as })).json();

test('the wording is there in both languages, with who receives the data', async () => {
  const { items } = (await api.call({ url: '/v1/consents/texts' })).json();
  expect(items.map(({ purpose, version, law }: Record<string, string>) => [purpose, version, law])).toEqual([
    ['SENSITIVE_DATA', '2026-1', 'PIPL 29'],
    ['SHARING_BUREAU', '2026-1', 'PIPL 23'],
    ['SHARING_BANK', '2026-1', 'PIPL 23'],
  ]);
  expect(items[1].recipients).toContainEqual({ zh: '石家庄市医疗保障局', en: 'Shijiazhuang bureau' });
  expect(items[2].recipients).toEqual([{ zh: '兴业银行', en: 'Industrial Bank' }]);
});

describe('giving', () => {
  beforeEach(() => api.database.query('DELETE FROM consent WHERE employee_id = $1', [api.employeeIds.E1]));

  test('by the person: kept with wording, hash and time; once; and the same key gives the same answer', async () => {
    const key = randomUUID();
    const first = await give('SHARING_BANK', {}, 'E1', key);
    expect(first.statusCode).toBe(201);
    const item = first.json().items.find((one: { purpose: string }) => one.purpose === 'SHARING_BANK');
    expect(item).toMatchObject({
      status: 'GIVEN',
      counts: true,
      how: 'SELF',
      textVersion: '2026-1',
      by: { type: 'person', id: api.employeeIds.E1 },
      at: '2026-11-18T01:30:00.000Z',
    });
    expect(item.textSha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await give('SHARING_BANK', {}, 'E1', key)).body).toBe(first.body);
    expect((await give('SHARING_BANK')).json().code).toBe('ALREADY_EXISTS');
    expect((await read()).history).toHaveLength(1);
  });

  test('nobody consents for somebody else: not a colleague, not a machine, and HR only with the paper that was signed', async () => {
    expect((await give('SENSITIVE_DATA', {}, 'E3')).json().code).toBe('FORBIDDEN');
    expect((await api.call({ method: 'POST', url: URL, body: { purpose: 'SENSITIVE_DATA', textVersion: '2026-1' } })).json().code).toBe('ACTOR_REQUIRED');
    expect((await give('SENSITIVE_DATA', {}, 'E4')).json().code).toBe('CONSENT_EVIDENCE_REQUIRED');
    expect((await give('SENSITIVE_DATA', { paper: { documentId: randomUUID(), signedOn: '2026-11-01' } }, 'E4')).json().code).toBe('DOCUMENT_UNKNOWN');
    const signed = await paper();
    expect((await give('SENSITIVE_DATA', { paper: { ...signed, signedOn: '2026-11-19' } }, 'E4')).json().code).toBe('DATE_IN_FUTURE');
    expect((await give('SENSITIVE_DATA', { paper: signed }, 'E1')).json().code).toBe('VALIDATION_FAILED');
    expect((await read()).history).toEqual([]);
    const made = await give('SENSITIVE_DATA', { paper: signed }, 'E4');
    expect(made.statusCode, made.body).toBe(201);
    expect(made.json().items[0]).toMatchObject({
      status: 'GIVEN',
      how: 'PAPER',
      documentId: signed.documentId,
      signedOn: '2026-11-01',
      by: { id: api.employeeIds.E4 },
    });
  });

  test('only to the wording in force', async () => {
    const answer = await give('SENSITIVE_DATA', { textVersion: '2025-9' });
    expect(answer.json()).toMatchObject({ code: 'CONSENT_TEXT_OUTDATED', params: { textVersion: '2026-1' } });
  });

  test('says neither more nor less than it is asked', async () => {
    for (const body of [
      { purpose: 'EVERYTHING', textVersion: '2026-1' },
      { textVersion: '2026-1' },
      { purpose: 'SHARING_BANK', textVersion: '2026-1', how: 'SELF' },
      { purpose: 'SHARING_BANK', textVersion: '2026-1', employeeNo: 'E2' },
    ])
      expect((await api.call({ method: 'POST', url: URL, body, as: 'E1' })).json().code).toBe('VALIDATION_FAILED');
  });
});

describe('what is not consented to is not done', () => {
  const take = (...purposes: ConsentPurpose[]) => giveConsents(api.database, [api.employeeIds.E1], { purposes, kind: 'WITHDRAWN' });

  test.each<[ConsentPurpose[], Record<string, unknown>, string[] | null]>([
    [['SENSITIVE_DATA'], {}, ['SENSITIVE_DATA']],
    [['SENSITIVE_DATA', 'SHARING_BUREAU'], {}, ['SENSITIVE_DATA', 'SHARING_BUREAU']],
    [['SHARING_BUREAU'], {}, ['SHARING_BUREAU']],
    // the bank is told nothing before a payment
    [['SHARING_BANK'], {}, null],
    // a draft is shown to nobody outside
    [['SHARING_BUREAU', 'SHARING_BANK'], { draft: true }, null],
    [['SENSITIVE_DATA'], { draft: true }, ['SENSITIVE_DATA']],
  ])('without %j, a claim %j lacks %j', async (purposes, more, lacks) => {
    await take(...purposes);
    const before = await api.countRows();
    const answer = await submit(more);
    if (lacks === null) return expect(answer.statusCode, answer.body).toBe(201);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'CONSENT_MISSING', params: { purposes: lacks } });
    expect(await api.countRows()).toEqual(before);
  });

  test('a draft is not confirmed, and a claim gets no more documents', async () => {
    const { number } = (await submit({ draft: true })).json();
    await take('SHARING_BUREAU');
    const confirmed = await api.call({ method: 'POST', url: `/v1/claims/${number}/confirm`, as: 'E1' });
    expect(confirmed.json()).toMatchObject({ code: 'CONSENT_MISSING', params: { purposes: ['SHARING_BUREAU'] } });
    await take('SENSITIVE_DATA');
    const documentId = (await api.upload({ content: PDF, as: 'E1' })).json().id;
    const added = await api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents: [{ documentId, kind: 'OTHER' }] }, as: 'E1' });
    expect(added.json().code).toBe('CONSENT_MISSING');
  });
});

describe('withdrawing', () => {
  const commands = async (number: string) =>
    (await api.database.query<{ signal: string | null }>('SELECT signal FROM workflow_command WHERE claim_number = $1 ORDER BY id', [number])).rows.map(
      ({ signal }) => signal,
    );

  test('says its effect before and after, the same; the claims are told in the same transaction; a draft goes at once', async () => {
    const submitted = (await submit()).json().number;
    const draft = (await submit({ draft: true })).json().number;
    const ofMine = (effects: { claim: string }[]) => effects.filter(({ claim }) => claim === submitted || claim === draft);
    const before = ofMine((await read()).items[1].ifWithdrawn);
    expect(before).toMatchObject([
      { claim: submitted, state: 'SUBMITTED', effect: 'WITHDRAWN', text: { zh: '申请自动撤回' } },
      { claim: draft, state: 'DRAFT', effect: 'WITHDRAWN' },
    ]);
    expect((await read()).items[2].ifWithdrawn.find(({ claim }: { claim: string }) => claim === submitted)).toMatchObject({ effect: 'PAYOUT_WAITS' });
    const key = randomUUID();
    const answer = await withdraw('SHARING_BUREAU', { key });
    expect(answer.statusCode, answer.body).toBe(200);
    expect(ofMine(answer.json().effects)).toEqual(before);
    expect(answer.json().items[1]).toMatchObject({ status: 'WITHDRAWN', counts: false, ifWithdrawn: [] });
    expect(await commands(submitted)).toEqual([null, 'consentChanged']);
    expect(await commands(draft)).toEqual([]);
    const { rows } = await api.database.query('SELECT state, closed_at IS NOT NULL AS closed FROM claim WHERE number = $1', [draft]);
    expect(rows).toEqual([{ state: 'WITHDRAWN', closed: true }]);
    // sent again it is done once
    expect((await withdraw('SHARING_BUREAU', { key })).body).toBe(answer.body);
    expect(await commands(submitted)).toHaveLength(2);
    expect((await withdraw('SHARING_BUREAU')).json()).toMatchObject({ code: 'CONSENT_MISSING' });
  });

  test('takes no more than giving: no reason, no body; HR needs the paper; nobody else may', async () => {
    for (const purpose of CONSENT_PURPOSES) expect((await withdraw(purpose)).statusCode).toBe(200);
    expect((await read()).items.map(({ status }: { status: string }) => status)).toEqual(['WITHDRAWN', 'WITHDRAWN', 'WITHDRAWN']);
    await give('SHARING_BANK');
    expect((await withdraw('SHARING_BANK', { as: 'E4' })).json().code).toBe('CONSENT_EVIDENCE_REQUIRED');
    expect((await withdraw('SHARING_BANK', { as: 'E3' })).json().code).toBe('FORBIDDEN');
    expect((await withdraw('SHARING_BANK', { as: 'E4', body: { paper: await paper() } })).statusCode).toBe(200);
    expect((await read()).history.at(-1)).toMatchObject({ kind: 'WITHDRAWN', how: 'PAPER' });
    expect((await withdraw('EVERYTHING')).statusCode).toBe(404);
  });

  test('reaches the claim in a unit that the person has left, which HR does not see', async () => {
    const { number } = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) })).json();
    const draft = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2', draft: true }) })).json().number;
    const here = '/v1/employees/E2/consents';
    const asHr = { as: 'E4', token: api.tokens.SJZ };
    await api.database.query('UPDATE employee SET unit_id = $1 WHERE id = $2', [api.unitIds.SJZ, api.employeeIds.E2]);
    try {
      const [told, key] = [await api.call({ url: here, ...asHr }), randomUUID()];
      const own = (await api.call({ url: here, as: 'E2', token: api.tokens.SJZ })).json();
      const body = { paper: await paper() };
      const withdrawal = { method: 'POST' as const, url: `${here}/SENSITIVE_DATA/withdraw`, body, ...asHr, key };
      const answer = await api.call(withdrawal);
      expect(answer.statusCode, answer.body).toBe(200);
      // they are counted, and named neither now nor in what is kept to be answered again
      expect([told.json().elsewhere, answer.json().elsewhere, answer.json().effects]).toEqual([2, 2, []]);
      const again = await api.call(withdrawal);
      expect(again.headers['idempotent-replayed']).toBe('true');
      const given = await api.call({ method: 'POST', url: here, body: { purpose: 'SENSITIVE_DATA', textVersion: '2026-1', ...body }, ...asHr });
      expect([given.statusCode, given.json().elsewhere]).toEqual([201, 1]);
      for (const text of [told.body, answer.body, again.body, given.body]) expect([text.includes(number), text.includes(draft)]).toEqual([false, false]);
      // she herself sees them
      expect(own.elsewhere).toBe(0);
      expect(own.items[0].ifWithdrawn.map(({ claim }: { claim: string }) => claim)).toEqual([number, draft]);
    } finally {
      await api.database.query('UPDATE employee SET unit_id = $1 WHERE id = $2', [api.unitIds.BJ, api.employeeIds.E2]);
    }
    expect(await commands(number)).toEqual([null, 'consentChanged', 'consentChanged']);
    const { rows } = await api.database.query('SELECT state FROM claim WHERE number = $1', [draft]);
    expect(rows).toEqual([{ state: 'WITHDRAWN' }]);
  });

  test('two at once: one row', async () => {
    const answers = await Promise.all([withdraw('SHARING_BANK'), withdraw('SHARING_BANK')]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409]);
    expect((await read()).history.filter(({ kind }: { kind: string }) => kind === 'WITHDRAWN')).toHaveLength(1);
  });
});

test('is read by the person, HR and auditors; recorded in the audit; and changed by nobody', async () => {
  await withdraw('SHARING_BANK');
  for (const as of ['E1', 'E4', 'E2']) expect((await api.call({ url: URL, as })).statusCode).toBe(200);
  expect((await api.call({ url: URL, as: 'E3' })).json().code).toBe('FORBIDDEN');
  expect((await api.call({ url: URL, token: api.tokens.BJ })).json().code).toBe('NOT_FOUND');
  const { rows } = await api.database.query(
    `SELECT action, detail ->> 'purpose' AS purpose FROM audit_entry WHERE action LIKE 'consent-%' ORDER BY id DESC LIMIT 1`,
  );
  expect(rows).toEqual([{ action: 'consent-withdrawn', purpose: 'SHARING_BANK' }]);
  const scoped = api.deps.database.within({ units: [api.unitIds.HQ], employeeId: api.employeeIds.E1 });
  await expect(scoped.query('UPDATE consent SET at = now()')).rejects.toMatchObject({ code: '42501' });
  await expect(scoped.query('DELETE FROM consent')).rejects.toMatchObject({ code: '42501' });
  const foreign = api.deps.database.within({ units: [api.unitIds.BJ] });
  expect((await foreign.query('SELECT FROM consent WHERE employee_id = $1', [api.employeeIds.E1])).rowCount).toBe(0);
});
