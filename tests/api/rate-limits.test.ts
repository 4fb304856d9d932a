import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { addressBlock } from '#api/address-block.ts';
import { createRateLimiter } from '#api/rate-limiter.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { dropFullBuckets, takeTokens } from '#prisma/queries/rate-limits.ts';
import { createTestDatabase, type TestDatabase } from '../setup/database.ts';
import { startTestApi, type TestApi } from './support.ts';

describe('whom an address stands for', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['0:0:0:0:0:FFFF:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    ['not an address', 'not an address'],
  ])('%s is %s', (ip, block) => expect(addressBlock(ip)).toBe(block));
});

describe('buckets in the database', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    database = openDatabase({ url: testDatabase.url });
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });
  const wind = (id: string, seconds: number) =>
    database.query('UPDATE rate_limit SET at = at - make_interval(secs => $2), full_at = full_at - make_interval(secs => $2) WHERE bucket = $1', [id, seconds]);

  test('give what they hold and no more, and fill up with time but not beyond', async () => {
    const bucket = { id: 'a', capacity: 10, windowSeconds: 60 };
    const take = async (want: number) => (await takeTokens(database, bucket, want)).granted;
    expect([await take(4), await take(4), await take(4), await take(4)]).toEqual([4, 4, 2, 0]);
    await wind('a', 18);
    expect([await take(10), await take(1)]).toEqual([3, 0]);
    await wind('a', 3_600);
    expect([await take(10), await take(1)]).toEqual([10, 0]);
  });

  test('a clock that goes backwards gives nothing away', async () => {
    const bucket = { id: 'back', capacity: 10, windowSeconds: 60 };
    await takeTokens(database, bucket, 10);
    await wind('back', -3_600);
    expect((await takeTokens(database, bucket, 5)).granted).toBe(0);
  });

  test('fifty at once share one bucket to the last token', async () => {
    const bucket = { id: 'race', capacity: 100, windowSeconds: 3_600 };
    const given = await Promise.all(Array.from({ length: 50 }, () => takeTokens(database, bucket, 3)));
    expect(given.reduce((sum, { granted }) => sum + granted, 0)).toBe(100);
  });

  test('those that are full again are forgotten, the others are not', async () => {
    await takeTokens(database, { id: 'old', capacity: 10, windowSeconds: 60 }, 10);
    await takeTokens(database, { id: 'new', capacity: 10, windowSeconds: 60 }, 10);
    await wind('old', 61);
    await dropFullBuckets(database);
    const { rows } = await database.query<{ bucket: string }>(`SELECT bucket FROM rate_limit WHERE bucket IN ('old', 'new')`);
    expect(rows).toEqual([{ bucket: 'new' }]);
  });

  test('two processes get one limit between them, and few writes of it', async () => {
    let queries = 0;
    const counted: Pick<Database, 'query'> = {
      query: (text, values) => {
        queries += 1;
        return database.query(text, values);
      },
    };
    const [one, two] = [createRateLimiter({ database: counted }), createRateLimiter({ database: counted })];
    const limit = { name: 'shared', perMinute: 500 };
    const verdicts = await Promise.all(Array.from({ length: 800 }, (_, index) => (index % 2 ? one : two).take(limit, 'a')));
    const allowed = verdicts.filter((verdict) => verdict.allowed).length;
    // 500, and at most what comes in while the test runs
    expect(allowed).toBeGreaterThanOrEqual(500);
    expect(allowed).toBeLessThan(560);
    expect(queries).toBeLessThan(80);
    const refused = verdicts.find((verdict) => !verdict.allowed);
    expect(refused).toMatchObject({ remaining: 0, seconds: 1 });
    expect((await one.take(limit, 'b')).allowed).toBe(true);
    one.close();
    two.close();
  });

  test('without the database each counts alone: nobody is locked out, nobody is let loose', async () => {
    let asked = 0;
    let time = 0;
    const away: Pick<Database, 'query'> = {
      query: async () => {
        asked += 1;
        throw new Error('away');
      },
    };
    const limiter = createRateLimiter({ database: away }, () => time);
    const limit = { name: 'alone', perMinute: 100 };
    const round = async () => (await Promise.all(Array.from({ length: 150 }, () => limiter.take(limit, 'a')))).filter(({ allowed }) => allowed).length;
    expect(await round()).toBe(100);
    expect(asked).toBe(1);
    time += 6_000;
    expect(await round()).toBe(10);
    expect(asked).toBe(1);
    limiter.close();
  });
});

