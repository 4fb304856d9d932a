import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECOND_FACTOR } from '#dev/identity/provider.ts';
import { payloadCodec } from '#platform/payload-codec.ts';
import { makePayloadKeys } from '../setup/payload-keys.ts';
import type { Browser } from './sign-in-browser.ts';
import { startSignInWorld, type SignInWorld } from './sign-in-world.ts';
import { claimBody } from './support.ts';

type PayloadJson = { metadata: Record<string, string>; data?: string };
type Entry = { claim: string | null; actor: unknown; detail: unknown };

const UI = 'http://127.0.0.1:8233';
const keys = makePayloadKeys();
const codec = payloadCodec(keys);
/** What a person decided, as the API hands it to the workflow. */
const DECISION = { taskId: 't-1', choice: 'REFUSE', comment: '诊断为急性阑尾炎，非参保范围', actor: { type: 'person', id: 'e-1' }, employeeId: 'e-1' };

let world: SignInWorld;
let operator: Browser;
const claims = { ours: '', theirs: '' };

beforeAll(async () => {
  world = await startSignInWorld({}, { payloadKeys: keys, codecOrigins: [UI] });
  await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'operator' });
  operator = world.browser();
  await world.signIn(operator, 'E4', { acr: SECOND_FACTOR, code: true });
  const submit = async (employeeNo: string) => {
    const answer = await world.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, documents: [] }) });
    if (answer.statusCode !== 201) throw new Error(answer.body);
    return answer.json<{ number: string }>().number;
  };
  claims.ours = await submit('E1');
  claims.theirs = await submit('E2');
});
afterAll(() => world?.close());

const jsonOf = ({ metadata, data }: Payload): PayloadJson => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  data: Buffer.from(data ?? []).toString('base64'),
});
const sealFor = async (claimNumber: string, value: unknown) => {
  const sealed = await codec.encode([defaultPayloadConverter.toPayload(value)], { type: 'workflow', namespace: 'default', workflowId: `claim/${claimNumber}` });
  return jsonOf(sealed[0] ?? {});
};
const valueOf = (payload: PayloadJson | undefined): unknown => JSON.parse(Buffer.from(payload?.data ?? '', 'base64').toString());
const post = (browser: Browser, path: string, body: unknown, headers: Record<string, string> = { origin: UI, 'sec-fetch-site': 'same-site' }) =>
  browser.post(`${world.api}/v1/codec/${path}`, JSON.stringify(body), { 'content-type': 'application/json', 'x-namespace': 'default', ...headers });
const decode = (browser: Browser, payloads: PayloadJson[], headers?: Record<string, string>) => post(browser, 'decode', { payloads }, headers);
const entries = async (action: string) =>
  (await world.database.query<Entry>('SELECT claim_number AS claim, actor, detail FROM audit_entry WHERE action = $1 ORDER BY id', [action])).rows;

test('an operator sees where a claim is, not what was written about it; whose was looked at is recorded', async () => {
  const before = (await entries('payloads-decoded')).length;
  const given = [await sealFor(claims.ours, DECISION), await sealFor(claims.theirs, DECISION), await sealFor(claims.ours, 'YB20261122-00000001 · SJZ')];
  const answer = await decode(operator, given);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('access-control-allow-origin')).toBe(UI);
  expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  const { payloads } = answer.json<{ payloads: PayloadJson[] }>();
  expect(valueOf(payloads[0])).toEqual({ ...DECISION, comment: '■' });
  // a claim of another branch: as if absent
  expect(payloads[1]).toEqual(given[1]);
  expect(valueOf(payloads[2])).toBe('YB20261122-00000001 · SJZ');
  expect((await entries('payloads-decoded')).slice(before)).toEqual([
    { claim: claims.ours, actor: { type: 'person', id: world.employeeIds.E4 }, detail: { workflow: `claim/${claims.ours}`, payloads: 2 } },
  ]);
});

test('entries of claims come before the one of the unit, whatever the workflows are called: in the order in which everybody takes the chains', async () => {
  const before = (await entries('payloads-decoded')).length;
  const [other = {}] = await codec.encode([defaultPayloadConverter.toPayload('x')], { type: 'workflow', namespace: 'default', workflowId: 'audit-roots' });
  await decode(operator, [jsonOf(other), await sealFor(claims.ours, 'x')]);
  expect((await entries('payloads-decoded')).slice(before).map(({ claim }) => claim)).toEqual([claims.ours, null]);
});

