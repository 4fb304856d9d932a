import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SECOND_FACTOR } from '#dev/identity/provider.ts';
import { eventually } from '../stack/eventually.ts';
import type { Browser } from './sign-in-browser.ts';
import { startSignInWorld, type SignInWorld } from './sign-in-world.ts';
import { claimBody } from './support.ts';

/*
 * Pages that stay up to date: everything that the reader may see, nothing of what she may not, nothing missed over a broken line, another process, or a transaction that
 * commits after those that began later.
 */

let api: SignInWorld;
let numbers: { e1: string; e2: string };
const LIVE = { pollMs: 20, heartbeatMs: 60, perPerson: 3 };
beforeAll(async () => {
  api = await startSignInWorld({}, { live: LIVE });
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  const submit = async (employeeNo: string): Promise<string> =>
    (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, draft: true }) })).json().number;
  numbers = { e1: await submit('E1'), e2: await submit('E2') };
});
afterAll(() => api?.close());

type Event = { id: string | undefined; name: string; data: Record<string, string[]> };
type Page = { events: Event[]; status: number; last(): string; changes(): Event[]; ended(): boolean; leave(): void };

const cookiesOf = (browser: Browser): string => [...browser.cookies(api.api)].map(([name, value]) => `${name}=${value}`).join('; ');