describe('over HTTP', () => {
  let api: TestApi;
  afterEach(() => api.close());
  const page = (remoteAddress: string, forwarded?: string) =>
    api.app.inject({ url: '/openapi.json', remoteAddress, ...(forwarded !== undefined && { headers: { 'x-forwarded-for': forwarded } }) });
  const statuses = async (count: number, call: (index: number) => Promise<{ statusCode: number }>) => {
    const all: number[] = [];
    for (let index = 0; index < count; index += 1) all.push((await call(index)).statusCode);
    return all;
  };

  test('a machine hears how much it may still do, and when to come back', async () => {
    api = await startTestApi({ rateLimits: { machine: 3 } });
    const answers = [];
    for (let index = 0; index < 4; index += 1) answers.push(await api.call({ url: '/v1/units' }));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers['ratelimit-policy'])).toEqual(Array.from({ length: 4 }, () => '"machine";q=3;w=60'));
    expect(answers.map(({ headers }) => /;r=(\d+);/.exec(String(headers['ratelimit']))?.[1])).toEqual(['2', '1', '0', '0']);
    const last = answers.at(-1);
    expect(last?.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    const retryAfter = Number(last?.headers['retry-after']);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(20);
    // another key is another caller, and probes are not counted
    expect((await api.call({ url: '/v1/units', token: await api.makeKey({ unit: 'HQ', scopes: ['directory:read'] }) })).statusCode).toBe(200);
    expect(await statuses(5, () => api.app.inject('/healthz'))).toEqual([200, 200, 200, 200, 200]);
  });

  test('a body is not read for somebody who has none left', async () => {
    api = await startTestApi({ rateLimits: { machine: 1 } });
    await api.call({ url: '/v1/units' });
    const answer = await api.call({ method: 'POST', url: '/v1/claims', body: '{ not JSON' });
    expect(answer.json()).toMatchObject({ code: 'RATE_LIMITED' });
  });

  test('a stranger who invents where a request comes from is counted all the same', async () => {
    api = await startTestApi({ rateLimits: { open: 3 }, trustProxy: ['10.0.0.1'] });
    const forged = await statuses(5, (index) => page('203.0.113.5', `198.51.100.${index}`));
    expect(forged).toEqual([200, 200, 200, 429, 429]);
    // through the proxy each is counted for itself; what a stranger wrote in front of it is not believed
    expect(await statuses(5, (index) => page('10.0.0.1', `203.0.113.${index + 50}`))).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(5, (index) => page('10.0.0.1', `198.51.100.${index}, 203.0.113.99`))).toEqual([200, 200, 200, 429, 429]);
  });

  test('the addresses of one /64 are one stranger', async () => {
    api = await startTestApi({ rateLimits: { open: 3 } });
    expect(await statuses(5, (index) => page(`2001:db8:1:2::${index + 1}`))).toEqual([200, 200, 200, 429, 429]);
    expect((await page('2001:db8:1:3::1')).statusCode).toBe(200);
  });

  test('who does not exist is counted too', async () => {
    api = await startTestApi({ rateLimits: { open: 2 } });
    expect(await statuses(4, () => api.app.inject('/wp-login.php'))).toEqual([404, 404, 429, 429]);
  });

  test('after too many credentials that are none an address waits, but not those behind it who have got in before', async () => {
    api = await startTestApi({ rateLimits: { failed: 3 } });
    expect((await api.call({ url: '/v1/units' })).statusCode).toBe(200);
    const guess = () => api.call({ url: '/v1/units', token: 'dzk_00000000-0000-4000-8000-000000000000_guess' });
    let guesses = 0;
    // counted when it is answered: a few more may slip through while the database is asked
    for (; (await guess()).statusCode === 401 && guesses < 1_000; guesses += 1) await delay(5);
    expect(guesses).toBeGreaterThanOrEqual(3);
    expect(guesses).toBeLessThan(50);
    expect((await api.call({ url: '/v1/units' })).statusCode).toBe(200);
    expect((await guess()).headers['retry-after']).toMatch(/^\d+$/);
  });

  test('what is stored of an address does not say which one it is', async () => {
    api = await startTestApi({ rateLimits: { open: 2 } });
    await page('203.0.113.77');
    const { rows } = await api.database.query<{ bucket: string }>('SELECT bucket FROM rate_limit');
    expect(rows.map(({ bucket }) => bucket)).toEqual([expect.stringMatching(/^open:[0-9a-f]{32}$/)]);
  });
});
