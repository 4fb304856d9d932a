import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { verifyChains } from '#activities/audit/verify-chains.ts';
import type { Actor } from '#domain/claim/actor.ts';
import type { Tx } from '#prisma/database.ts';
import { audit, recordLooks } from '#prisma/queries/audit.ts';
import { eventually } from '../../stack/eventually.ts';
import { ACTOR, useAuditWorld } from './audit-world.ts';

const w = useAuditWorld();
const broken = async (claimNumber?: string) => (await verifyChains(w.world.worker, claimNumber === undefined ? {} : { claimNumber })).broken;

describe('what is written', () => {
  test('a claim of three transitions has a chain of three entries that say what its events say', async () => {
    const number = await w.world.claim({ moves: 2 });
    expect(await verifyChains(w.world.worker, { claimNumber: number })).toEqual({ chains: 1, entries: 3, broken: null });
    const { rows } = await w.world.admin.query(
      `SELECT a.chain, a.chain_no::int AS no, a.unit_id AS unit, a.action, a.detail->>'from' AS "from", a.detail->>'to' AS "to",
         encode(sha256(convert_to(a.text, 'UTF8')), 'hex') = encode(a.hash, 'hex') AS hashed,
         coalesce(a.prev_hash = lag(a.hash) OVER (ORDER BY a.chain_no), a.prev_hash = decode(repeat('00', 32), 'hex')) AS linked
       FROM audit_entry a WHERE chain = $1 ORDER BY chain_no`,
      [number],
    );
    const entry = { chain: number, unit: w.world.unit.id, hashed: true, linked: true };
    expect(rows).toEqual([
      { ...entry, no: 1, action: 'CREATED', from: null, to: 'SUBMITTED' },
      { ...entry, no: 2, action: 'HELD', from: 'SUBMITTED', to: 'SUBMITTED' },
      { ...entry, no: 3, action: 'HELD', from: 'SUBMITTED', to: 'SUBMITTED' },
    ]);
  });

  test('what belongs to no claim joins the chain of its unit, or of the installation; what it says needs no reading between the lines', async () => {
    const detail = { quote: '"\\\n\u0001', text: '工号 😀', number: 1.5, none: null };
    await w.world.worker.write((tx) => audit(tx, { unitId: w.world.other.id, actor: ACTOR, action: 'unit-changed', detail }));
    await w.world.worker.write((tx) => audit(tx, { actor: ACTOR, action: 'unknown-claim', detail }));
    const { rows } = await w.world.admin.query(
      `SELECT chain, text::json->'detail' AS detail FROM audit_entry WHERE action IN ('unit-changed', 'unknown-claim') ORDER BY chain`,
    );
    expect(rows).toEqual([
      { chain: 'installation', detail },
      { chain: `unit:${w.world.other.id}`, detail },
    ]);
    expect(await broken()).toBeNull();
  });

  test('who writes an entry chooses neither its chain nor its place nor its hash nor its day', async () => {
    const number = await w.world.claim();
    await w.world.worker.query(
      `INSERT INTO audit_entry (claim_number, unit_id, actor, action, chain, chain_no, prev_hash, hash, text, recorded_at) VALUES ($1, $2, '{}', 'x', 'another', 77, '\\x00', '\\x00', 'lie', '2020-01-01')`,
      [number, w.world.unit.id],
    );
    const { rows } = await w.world.admin.query(
      `SELECT chain_no::int AS no, recorded_at > now() - interval '1 hour' AS today FROM audit_entry WHERE chain = $1 AND action = 'x'`,
      [number],
    );
    expect(rows).toEqual([{ no: 2, today: true }]);
    expect(await broken()).toBeNull();
  });
});

