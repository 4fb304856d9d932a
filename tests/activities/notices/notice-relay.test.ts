import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { pino } from 'pino';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createEmailMessenger } from '#activities/notices/email.ts';
import { startNoticeRelay } from '#activities/notices/notice-relay.ts';
import type { Recipient } from '#domain/notices/notice.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { makeClaim, makeEmployee, makeUnit, until } from '#tests/activities/relays/fixtures.ts';
import { createTestDatabase } from '#tests/setup/database.ts';
import { testVault } from '../../setup/vault.ts';

let database: Database;
let workerDatabase: Database;
const cleanups: (() => Promise<void> | void)[] = [];
const logged: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });

beforeAll(async () => {
  const { url, workerUrl } = await createTestDatabase();
  database = openDatabase({ url, vault: testVault() });
  workerDatabase = openDatabase({ url: workerUrl, vault: testVault() });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(() => Promise.all([database.close(), workerDatabase.close()]));

type Mail = { to: string[]; raw: Buffer };

/** A real SMTP server that keeps what it accepts; `behaviour` makes it difficult. */
async function startMailServer(behaviour: SMTPServerOptions = {}) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks) });
        done();
      });
    },
    ...behaviour,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  cleanups.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { mails, smtpUrl: `smtp://127.0.0.1:${port}` };
}

function startRelay({ smtpUrl, timeoutMs = 5_000 }: { smtpUrl: string; timeoutMs?: number }) {
  const messenger = createEmailMessenger({ smtpUrl, from: '到账 <noreply@daozhang.example>', timeoutMs });
  const relay = startNoticeRelay({
    database: workerDatabase,
    messengers: [messenger],
    log,
    publicUrl: 'https://daozhang.example',
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await relay.stop();
    messenger.close();
  };
  cleanups.push(stop);
  return { stop };
}

let made = 0;
async function makeNotice(notice: { email?: string | null; locale?: string; template?: string; params?: object; recipient?: Recipient; channel?: string }) {
  const { email = 'fang.wang@corp.example', locale = 'zh-CN', template = 'PAID', params = { amount: '526.00' }, channel = 'email' } = notice;
  const recipient = notice.recipient ?? { kind: 'claimant' };
  const ordinal = (made += 1);
  const unitId = await makeUnit(database, { code: `U${ordinal}` });
  const { id: employeeId } = await makeEmployee(database, { unitId, name: '王芳', email, locale });
  const claimNumber = await makeClaim(database, { number: `YB20261118-${String(ordinal).padStart(8, '0')}`, unitId, employeeId });
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO notice (claim_number, seq, template, params, recipient, channel) VALUES ($1, 1, $2, $3, $4, $5) RETURNING id`,
    [claimNumber, template, params, recipient, channel],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no notice was made');
  return { id: row.id, claimNumber, unitId };
}

type NoticeRow = { status: string; attempts: number; lastError: string | null };
async function read(id: number): Promise<NoticeRow> {
  const { rows } = await database.query<NoticeRow>(`SELECT status, attempts, last_error AS "lastError" FROM notice WHERE id = $1`, [id]);
  const [row] = rows;
  if (row === undefined) throw new Error('the notice is gone');
  return row;
}
const over = (id: number) => until(async () => (await read(id)).status !== 'PENDING');
const tried = (id: number, attempts: number) =>
  until(async () => {
    const row = await read(id);
    return row.attempts === attempts && row.lastError !== null;
  });
/** Makes it due, and forgets the error so that the next one can be waited for. */
const again = (id: number) => database.query(`UPDATE notice SET next_attempt_at = now(), last_error = NULL WHERE id = $1`, [id]);

test("tells the claimant in the claimant's language, as text and HTML", async () => {
  const { mails, smtpUrl } = await startMailServer();
  startRelay({ smtpUrl });
  const zh = await makeNotice({ email: 'zh@corp.example' });
  const en = await makeNotice({ email: 'en@corp.example', locale: 'en-GB' });
  await over(zh.id);
  await over(en.id);
  expect(await read(zh.id)).toEqual({ status: 'SENT', attempts: 1, lastError: null });
  const byRecipient = new Map(mails.map((mail) => [mail.to.join(), mail.raw]));
  const chinese = await PostalMime.parse(byRecipient.get('zh@corp.example') ?? '');
  expect(chinese.subject).toBe(`报销款项已到账 · ${zh.claimNumber}`);
  expect(chinese.text).toContain('王芳，您好：');
  expect(chinese.text).toContain('526.00元');
  expect(chinese.html).toContain(`https://daozhang.example/app/claims/${zh.claimNumber}`);
  expect(chinese.messageId).toBe(`<notice-${zh.id}@daozhang.example>`);
  const english = await PostalMime.parse(byRecipient.get('en@corp.example') ?? '');
  expect(english.subject).toBe(`The money has arrived · ${en.claimNumber}`);
});