test('what a failure says is shown without what it quotes', async () => {
  const failure = {
    message: 'duplicate key "6229090000000001" of 李晓梅, E10001, 990100199003070009',
    stack_trace: 'Error: 990100199003070009\n    at write (a.ts:1:2)',
  };
  const { payloads } = (await decode(operator, [await sealFor(claims.ours, failure)])).json<{ payloads: PayloadJson[] }>();
  expect(valueOf(payloads[0])).toEqual({ message: 'duplicate key ■ of ■, E10001, ■', stack_trace: '    at write (a.ts:1:2)' });
});

test('what is not sealed, was changed, or is under another key goes back as it came, and nothing is recorded', async () => {
  const before = (await entries('payloads-decoded')).length;
  const whole = await sealFor(claims.ours, DECISION);
  const data = Buffer.from(whole.data ?? '', 'base64');
  data.writeUInt8(data.readUInt8(40) ^ 1, 40);
  const foreign = await payloadCodec(makePayloadKeys()).encode([defaultPayloadConverter.toPayload(DECISION)], {
    type: 'workflow',
    namespace: 'n',
    workflowId: 'w',
  });
  const moved = { ...whole, metadata: { ...whole.metadata, 'daozhang-workflow': Buffer.from(`claim/${claims.theirs}`).toString('base64') } };
  const given = [{ ...whole, data: data.toString('base64') }, moved, jsonOf(foreign[0] ?? {}), jsonOf(defaultPayloadConverter.toPayload('clear'))];
  const answer = await decode(operator, given);
  expect(answer.json()).toEqual({ payloads: given });
  expect(await entries('payloads-decoded')).toHaveLength(before);
});

describe('who gets in', () => {
  const code = async (page: ReturnType<typeof post>) => (await page).json<{ code?: string }>().code;

  test('nobody but a person who is signed in: no stranger, no key, not even one that acts for an operator', async () => {
    const sealed = [await sealFor(claims.ours, DECISION)];
    const stranger = await decode(world.browser(), sealed);
    expect([stranger.status, stranger.headers.get('access-control-allow-origin')]).toEqual([401, UI]);
    const machine = { authorization: `Bearer ${world.tokens.HQ}`, origin: UI };
    expect((await decode(world.browser(), sealed, machine)).status).toBe(401);
    expect((await decode(world.browser(), sealed, { ...machine, 'daozhang-actor': 'E4' })).status).toBe(401);
  });

  test('no operator without a second factor, and no person without the role', async () => {
    const [half, none] = [world.browser(), world.browser()];
    await world.signIn(half, 'E4');
    await world.signIn(none, 'E1');
    const sealed = [await sealFor(claims.ours, DECISION)];
    expect(await code(decode(half, sealed))).toBe('SECOND_FACTOR_REQUIRED');
    expect(await code(decode(none, sealed))).toBe('FORBIDDEN');
    for (const path of ['encode', 'decode']) expect(await code(post(none, path, { payloads: [] }))).toBe('FORBIDDEN');
  });

  test.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:9999', 'sec-fetch-site': 'same-site' }],
    ['the null origin', { origin: 'null' }],
    ['an origin that only begins like it', { origin: `${UI}0` }],
    ['nobody', {}],
    ['our own origin without the token', { origin: 'OWN', 'sec-fetch-site': 'same-origin' }],
  ])('not by the cookie from %s', async (_, { origin, ...rest }: { origin?: string; 'sec-fetch-site'?: string }) => {
    const from = { ...rest, ...(origin !== undefined && { origin: origin === 'OWN' ? world.api : origin }) };
    const answer = await decode(operator, [await sealFor(claims.ours, DECISION)], from);
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'CSRF_REFUSED']);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('other routes do not take that origin for ours', async () => {
    const answer = await operator.post(`${world.api}/auth/logout`, '{}', { origin: UI, 'sec-fetch-site': 'same-site', 'content-type': 'application/json' });
    expect(answer.json<{ code: string }>().code).toBe('CSRF_REFUSED');
  });

  test('a browser that asks first hears yes for the listed origin alone', async () => {
    const ask = async (origin: string) => {
      const answer = await world.browser().send('OPTIONS', `${world.api}/v1/codec/decode`, { origin, 'access-control-request-method': 'POST' });
      return [answer.status, ...['origin', 'methods', 'headers', 'credentials'].map((name) => answer.headers.get(`access-control-allow-${name}`))];
    };
    expect(await ask(UI)).toEqual([204, UI, 'POST', 'authorization, content-type, x-namespace', 'true']);
    expect(await ask('https://evil.example')).toEqual([204, null, null, null, null]);
  });
});