/** What EventSource is to a page. */
async function listen(browser: Browser, { after, at = api.api }: { after?: string; at?: string } = {}): Promise<Page> {
  const events: Event[] = [];
  const headers = { cookie: cookiesOf(browser), ...(after !== undefined && { 'last-event-id': after }) };
  // on a connection of its own: fetch would open another one in advance, for which the server would wait as it closes
  const asked = request(`${at}/v1/stream`, { headers, agent: false });
  asked.on('error', () => undefined).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let over = false;
  let id = '';
  const read = async (): Promise<void> => {
    let text = '';
    for await (const part of answer.setEncoding('utf8') as AsyncIterable<string>) {
      text += part;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(end + 2);
        id = fields.get('id') ?? id;
        const name = fields.get('event');
        if (name !== undefined) events.push({ id: fields.get('id'), name, data: JSON.parse(fields.get('data') ?? '{}') });
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  const page = {
    ...{ events, status: answer.statusCode ?? 0, last: () => id, ended: () => over },
    changes: () => events.filter(({ name }) => name === 'changes'),
    leave: () => asked.destroy(),
  };
  if (answer.statusCode === 200) await eventually(() => events.length > 0);
  return page;
}

async function signedIn(employeeNo: string): Promise<Browser> {
  const browser = api.browser();
  await api.signIn(browser, employeeNo, { acr: SECOND_FACTOR, code: true });
  return browser;
}

/** A line in a claim's history, as a transition writes one. */
const NEXT = `INSERT INTO claim_event (claim_number, seq, type, to_state, actor, remark)
  SELECT $1, (SELECT max(seq) + 1 FROM claim_event WHERE claim_number = $1), 'CLAIM_REMINDED', 'DRAFT', '{}', 'x'`;
const move = (number: string) => api.database.query(NEXT, [number]);
const openTask = async (number: string, unit: 'SJZ' | 'BJ', seq: number): Promise<string> => {
  const { rows } = await api.database.query<{ id: string }>(
    `INSERT INTO task (claim_number, opened_seq, kind, unit_id, role, choices, excluded) VALUES ($1, $3, 'DUPLICATE_REVIEW', $2, 'hr', '{}', '{}') RETURNING id`,
    [number, api.unitIds[unit], seq],
  );
  return rows[0]?.id ?? '';
};
const claimsTold = (page: Page): string[] => [...new Set(page.changes().flatMap(({ data }) => data['claims'] ?? []))];
const tasksTold = (page: Page): string[] => [...new Set(page.changes().flatMap(({ data }) => data['tasks'] ?? []))];

const pages: Page[] = [];
const open = async (...args: Parameters<typeof listen>): Promise<Page> => {
  const page = await listen(...args);
  pages.push(page);
  return page;
};
beforeEach(async () => {
  for (const page of pages.splice(0)) {
    page.leave();
    await eventually(() => page.ended());
  }
});

test('everybody is told what is theirs to see, and nothing of anybody else', async () => {
  const [claimant, stranger, hr] = await Promise.all([signedIn('E1'), signedIn('E2'), signedIn('E4')]);
  const [own, foreign, staff] = await Promise.all([open(claimant), open(stranger), open(hr)]);
  expect([own, foreign, staff].map(({ events }) => events[0]?.name)).toEqual(['ready', 'ready', 'ready']);
  const task = await openTask(numbers.e1, 'SJZ', 1);
  const elsewhere = await openTask(numbers.e2, 'BJ', 1);
  await move(numbers.e1);
  await move(numbers.e2);
  await eventually(() => claimsTold(own).length > 0 && claimsTold(foreign).length > 0 && tasksTold(staff).length > 0 && claimsTold(staff).length > 0);
  expect(claimsTold(own)).toEqual([numbers.e1]);
  expect(claimsTold(foreign)).toEqual([numbers.e2]);
  expect(claimsTold(staff)).toEqual([numbers.e1]);
  // a claimant sees the claim and not what HR has to do about it
  expect([tasksTold(own), tasksTold(foreign), tasksTold(staff)]).toEqual([[], [], [task]]);
  const words = JSON.stringify([own.events, foreign.events, staff.events]);
  expect(words).not.toContain(elsewhere);
  expect(words).not.toMatch(/DUPLICATE|CLAIM_REMINDED|DRAFT/);

  await api.database.query(`UPDATE task SET status = 'CANCELLED' WHERE id = $1`, [task]);
  const seen = staff.changes().length;
  await eventually(() => staff.changes().length > seen);
  expect(staff.changes().at(-1)?.data).toEqual({ claims: [], tasks: [task] });
});

test('what is committed late is told, although what began later was told before', async () => {
  const page = await open(await signedIn('E1'));
  const slow = new pg.Client({ connectionString: api.databaseUrl });
  await slow.connect();
  await slow.query('BEGIN');
  await slow.query(NEXT, [numbers.e1]);
  // both begin after it, and are over before it
  await move(numbers.e2);
  const other = (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true }) })).json().number;
  await eventually(() => claimsTold(page).includes(other));
  expect(claimsTold(page)).toEqual([other]);
  const browser = await signedIn('E1');
  const polled = (await browser.get(`${api.api}/v1/changes`)).json<{ cursor: string }>().cursor;
  page.leave();
  await eventually(() => page.ended());
  await slow.query('COMMIT');
  await slow.end();
  // neither whoever was away nor whoever asks now and then misses it
  const back = await open(browser, { after: page.last() });
  expect(back.events[0]).toMatchObject({ name: 'changes', data: { claims: [numbers.e1] } });
  expect((await browser.get(`${api.api}/v1/changes?after=${polled}`)).json()).toMatchObject({ reset: false, claims: [numbers.e1] });
});

test('it goes on at another process from where the line broke', async () => {
  const browser = await signedIn('E1');
  const first = await open(browser);
  first.leave();
  await eventually(() => first.ended());
  await move(numbers.e1);
  const other = await api.another();
  try {
    const second = await open(browser, { after: first.last(), at: other.url });
    expect(second.events[0]).toMatchObject({ name: 'changes', data: { claims: [numbers.e1], tasks: [] } });
    await move(numbers.e1);
    await eventually(() => second.changes().length > 1);
    const third = await open(browser, { after: second.last(), at: other.url });
    expect(third.events[0]?.name).toBe('ready');
  } finally {
    await other.close();
  }
  // the server that stops lets them go, and they come back to one that does not
  expect((await open(browser)).status).toBe(200);
});

test('the id moves on while nothing happens that concerns the reader', async () => {
  const page = await open(await signedIn('E1'));
  const before = page.last();
  await move(numbers.e2);
  await eventually(() => page.last() !== before);
  expect(page.changes()).toEqual([]);
});