test('tells every holder of a role on the nearest unit where anybody holds it', async () => {
  const { mails, smtpUrl } = await startMailServer();
  const root = await makeUnit(database, { code: 'ROOT' });
  const branch = await makeUnit(database, { code: 'BRANCH', parentId: root });
  const department = await makeUnit(database, { code: 'DEPARTMENT', parentId: branch });
  const hold = async (unitId: string, person: { email: string | null; active?: boolean }, role = 'hr', validTo: string | null = null) => {
    const { id } = await makeEmployee(database, { unitId, ...person });
    await database.query(`INSERT INTO role_assignment (employee_id, unit_id, role, valid_from, valid_to) VALUES ($1, $2, $3, '2000-01-01', $4)`, [
      id,
      unitId,
      role,
      validTo,
    ]);
    return id;
  };
  await hold(root, { email: 'head@corp.example' });
  const first = await hold(branch, { email: 'hr1@corp.example' });
  const second = await hold(branch, { email: 'hr2@corp.example' });
  await hold(branch, { email: null });
  await hold(branch, { email: 'finance@corp.example' }, 'finance');
  await hold(branch, { email: 'left@corp.example', active: false });
  await hold(department, { email: 'expired@corp.example' }, 'hr', '2020-01-01');
  startRelay({ smtpUrl });
  const notice = await makeNotice({
    template: 'TASK_WAITING',
    params: { task: 'DUPLICATE_REVIEW' },
    recipient: { kind: 'role', role: 'hr', unitId: department },
  });
  await over(notice.id);
  expect(await read(notice.id)).toMatchObject({ status: 'SENT' });
  expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(['hr1@corp.example', 'hr2@corp.example']);
  const ids = await Promise.all(mails.map(async ({ raw }) => (await PostalMime.parse(raw)).messageId));
  expect(ids.toSorted()).toEqual([first, second].map((id) => `<notice-${notice.id}.${id}@daozhang.example>`).toSorted());
  // who decides is led to where it is decided
  const told = await Promise.all(mails.map(async ({ raw }) => (await PostalMime.parse(raw)).text));
  for (const text of told) expect(text).toContain(`https://daozhang.example/app/manager/claims/${notice.claimNumber}`);
});

test('what nobody can receive is UNDELIVERABLE, and says why', async () => {
  const { mails, smtpUrl } = await startMailServer();
  startRelay({ smtpUrl });
  const noAddress = await makeNotice({ email: null });
  const nobody = await makeNotice({ recipient: { kind: 'role', role: 'auditor', unitId: noAddress.unitId } });
  const channel = await makeNotice({ channel: 'pigeon' });
  for (const { id } of [noAddress, nobody, channel]) await over(id);
  expect(await read(noAddress.id)).toEqual({ status: 'UNDELIVERABLE', attempts: 1, lastError: 'nobody to send it to has an address' });
  expect(await read(nobody.id)).toMatchObject({ status: 'UNDELIVERABLE' });
  expect(await read(channel.id)).toMatchObject({ status: 'UNDELIVERABLE', lastError: 'the channel is not connected' });
  expect(mails).toEqual([]);
});

test('an address that was fixed at writing is used, whatever the record says now, and without a claim', async () => {
  const { mails, smtpUrl } = await startMailServer();
  startRelay({ smtpUrl });
  const recipient: Recipient = { kind: 'address', name: '李四', email: 'former@corp.example', locale: 'en' };
  const { rows } = await database.query<{ id: number }>(`INSERT INTO notice (template, params, recipient) VALUES ('ACCOUNT_CHANGED', $1, $2) RETURNING id`, [
    { accountTail: '9999' },
    recipient,
  ]);
  const id = rows[0]?.id ?? 0;
  await over(id);
  expect(await read(id)).toEqual({ status: 'SENT', attempts: 1, lastError: null });
  expect(mails.map(({ to }) => to)).toEqual([['former@corp.example']]);
  const mail = await PostalMime.parse(mails[0]?.raw ?? '');
  expect(mail.subject).toBe('Your account for payments was changed');
  expect(mail.text).toContain('Dear 李四,');
  expect(mail.text).not.toMatch(/Claim:|null/);
  expect(logged.join('')).not.toMatch(/former@corp|李四/);
});

test('a server that refuses for good: FAILED at the third refusal, and the address is in no table and no log', async () => {
  const { smtpUrl } = await startMailServer({
    onRcptTo: ({ address }, _session, done) => done(Object.assign(new Error(`5.1.1 <${address}> 王芳 unknown`), { responseCode: 550 })),
  });
  startRelay({ smtpUrl });
  const { id } = await makeNotice({ email: 'nobody@corp.example' });
  for (const attempt of [1, 2]) {
    await tried(id, attempt);
    expect(await read(id)).toEqual({ status: 'PENDING', attempts: attempt, lastError: 'smtp EENVELOPE 550 5.1.1' });
    await again(id);
  }
  await over(id);
  expect(await read(id)).toEqual({ status: 'FAILED', attempts: 3, lastError: 'smtp EENVELOPE 550 5.1.1' });
  expect(logged.join('')).toContain('a notice could not be delivered');
  expect(logged.join('')).not.toMatch(/nobody@corp|王芳/);
});