describe('nobody rewrites it', () => {
  const CHANGES = ["UPDATE audit_entry SET action = 'x'", 'DELETE FROM audit_entry', 'TRUNCATE audit_entry'];

  test.each(['api', 'worker'] as const)('not the %s', async (role) => {
    for (const change of [
      ...CHANGES,
      'SELECT FROM audit_chain',
      'UPDATE audit_chain SET no = 0',
      'DELETE FROM audit_chain',
      "INSERT INTO audit_chain VALUES ('a', 1, '', '')",
    ]) {
      await expect(w.world[role].query(change)).rejects.toMatchObject({ code: '42501', message: expect.stringMatching(/^permission denied for table audit_/) });
    }
    for (const change of ['DELETE FROM audit_root', 'TRUNCATE audit_root', "UPDATE audit_root SET statement = ''"]) {
      await expect(w.world[role].query(change)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('and not even its owner by mistake', async () => {
    await w.world.claim();
    for (const change of [...CHANGES, 'DELETE FROM audit_root', 'TRUNCATE audit_root', "UPDATE audit_root SET statement = ''", 'TRUNCATE inspection_pack']) {
      await expect(w.world.admin.query(change)).rejects.toThrow(/is append-only/);
    }
  });
});

describe('at the same time', () => {
  test('two writers of one claim make one chain', async () => {
    const number = await w.world.claim();
    const write = (who: string) => Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 ? w.world.move(number) : note(who))));
    const note = (who: string) => w.world.worker.write((tx) => audit(tx, { claimNumber: number, actor: ACTOR, action: 'noted', detail: { who } }));
    await Promise.all([write('a'), write('b')]);
    expect(await verifyChains(w.world.worker, { claimNumber: number })).toEqual({ chains: 1, entries: 21, broken: null });
  });

  test('twenty look at one person for the first time', async () => {
    const employeeId = await w.world.employee();
    const look = (n: number) =>
      w.world.api
        .within({ units: [w.world.unit.id] })
        .write((tx) => recordLooks(tx, { people: [{ employeeId, unitId: w.world.unit.id }], actor: { ...ACTOR, id: `reader-${n}` }, what: 'employee' }));
    await Promise.all(Array.from({ length: 20 }, (_, n) => look(n)));
    const { rows } = await w.world.admin.query(
      `SELECT count(*)::int AS entries, count(DISTINCT actor->>'id')::int AS readers FROM audit_entry WHERE employee_id = $1`,
      [employeeId],
    );
    expect(rows).toEqual([{ entries: 20, readers: 20 }]);
    expect(await broken()).toBeNull();
  });

  test('whoever looks at several people does so in one order, and waits for nobody who waits for it', async () => {
    const unitId = w.world.unit.id;
    const ids = [await w.world.employee(), await w.world.employee()].toSorted();
    const [first = '', last = ''] = ids;
    const look = (tx: Tx, who: string, people: string[]) =>
      recordLooks(tx, { people: people.map((employeeId) => ({ employeeId, unitId })), actor: { ...ACTOR, id: who }, what: 'employees' });
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    let other: Promise<void> = Promise.resolve();
    await w.world.worker.write(async (tx) => {
      await look(tx, 'one', [first]);
      // named the other way round: had it begun with the last, both would wait for ever
      other = w.world.worker.write((second) => look(second, 'two', [last, first]));
      await eventually(async () => (await w.world.admin.query(waiting)).rowCount === 1);
      await look(tx, 'one', [last]);
    });
    await other;
    expect(await broken()).toBeNull();
  });
});

test('a look repeated within the minute is one; another reader, another thing, another claim, a later minute are others', async () => {
  const employeeId = await w.world.employee();
  const look = ({ what = 'claim', claimNumber = 'YB20261118-00000001', actor = ACTOR }: { what?: string; claimNumber?: string; actor?: Actor } = {}) =>
    w.world.worker.write((tx) => recordLooks(tx, { people: [{ employeeId, unitId: w.world.unit.id, claimNumber }], actor, what }));
  await look();
  await look();
  await look({ what: 'claim.decisions' });
  await look({ claimNumber: 'YB20261118-00000002' });
  await look({ actor: { type: 'machine', id: 'key' } });
  const count = async () => (await w.world.admin.query(`SELECT count(*)::int AS n FROM audit_entry WHERE employee_id = $1`, [employeeId])).rows[0].n as number;
  expect(await count()).toBe(4);
  await w.world.tamper(`UPDATE audit_entry SET recorded_at = recorded_at - interval '61 seconds' WHERE employee_id = $1`, [employeeId]);
  await w.world.relink(`person:${employeeId}`);
  await look();
  expect(await count()).toBe(5);
  expect(await broken()).toBeNull();
});

describe('what is named when somebody has been at it', () => {
  const entry = `chain = $1 AND chain_no = 2`;
  test.each([
    [
      'a detail',
      `UPDATE audit_entry SET detail = jsonb_set(detail, '{to}', '"PAID"') WHERE ${entry}`,
      2,
      'says something else in the column detail than in its text',
    ],
    [
      'an actor',
      `UPDATE audit_entry SET actor = '{"id": "x", "type": "person"}' WHERE ${entry}`,
      2,
      'says something else in the column actor than in its text',
    ],
    ['a time', `UPDATE audit_entry SET at = at + interval '1 ms' WHERE ${entry}`, 2, 'says something else in the column at than in its text'],
    ['the text', `UPDATE audit_entry SET text = replace(text, 'HELD', 'PAID') WHERE ${entry}`, 2, 'has another hash than its text'],
    [
      'the text and its hash',
      `UPDATE audit_entry SET text = text || ' ', hash = sha256(convert_to(text || ' ', 'UTF8')) WHERE ${entry}`,
      2,
      'has a text that its columns do not make',
    ],
    ['a hash', `UPDATE audit_entry SET hash = sha256('x') WHERE ${entry}`, 2, 'has another hash than its text'],
    ['a middle row', `DELETE FROM audit_entry WHERE ${entry}`, 2, 'is missing'],
    ['the first row', `DELETE FROM audit_entry WHERE chain = $1 AND chain_no = 1`, 1, 'is missing'],
    ['the tail', `DELETE FROM audit_entry WHERE chain = $1 AND chain_no >= 3`, 3, 'is missing: the chain ends with transition 2, the claim has made 4'],
    [
      'the order',
      `UPDATE audit_entry SET chain_no = CASE chain_no WHEN 2 THEN 5 ELSE chain_no - 1 END WHERE chain = $1 AND chain_no > 1`,
      2,
      'does not name the hash of the entry before it',
    ],
    [
      'the state in an event',
      `UPDATE claim_event SET to_state = 'PAID' WHERE claim_number = $1 AND seq = 2`,
      2,
      'says something else than the to_state of claim_event 2',
    ],
    [
      'the type of an event',
      `UPDATE claim_event SET type = 'RELEASED' WHERE claim_number = $1 AND seq = 2`,
      2,
      'says something else than the type of claim_event 2',
    ],
    [
      'the remark in an event',
      `UPDATE claim_event SET remark_params = '{"amount": "1.00"}' WHERE claim_number = $1 AND seq = 2`,
      2,
      'says something else than the remark_params of claim_event 2',
    ],
    [
      'the actor of an event',
      `UPDATE claim_event SET actor = '{}' WHERE claim_number = $1 AND seq = 2`,
      2,
      'says something else than the actor of claim_event 2',
    ],
    ['an event', `DELETE FROM claim_event WHERE claim_number = $1 AND seq = 2`, 2, 'has no claim_event 2'],
    ['the whole chain', `DELETE FROM audit_entry WHERE chain = $1`, null, 'has no entry of transition 1 (CREATED)'],
    ['the claim to another unit', `UPDATE audit_entry SET unit_id = NULL WHERE ${entry}`, 2, 'says something else in the column unit than in its text'],
  ])('%s', async (_, sql, no, what) => {
    const number = await w.world.claim({ moves: 3 });
    expect(await broken(number)).toBeNull();
    await w.world.tamper(sql, [number]);
    expect(await broken(number)).toEqual({ chain: number, no, what });
    await w.world.tamper('DELETE FROM audit_entry WHERE chain = $1', [number]);
    await w.world.tamper('DELETE FROM claim_event WHERE claim_number = $1', [number]);
    await w.world.tamper('DELETE FROM claim WHERE number = $1', [number]);
  });

  test('two chains that were swapped', async () => {
    const [one, two] = [await w.world.claim({ moves: 1 }), await w.world.claim({ moves: 1 })];
    const rename = (from: string, to: string) => w.world.tamper('UPDATE audit_entry SET chain = $2 WHERE chain = $1', [from, to]);
    const swap = async () => {
      await rename(one, 'aside');
      await rename(two, one);
      await rename('aside', two);
    };
    await swap();
    expect(await broken(one)).toEqual({ chain: one, no: 1, what: 'says something else in the column chain than in its text' });
    await w.world.tamper(`UPDATE audit_entry SET claim_number = chain WHERE chain IN ($1, $2)`, [one, two]);
    expect(await broken(two)).toEqual({ chain: two, no: 1, what: 'says something else in the column chain than in its text' });
    // and with every link made to fit
    await w.world.relink(one);
    await w.world.relink(two);
    expect(await broken(one)).toEqual({ chain: one, no: 2, what: 'says something else than the at of claim_event 2' });
    await w.world.tamper('DELETE FROM audit_entry WHERE chain IN ($1, $2)', [one, two]);
    await w.world.tamper('DELETE FROM claim WHERE number IN ($1, $2)', [one, two]);
  });
});

test('the command says what it found, and its exit code says so too', async () => {
  const run = promisify(execFile);
  const entry = fileURLToPath(new URL('../../../activities/audit-verify.ts', import.meta.url));
  const verify = (...args: string[]) => run(process.execPath, [entry, ...args], { env: { ...process.env, DATABASE_URL: w.world.workerUrl } });
  const number = await w.world.claim({ moves: 1 });
  expect((await verify('--claim', number)).stdout).toBe('ok: 2 entries in 1 chains, 0 daily roots\n');
  expect((await verify('--unit', w.world.unit.code)).stdout).toMatch(/^ok: \d+ entries/);
  await w.world.tamper(`UPDATE audit_entry SET action = 'RELEASED' WHERE chain = $1 AND chain_no = 2`, [number]);
  await expect(verify()).rejects.toMatchObject({ code: 1, stderr: `BROKEN ${number} entry 2: says something else in the column action than in its text\n` });
  await expect(verify('--unit', w.world.unit.code)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(number) });
  expect((await verify('--unit', w.world.other.code)).stdout).toMatch(/^ok/);
  await expect(verify('--unit', 'NONE')).rejects.toMatchObject({ code: 1, stderr: 'The audit could not be verified: there is no unit NONE\n' });
});
