import { afterAll, beforeAll, expect, test } from 'vitest';
import { bankInstructions, expectBooksToAgree, type Expected } from './books.ts';
import { addAccount, BUREAU, eventually, startWorld, type E2eWorld } from './world.ts';

let world: E2eWorld;
const expected: Record<string, Expected> = {};
const atOdds: string[] = [];
const ends = (number: string, n: number) => (expected[number] = { state: 'PAID', paid: 82 * n });
const cleared = (number: string) => world.until(number, (claim) => claim.cleared);

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const referenceOf = async (number: string): Promise<string> => {
  const [row] = await world.sql<{ reference: string }>('SELECT reference FROM payment_instruction WHERE claim_number = $1 ORDER BY attempt DESC', [number]);
  if (!row) throw new Error(`${number} has no instruction`);
  return row.reference;
};
const eventTypes = async (number: string) =>
  (await world.sql<{ type: string }>('SELECT type FROM claim_event WHERE claim_number = $1 ORDER BY seq', [number])).map(({ type }) => type);
const audited = async (action: string, number: string | null) =>
  (
    await world.sql<{ count: number }>('SELECT count(*)::int AS count FROM audit_entry WHERE action = $1 AND claim_number IS NOT DISTINCT FROM $2', [
      action,
      number,
    ])
  )[0]?.count ?? 0;
const rule = (number: string, ...rulings: Record<string, unknown>[]) => world.bureau.send('PUT', `/bureaus/${BUREAU}/claims/${number}`, { rulings });

test('a bank that commits and times out, answers garbage, takes long, says a wrong amount, or refuses', async () => {
  const { bank, api } = world;
  const cases = { timesOut: 1, garbage: 2, long: 3, wrongAmount: 4, refused: 5, broken: 6 };
  const people = Object.fromEntries(await Promise.all(Object.keys(cases).map(async (name) => [name, await world.employee()] as const)));
  const account = (name: keyof typeof cases) => people[name]?.account ?? '';
  await bank.fault({ mode: 'commit-then-timeout', on: 'XFERTRNRQ', account: account('timesOut'), count: 1, cut: true });
  await bank.fault({ mode: 'garbage', on: 'XFERTRNRQ', account: account('garbage'), count: 1 });
  await bank.fault({ mode: 'processing', on: 'XFERTRNRQ', account: account('long') });
  await bank.fault({ mode: 'wrong-amount', on: 'XFERTRNRQ', account: account('wrongAmount') });
  await bank.fault({ mode: '5xx', on: 'XFERTRNRQ', account: account('broken'), count: 2 });
  await bank.send('PUT', '/payees', { account: account('refused'), state: 'closed' });
  const numbers: Partial<Record<string, string>> = {};
  for (const [name, n] of Object.entries(cases)) {
    const by = people[name];
    if (by) numbers[name] = await world.submit({ n, by });
  }
  const number = (name: keyof typeof cases): string => numbers[name] ?? '';

  for (const name of ['timesOut', 'garbage', 'broken'] as const) {
    await cleared(number(name));
    ends(number(name), cases[name]);
  }
  // The bank was asked more than once, and still has it in its hands.
  await eventually('questions about the long one', async () => {
    const { entries } = await bank.get<{ entries: { about?: { reference?: string } }[] }>('/ledger?kind=transaction');
    const reference = await referenceOf(number('long'));
    return entries.filter(({ about }) => about?.reference === reference).length >= 2;
  });
  expect(await world.claim(number('long'))).toMatchObject({ state: 'PAYMENT_IN_PROCESS', paymentStatus: 'IN_FLIGHT' });
  await bank.send('POST', `/instructions/${await referenceOf(number('long'))}/release`, { code: 'PAYOUT' });
  await cleared(number('long'));
  ends(number('long'), cases.long);

  // Not what was ordered: nobody is told that it arrived, and a person looks at it.
  await world.openTask(number('wrongAmount'), 'PAYOUT_ATTENTION');
  expect(await world.claim(number('wrongAmount'))).toMatchObject({ state: 'PAYMENT_IN_PROCESS', paymentStatus: 'UNKNOWN', closed: false });
  expected[number('wrongAmount')] = { state: 'PAYMENT_IN_PROCESS', paid: 0, closed: false };
  atOdds.push(await referenceOf(number('wrongAmount')));

  await world.until(number('refused'), 'PAYMENT_FAILED');
  const [mended] = [people['refused']];
  if (mended) await addAccount(api, { ...mended, account: `${mended.account}1` });
  await cleared(number('refused'));
  ends(number('refused'), cases.refused);
  expect(await world.sql('SELECT attempt, status FROM payment_instruction WHERE claim_number = $1 ORDER BY attempt', [number('refused')])).toEqual([
    { attempt: 1, status: 'FAILED' },
    { attempt: 2, status: 'SUCCEEDED' },
  ]);
});