test('a server that refuses for now is asked again until it accepts, with the same message id', async () => {
  let refusals = 5;
  const seen: string[] = [];
  const { mails, smtpUrl } = await startMailServer({
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString();
        seen.push(/^Message-ID: (.*)$/im.exec(raw)?.[1]?.trim() ?? '');
        if ((refusals -= 1) >= 0) done(Object.assign(new Error('4.7.1 greylisted'), { responseCode: 451 }));
        else done();
      });
    },
  });
  startRelay({ smtpUrl });
  const { id } = await makeNotice({});
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await tried(id, attempt);
    expect(await read(id)).toMatchObject({ status: 'PENDING', lastError: 'smtp EMESSAGE 451 4.7.1' });
    await again(id);
  }
  await over(id);
  expect(await read(id)).toMatchObject({ status: 'SENT', attempts: 6 });
  expect(seen).toEqual(Array(6).fill(`<notice-${id}@daozhang.example>`));
  expect(mails).toEqual([]);
});

test('a server that drops the connection, and one that is not there: the notice waits', async () => {
  let drop = true;
  const { mails, smtpUrl } = await startMailServer({
    onConnect(_session, done) {
      if (drop) done(Object.assign(new Error('4.3.2 shutting down'), { responseCode: 421 }));
      else done();
    },
  });
  const relay = startRelay({ smtpUrl });
  const { id } = await makeNotice({});
  await tried(id, 1);
  expect((await read(id)).lastError).toMatch(/^smtp E[A-Z]+ 421/);
  await relay.stop();

  const absent = startRelay({ smtpUrl: 'smtp://127.0.0.1:1' });
  await again(id);
  await tried(id, 2);
  expect(await read(id)).toMatchObject({ status: 'PENDING', lastError: expect.stringMatching(/^smtp E[A-Z]+$/) });
  await absent.stop();

  drop = false;
  startRelay({ smtpUrl });
  await again(id);
  await over(id);
  expect(await read(id)).toMatchObject({ status: 'SENT' });
  expect(mails).toHaveLength(1);
});

test('a server that does not answer is given up in time, and others are not held up for ever', async () => {
  const { mails, smtpUrl } = await startMailServer({
    onRcptTo({ address }, _session, done) {
      if (address.startsWith('slow')) return; // never answers
      done();
    },
  });
  startRelay({ smtpUrl, timeoutMs: 500 });
  const slow = await makeNotice({ email: 'slow@corp.example' });
  // once the relay has stopped: what still waits would be sent by the next test's
  cleanups.unshift(async () => void (await database.query(`UPDATE notice SET status = 'FAILED' WHERE id = $1 AND status = 'PENDING'`, [slow.id])));
  const quick = await makeNotice({ email: 'quick@corp.example' });
  await over(quick.id);
  await until(async () => (await read(slow.id)).lastError !== null);
  expect((await read(slow.id)).lastError).toMatch(/^smtp E[A-Z]+$/);
  expect((await read(slow.id)).status).toBe('PENDING');
  expect(mails.map(({ to }) => to)).toEqual([['quick@corp.example']]);
});

test('one bad address among the holders of a role does not repeat the message for the others', async () => {
  const { mails, smtpUrl } = await startMailServer({
    onRcptTo: ({ address }, _session, done) => (address.startsWith('bad') ? done(Object.assign(new Error('5.1.1 unknown'), { responseCode: 550 })) : done()),
  });
  startRelay({ smtpUrl });
  const unitId = await makeUnit(database, { code: 'MIXED' });
  for (const email of ['good@corp.example', 'bad@corp.example']) {
    const { id } = await makeEmployee(database, { unitId, email });
    await database.query(`INSERT INTO role_assignment (employee_id, unit_id, role) VALUES ($1, $2, 'finance')`, [id, unitId]);
  }
  const { id } = await makeNotice({ template: 'TASK_WAITING', params: {}, recipient: { kind: 'role', role: 'finance', unitId } });
  await over(id);
  expect(await read(id)).toEqual({ status: 'SENT', attempts: 1, lastError: 'smtp EENVELOPE 550 5.1.1 (1 of 2 recipients)' });
  expect(mails.map(({ to }) => to)).toEqual([['good@corp.example']]);
});

test('two relays side by side send a hundred notices once each', async () => {
  const { mails, smtpUrl } = await startMailServer();
  const notices = await Promise.all(Array.from({ length: 100 }, (_, index) => makeNotice({ email: `p${index}@corp.example` })));
  startRelay({ smtpUrl });
  startRelay({ smtpUrl });
  for (const { id } of notices) await over(id);
  expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(Array.from({ length: 100 }, (_, index) => `p${index}@corp.example`).toSorted());
});