test('whoever signs out, is signed out, or has left, hears so and no more', async () => {
  const browser = await signedIn('E1');
  const page = await open(browser);
  const { csrfToken } = (await browser.get(`${api.api}/v1/session`)).json<{ csrfToken: string }>();
  await browser.post(`${api.api}/auth/logout`, undefined, { origin: api.api, 'daozhang-csrf': csrfToken });
  await eventually(() => page.ended());
  expect(page.events.at(-1)).toMatchObject({ name: 'bye', data: { reason: 'session-ended' } });
  expect((await open(browser)).status).toBe(401);

  const leaving = await signedIn('E2');
  const last = await open(leaving);
  await api.database.query('UPDATE employee SET active = false WHERE employee_no = $1', ['E2']);
  await eventually(() => last.ended());
  await api.database.query('UPDATE employee SET active = true WHERE employee_no = $1', ['E2']);
  expect(last.events.at(-1)?.name).toBe('bye');
});

test('listening keeps no session alive', async () => {
  const browser = await signedIn('E1');
  const page = await open(browser);
  api.ahead.ms += 31 * 60_000;
  await eventually(() => page.ended());
  expect(page.events.at(-1)?.name).toBe('bye');
  api.ahead.ms = 0;
});

test('nor does a page that asks while nobody touches it; one click does', async () => {
  const browser = await signedIn('E1');
  const after = async (minutes: number, path: string, headers: Record<string, string> = {}): Promise<number> => {
    api.ahead.ms = minutes * 60_000;
    return (await browser.get(`${api.api}${path}`, headers)).status;
  };
  const unattended = { 'daozhang-unattended': '1' };
  expect(await after(20, '/v1/outages')).toBe(200);
  expect(await after(40, '/v1/outages', unattended)).toBe(200);
  expect(await after(49, '/v1/changes')).toBe(200);
  expect(await after(51, '/v1/outages', unattended)).toBe(401);
  expect(await after(51, '/v1/outages')).toBe(401);
  api.ahead.ms = 0;
});

test('three for one person, whatever the number of sessions; others are not kept out', async () => {
  const browsers = await Promise.all([signedIn('E1'), signedIn('E1'), signedIn('E1'), signedIn('E1'), signedIn('E2')]);
  const answers = [];
  for (const browser of browsers) answers.push((await open(browser)).status);
  expect(answers).toEqual([200, 200, 200, 429, 200]);
});

test('an id that is none of ours, or of another database, makes the page read everything again', async () => {
  const browser = await signedIn('E1');
  for (const after of ['x', '5:4:', '1:2:3', '9'.repeat(40), '0:0:', '99999999999:99999999999:']) {
    const page = await open(browser, { after });
    expect([after, page.events[0]?.name]).toEqual([after, 'reset']);
    page.leave();
    await eventually(() => page.ended());
    const polled = await browser.get(`${api.api}/v1/changes?after=${encodeURIComponent(after)}`);
    expect([after, polled.status === 400 || polled.json()['reset'] === true]).toEqual([after, true]);
  }
});

test('a system has no stream, and nobody without a session', async () => {
  for (const url of ['/v1/stream', '/v1/changes']) {
    expect((await api.call({ url })).statusCode).toBe(401);
    expect((await api.call({ url, as: 'E1' })).statusCode).toBe(401);
    expect((await api.call({ url, token: null })).statusCode).toBe(401);
  }
});

test('the look-ups across units are the API’s alone, and say nothing but numbers and ids', async () => {
  const asWorker = new pg.Client({ connectionString: api.workerUrl });
  await asWorker.connect();
  await expect(asWorker.query(`SELECT * FROM changes_since('1:1:'::pg_snapshot, 1)`)).rejects.toThrow(/permission denied/);
  await expect(asWorker.query(`SELECT open_sessions('{}', now(), interval '1 hour')`)).rejects.toThrow(/permission denied/);
  await asWorker.end();
});