test('money that the bank sends back, before the claim is cleared and a day after', async () => {
  const { bank, api } = world;
  const [soon, late] = await Promise.all([world.employee(), world.employee()]);
  await bank.send('PUT', '/clock', { offsetMs: -86_400_000 });
  const returnedLate = await world.submit({ n: 11, by: late });
  await cleared(returnedLate);
  await bank.fault({ mode: '5xx', on: 'SCUSTSTMTTRNRQ' });
  const returnedSoon = await world.submit({ n: 12, by: soon });
  await world.until(returnedSoon, 'PAID');
  await bank.send('PUT', '/clock', { offsetMs: 0 });
  for (const number of [returnedSoon, returnedLate]) await bank.send('POST', `/instructions/${await referenceOf(number)}/return`, { reason: '44' });
  await bank.send('DELETE', '/faults');

  for (const [number, person, n] of [
    [returnedSoon, soon, 12],
    [returnedLate, late, 11],
  ] as const) {
    await world.until(number, 'PAYMENT_FAILED');
    await addAccount(api, { ...person, account: `${person.account}1` });
    await cleared(number);
    ends(number, n);
    expect(await eventTypes(number)).toContain('PAYMENT_RETURNED');
    expect(await world.sql('SELECT attempt, status FROM payment_instruction WHERE claim_number = $1 ORDER BY attempt', [number])).toEqual([
      { attempt: 1, status: 'RETURNED' },
      { attempt: 2, status: 'SUCCEEDED' },
    ]);
  }
  const ids = await world.sql<{ id: string }>('SELECT workflow_id AS id FROM claim WHERE number = ANY ($1) ORDER BY number', [[returnedLate, returnedSoon]]);
  expect(ids.map(({ id }) => id)).toEqual([`claim/${returnedLate}/return/1`, `claim/${returnedSoon}`]);
});

test('a bureau that answers twice, late, out of order, contradicts itself, forges, loses its answer, speaks of strangers, or is away', async () => {
  const { bureau, product } = world;
  const by = await world.employee();
  await bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: true } });
  const cases = { twice: 21, altered: 22, late: 23, unordered: 24, contradicts: 25, forged: 26, lost: 27 };
  const numbers = Object.fromEntries(await Promise.all(Object.entries(cases).map(async ([name, n]) => [name, await world.submit({ n, by })] as const)));
  const number = (name: keyof typeof cases): string => numbers[name] ?? '';
  for (const [name, n] of Object.entries(cases)) {
    await world.until(numbers[name] ?? '', 'IN_REVIEW');
    ends(numbers[name] ?? '', n);
  }
  await bureau.fault({ mode: 'repeated', on: 'DZ11', key: number('twice'), times: 2 });
  await bureau.fault({ mode: 'repeated', on: 'DZ11', key: number('altered'), times: 1, altered: true });
  await bureau.fault({ mode: 'late', on: 'DZ11', key: number('late'), ms: 1_000 });
  // The first of two answers is held back until the second has gone.
  await bureau.fault({ mode: 'out-of-order', on: 'DZ11', key: number('unordered'), count: 1, ms: 5_000 });
  await bureau.fault({ mode: 'wrong-signature', on: 'DZ11', key: number('forged'), count: 1 });
  await bureau.fault({ mode: 'lost', on: 'DZ11', key: number('lost') });
  for (const name of ['twice', 'altered', 'late', 'forged', 'lost'] as const) await rule(number(name), { outcome: 'approve', delayMs: 0 });
  await rule(number('contradicts'), { outcome: 'approve', delayMs: 0 });
  await world.until(number('contradicts'), ({ state }) => state !== 'IN_REVIEW');
  await bureau.send('POST', `/bureaus/${BUREAU}/claims/${number('contradicts')}/decide`, { outcome: 'deny' });
  await rule(number('unordered'), { outcome: 'deny', delayMs: 0 }, { outcome: 'approve', delayMs: 0 });
  await bureau.send('POST', `/bureaus/${BUREAU}/strays`, { corr_id: 'YB20200101-00000001' });
  for (const name of Object.keys(cases)) {
    // What comes first counts, and here the poll may bring either first; whichever it is, the other changes nothing.
    if (name === 'unordered') continue;
    await cleared(numbers[name] ?? '');
  }
  await eventually(
    'the late message about a paid claim to be noted',
    async () => (await audited('late-message', number('contradicts'))) + (await audited('bureau-answer-ignored', number('contradicts'))) > 0,
  );
  const unordered = await world.until(number('unordered'), (claim) => claim.cleared || claim.state === 'DENIED');
  expected[number('unordered')] = unordered.state === 'DENIED' ? { state: 'DENIED', paid: 0, closed: false } : { state: 'PAID', paid: 82 * 24 };
  expect((await eventTypes(number('unordered'))).filter((type) => type === 'DECIDED')).toHaveLength(1);
  await eventually('the stranger to be noted', async () => (await audited('unknown-claim', null)) === 1);
  expect((await eventTypes(number('contradicts'))).filter((type) => type === 'DECIDED')).toHaveLength(1);

  // What was forged was refused, and so was another content under an id that was taken; what was repeated was acknowledged as the first time.
  const { entries } = await bureau.get<{ entries: { fault?: string; result: string; note: string }[] }>('/ledger?kind=attempted');
  const answered = (fault: string) => entries.filter((entry) => entry.fault === fault).map(({ result, note }) => ({ result, note }));
  expect(answered('wrong-signature')).toEqual([{ result: 'failed', note: 'HTTP 401' }]);
  expect(answered('altered')).toEqual([{ result: 'refused', note: 'HTTP 409' }]);
  expect((await eventTypes(number('twice'))).filter((type) => type === 'DECIDED')).toHaveLength(1);

  await product.processes.bureau.kill();
  const duringOutage = await world.submit({ n: 28, by });
  await world.until(duringOutage, 'SENT_TO_BUREAU');
  await product.startBureau();
  await bureau.send('PUT', `/bureaus/${BUREAU}`, { plan: { hold: false } });
  await cleared(duringOutage);
  ends(duringOutage, 28);

  expect(await bankInstructions(world)).not.toHaveLength(0);
  await expectBooksToAgree(world, expected, { atOdds });
});
