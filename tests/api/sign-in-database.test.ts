import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '#prisma/database.ts';
import { endSessionsOf, startSession, useSession, type NewSession } from '#prisma/queries/sessions.ts';
import { testVault } from '../setup/vault.ts';
import { NOW, startTestApi, type TestApi } from './support.ts';

/** What the API's own login may do with sessions, past all routes. */
let api: TestApi;
let asApi: Database;
beforeAll(async () => {
  api = await startTestApi({
    signIn: {
      ...{ issuer: 'https://id.example', clientId: 'daozhang', clientSecret: 'secret', publicUrl: 'https://claims.example', employeeClaim: 'employee_no' },
      ...{ secondFactorAcr: ['mfa'], sessionIdleMinutes: 30, sessionHours: 12, audience: undefined },
    },
  });
  asApi = openDatabase({ url: api.apiUrl, vault: testVault() });
});
afterAll(async () => {
  await asApi?.close();
  await api?.close();
});

const newSession = (employeeId: string): NewSession => ({
  ...{ hash: randomUUID(), attempt: randomUUID(), employeeId, secondFactor: false, at: NOW, expiresAt: new Date(NOW.getTime() + 3_600_000) },
});
const start = (session: NewSession) => asApi.within({ employeeId: session.employeeId }).write((tx) => startSession(tx, session));

test('under https the cookie belongs to this host alone and is sent by https alone', async () => {
  const plain = await api.app.inject({ url: '/auth/callback?code=x&state=y', headers: { cookie: 'daozhang-sign-in=x' } });
  // the plain name means nothing here
  expect(plain.json().code).toBe('SIGN_IN_STATE_INVALID');
  const { cookies } = api.app.signIn ?? fail();
  const headers = new Map<string, unknown>();
  const reply = { setCookie: (name: string, _value: string, options: object) => headers.set(name, options) };
  await cookies.write(reply as never, 'session', 'value', 60);
  expect([...headers]).toEqual([['__Host-daozhang-session', { path: '/', httpOnly: true, sameSite: 'lax', secure: true, maxAge: 60 }]]);
});

test('an attempt starts one session, however many callbacks arrive at once', async () => {
  const session = newSession(api.employeeIds.E1);
  const results = await Promise.all(Array.from({ length: 8 }, () => start({ ...session, hash: randomUUID() })));
  expect(results.filter((result) => result === 'started')).toHaveLength(1);
});

test('sessions and clients are seen by nobody without a scope, and what opens them by nobody at all', async () => {
  await start(newSession(api.employeeIds.E1));
  await api.database.query(`INSERT INTO machine_client (client_id, name, unit_id, scopes) VALUES ('c', 'c', $1, '{}')`, [api.unitIds.HQ]);
  expect((await asApi.query('SELECT id FROM session')).rows).toEqual([]);
  const within = asApi.within({ units: [api.unitIds.SJZ] });
  expect((await within.query('SELECT id FROM session')).rows.length).toBeGreaterThan(0);
  expect((await asApi.within({ units: [api.unitIds.BJ] }).query('SELECT id FROM session')).rows).toEqual([]);
  await expect(within.query('SELECT hash FROM session')).rejects.toThrow('permission denied');
  await expect(within.query('SELECT attempt FROM session')).rejects.toThrow('permission denied');
  await expect(within.query('SELECT client_id FROM machine_client')).rejects.toThrow('permission denied');
  await expect(within.query(`UPDATE session SET expires_at = 'infinity'`)).rejects.toThrow('permission denied');
  await expect(within.query(`UPDATE session SET second_factor = true`)).rejects.toThrow('permission denied');
});

test('nobody starts a session for somebody, or ends one, outside of the own scope', async () => {
  const session = newSession(api.employeeIds.E1);
  await expect(asApi.within({ employeeId: api.employeeIds.E2 }).write((tx) => startSession(tx, session))).rejects.toThrow('row-level security');
  await start(session);
  const at = new Date(NOW.getTime() + 1_000);
  expect(await asApi.within({ units: [api.unitIds.BJ] }).write((tx) => endSessionsOf(tx, { employeeId: api.employeeIds.E1, at }))).toBe(0);
  expect((await useSession(asApi, { hash: session.hash, at, idleMinutes: 30 }))?.open).toBe(true);
});

test('being seen is written thirty times in an idle time at most, and a time-out never undone by it', async () => {
  const session = { ...newSession(api.employeeIds.E4), expiresAt: new Date(NOW.getTime() + 10 * 3_600_000) };
  await start(session);
  const seenAt = async (seconds: number) => {
    const row = await useSession(asApi, { hash: session.hash, at: new Date(NOW.getTime() + seconds * 1_000), idleMinutes: 30 });
    return [row?.open, ((row?.lastSeenAt.getTime() ?? 0) - NOW.getTime()) / 1_000];
  };
  expect(await seenAt(59)).toEqual([true, 0]);
  expect(await seenAt(60)).toEqual([true, 60]);
  expect(await seenAt(60 + 1_799)).toEqual([true, 1_859]);
  expect(await seenAt(1_859 + 1_800)).toEqual([false, 1_859]);
  expect(await seenAt(1_859 + 1_801)).toEqual([false, 1_859]);
});

function fail(): never {
  throw new Error('no sign-in');
}