describe('the command line', () => {
  const token = async () => {
    const { csrfToken } = (await operator.get(`${world.api}/v1/session`)).json<{ csrfToken: string }>();
    const own = { origin: world.api, 'sec-fetch-site': 'same-origin', 'daozhang-csrf': csrfToken };
    const answer = await operator.post(`${world.api}/v1/codec/tokens`, undefined, own);
    return answer.json<{ token: string; expiresAt: string }>();
  };
  const by = (bearer: string) => ({ authorization: `Bearer ${bearer}` });

  test('gets a token that opens the codec for a quarter of an hour, and nothing else', async () => {
    const issued = await token();
    const sealed = [await sealFor(claims.ours, DECISION)];
    const answer = await decode(world.browser(), sealed, by(issued.token));
    expect(valueOf(answer.json<{ payloads: PayloadJson[] }>().payloads[0])).toEqual({ ...DECISION, comment: '■' });
    expect(await entries('codec-token-issued')).toHaveLength(1);
    for (const path of ['/v1/session', '/v1/claims', '/v1/units'])
      expect((await world.browser().get(`${world.api}${path}`, by(issued.token))).status).toBe(401);
    expect((await world.browser().post(`${world.api}/v1/codec/tokens`, undefined, by(issued.token))).status).toBe(401);

    world.ahead.ms = 15 * 60_000;
    try {
      expect((await decode(world.browser(), sealed, by(issued.token))).status).toBe(401);
    } finally {
      world.ahead.ms = 0;
    }
  });

  test('a token that was changed, or is the cookie of the session, is none', async () => {
    const { token: whole } = await token();
    const cookie = operator.cookies(world.api).get('daozhang-session') ?? '';
    const bent = `${whole.slice(0, -2)}${whole.at(-2) === 'A' ? 'B' : 'A'}${whole.slice(-1)}`;
    for (const bearer of [bent, `dzc_${cookie}`, `dzc_${'A'.repeat(60)}`, 'dzc_', whole.replace('dzc_', 'dzk_')])
      expect([bearer.slice(0, 8), (await decode(world.browser(), [], by(bearer))).status]).toEqual([bearer.slice(0, 8), 401]);
  });

  test('who is no operator any more has a token for nothing', async () => {
    const { token: bearer } = await token();
    const change = (until: string | null) => world.database.query(`UPDATE role_assignment SET valid_to = $1 WHERE role = 'operator'`, [until]);
    await change('2000-01-02');
    try {
      expect((await decode(world.browser(), [], by(bearer))).json<{ code: string }>().code).toBe('FORBIDDEN');
    } finally {
      await change(null);
    }
  });
});

test('what an operator types is sealed, can be sent anywhere, and is recorded', async () => {
  const answer = await post(operator, 'encode', { payloads: [jsonOf(defaultPayloadConverter.toPayload({ reference: 'R-1' }))] });
  const [sealed] = answer.json<{ payloads: PayloadJson[] }>().payloads;
  const bytes: Payload = {
    metadata: Object.fromEntries(Object.entries(sealed?.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: Buffer.from(sealed?.data ?? '', 'base64'),
  };
  const [opened = {}] = await codec.decode([bytes], { type: 'workflow', namespace: 'default', workflowId: `claim/${claims.ours}` });
  expect(defaultPayloadConverter.fromPayload(opened)).toEqual({ reference: 'R-1' });
  expect(await entries('payloads-encoded')).toHaveLength(1);
});

test('too much at once is refused', async () => {
  const many = await post(operator, 'decode', { payloads: Array.from({ length: 501 }, () => ({})) });
  expect([many.status, many.json<{ code: string }>().code]).toEqual([400, 'VALIDATION_FAILED']);
  const large = await post(operator, 'decode', { payloads: [{ data: 'A'.repeat(5_000_000) }] });
  expect([large.status, large.json<{ code: string }>().code]).toEqual([413, 'BODY_TOO_LARGE']);
  for (const wrong of [{ data: 'not Base64!' }, { data: 7 }, { metadata: { encoding: null } }])
    expect((await post(operator, 'decode', { payloads: [wrong] })).status).toBe(400);
  expect((await post(operator, 'decode', {})).status).toBe(400);
  expect((await post(operator, 'decode', { payloads: [] })).json()).toEqual({ payloads: [] });
});
