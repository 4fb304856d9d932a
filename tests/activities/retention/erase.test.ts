import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ERASED_CODE, ERASED_TEXT } from '#domain/retention/erased.ts';
import type { Database } from '#prisma/database.ts';
import { answerBodyOf, messageBodyOf } from '#prisma/queries/sealed.ts';
import { daysAgo, endedClaim, NOW, storedDocument, useRetention } from './world.ts';

const world = useRetention();
let person = '';
beforeEach(async () => {
  await world.database.query('UPDATE unit SET settings = $1', ['{}']);
  await world.database.query('UPDATE legal_hold SET lifted_at = now() WHERE lifted_at IS NULL');
  await world.run();
  person = await world.hire();
});

const medicalOf = async (number: string) =>
  (
    await world.rows<Record<string, unknown>>(
      `SELECT c.kind, c.hospital_name AS hospital, c.hospital_code AS "hospitalCode", c.visit_no AS "visitNo", c.circumstances, c.diagnoses IS NULL AS undiagnosed,
         c.medical_erased_at IS NOT NULL AS erased, (SELECT array_agg(item_code || ' ' || item_name ORDER BY line_no) FROM claim_line WHERE claim_number = c.number) AS items,
         (SELECT remark FROM decision WHERE claim_number = c.number) AS remark, (SELECT reasons FROM decision WHERE claim_number = c.number) AS reasons,
         (SELECT comment FROM task WHERE claim_number = c.number) AS comment, (SELECT detail FROM task WHERE claim_number = c.number) AS task
       FROM claim c WHERE c.number = $1`,
      number,
    )
  )[0];
const isErased = async (number: string) => (await medicalOf(number))?.['erased'];
const hold = (employeeId: string, claimNumber: string | null = null) =>
  world.database.query(`INSERT INTO legal_hold (employee_id, claim_number, reason, placed_by, placed_at) VALUES ($1, $2, 'a suit', '{}', now())`, [
    employeeId,
    claimNumber,
  ]);

describe('medical content', () => {
  test('goes three years after the end: every word of it, and no amount', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 1_097 });
    const papers = await storedDocument(world, { claims: [{ number, employeeId: person }] });
    const invoice = await storedDocument(world, { claims: [{ number, employeeId: person }], kind: 'INVOICE' });
    const facts = () =>
      world.rows(
        `SELECT submitted_fen, approved_fen, paid_fen, state, seq, closed_at, (SELECT array_agg(item_class || amount_fen || quantity ORDER BY line_no) FROM claim_line WHERE claim_number = number) AS lines,
           (SELECT row(benefit_fen, payable_fen, outcome, lines, source_no)::text FROM decision WHERE claim_number = number) AS decision,
           (SELECT row(invoice_no, amount_fen)::text FROM claim_invoice WHERE claim_number = number) AS invoice,
           (SELECT array_agg(e::text) FROM claim_event e WHERE claim_number = number) AS events FROM claim WHERE number = $1`,
        number,
      );
    const before = await facts();
    expect(await world.run()).toMatchObject({ MEDICAL_CONTENT: 1 });
    expect(await medicalOf(number)).toEqual({
      ...{ kind: 'INPATIENT', hospital: ERASED_TEXT, hospitalCode: ERASED_CODE, visitNo: null, circumstances: [], undiagnosed: true, erased: true },
      items: [`${ERASED_CODE} ${ERASED_TEXT}`, `${ERASED_CODE} ${ERASED_TEXT}`],
      remark: ERASED_TEXT,
      reasons: [
        { code: 'COINSURANCE', text: ERASED_TEXT },
        { code: 'DEDUCTIBLE', text: '' },
      ],
      comment: ERASED_TEXT,
      task: { reason: ERASED_TEXT, asDuplicate: false },
    });
    expect(await facts()).toEqual(before);
    expect(await world.rows('SELECT id FROM document WHERE id = ANY ($1)', [papers, invoice])).toEqual([{ id: invoice }]);
    expect([...world.files].filter((key) => key.includes(papers.replaceAll('-', '')))).toEqual([]);
    expect([...world.files].filter((key) => key.includes(invoice.replaceAll('-', '')))).toHaveLength(1);
    // nothing of the illness is left anywhere in clear
    const { rows } = await world.database.query<{ found: number }>(
      `SELECT count(*) AS found FROM (SELECT to_jsonb(c)::text AS t FROM claim c WHERE number = $1
      UNION ALL SELECT to_jsonb(l)::text FROM claim_line l WHERE claim_number = $1 UNION ALL SELECT to_jsonb(d)::text FROM decision d WHERE claim_number = $1
      UNION ALL SELECT to_jsonb(k)::text FROM task k WHERE claim_number = $1) all_of_it WHERE t ~ '产|孕|并发症|妇幼|缩宫素'`,
      [number],
    );
    expect(rows[0]?.found).toBe(0);
  });

  test.each<[string, Parameters<typeof endedClaim>[1] extends infer F ? Partial<F> : never]>([
    ['is not three years old', { closedDaysAgo: 1_095 }],
    ['has not ended', { closedDaysAgo: null, state: 'IN_REVIEW' }],
    ['is on hold', { onHold: true }],
    ['may still be appealed against: decided anew 60 days ago, and there are 45 working days', { outcome: 'PARTIALLY_APPROVED', decidedDaysAgo: 60 }],
  ])('stays where the claim %s', async (_, facts) => {
    const number = await endedClaim(world, { employeeId: person, ...facts });
    expect((await world.run()).MEDICAL_CONTENT).toBeUndefined();
    expect(await isErased(number)).toBe(false);
  });

  test('of a denial goes once nobody can appeal any more: 45 working days are nine weeks', async () => {
    const number = await endedClaim(world, { employeeId: person, outcome: 'DENIED', state: 'DENIED', decidedDaysAgo: 66 });
    await world.run();
    expect(await isErased(number)).toBe(true);
  });

  test('a legal hold of the claim, or of the person, stops it, and lifting it lets it go', async () => {
    const [one, other] = [await endedClaim(world, { employeeId: person }), await endedClaim(world, { employeeId: person })];
    await hold(person, one);
    await world.run();
    expect([await isErased(one), await isErased(other)]).toEqual([false, true]);
    const third = await endedClaim(world, { employeeId: person });
    await hold(person);
    expect(await world.run()).toEqual({});
    expect([await isErased(third), (await world.rows('SELECT FROM notice WHERE claim_number = $1', third)).length]).toEqual([false, 1]);
    await world.database.query('UPDATE legal_hold SET lifted_at = now()');
    expect(await world.run()).toMatchObject({ MEDICAL_CONTENT: 2 });
  });

  test('a unit chooses another time within what the law leaves; beyond it counts the bound', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 300 });
    const choose = (days: number) =>
      world.database.query(`UPDATE unit SET settings = $2 WHERE id = $1`, [world.units.head, JSON.stringify({ retention: { MEDICAL_CONTENT: days } })]);
    await choose(1);
    const young = await endedClaim(world, { employeeId: person, closedDaysAgo: 182 });
    await world.run();
    // the setting of the head office holds below it; one day is not enough for the law, 183 are
    expect([await isErased(number), await isErased(young)]).toEqual([true, false]);
    await choose(100_000);
    const old = await endedClaim(world, { employeeId: person, closedDaysAgo: 1_828 });
    const kept = await endedClaim(world, { employeeId: person, closedDaysAgo: 1_826 });
    await world.run();
    expect([await isErased(old), await isErased(kept)]).toEqual([true, false]);
  });

  test('a paper that another claim still needs stays with that one; the letter of a written decision stays', async () => {
    const [old, young] = [await endedClaim(world, { employeeId: person }), await endedClaim(world, { employeeId: person, closedDaysAgo: 10 })];
    const shared = await storedDocument(world, { claims: [old, young].map((number) => ({ number, employeeId: person })) });
    const letter = await storedDocument(world, { claims: [{ number: old, employeeId: person }], kind: 'OTHER' });
    await world.database.query(
      `INSERT INTO task (claim_number, opened_seq, kind, unit_id, role, choices, status, detail) VALUES ($1, 2, 'CONFIRM_DECISION', $2, 'approver', '{CONFIRM}', 'DECIDED', $3)`,
      [old, world.units.branch, JSON.stringify({ written: { documentId: letter, remark: '术后' } })],
    );
    await world.run();
    const attached = await world.rows<{ number: string; id: string }>(
      'SELECT claim_number AS number, document_id AS id FROM claim_document WHERE document_id = ANY ($1) ORDER BY 1',
      [shared, letter],
    );
    expect(attached).toEqual([
      { number: old, id: letter },
      { number: young, id: shared },
    ]);
    expect(await world.rows(`SELECT detail #>> '{written,remark}' AS remark FROM task WHERE claim_number = $1 AND kind = 'CONFIRM_DECISION'`, old)).toEqual([
      { remark: ERASED_TEXT },
    ]);
  });

  test('the medical key of who has left goes with the last claim that needed it, and not before', async () => {
    const destroyed = async () =>
      (await world.rows(`SELECT FROM person_key WHERE employee_id = $1 AND purpose = 'medical' AND destroyed_at IS NOT NULL`, person)).length === 1;
    await endedClaim(world, { employeeId: person });
    await world.run();
    // at work still: the next claim needs it
    expect(await destroyed()).toBe(false);
    await world.database.query('UPDATE employee SET active = false WHERE id = $1', [person]);
    const last = await endedClaim(world, { employeeId: person, closedDaysAgo: 1_000 });
    await endedClaim(world, { employeeId: person });
    await world.run();
    expect([await destroyed(), await isErased(last)]).toEqual([false, false]);
    await world.database.query('UPDATE claim SET closed_at = $2 WHERE number = $1', [last, daysAgo(1_200)]);
    await world.run();
    expect([await destroyed(), await isErased(last)]).toEqual([true, true]);
  });
});

describe('what else is over', () => {
  test('files that were never attached, with their content; not the paper of a consent', async () => {
    const [old, young] = [await storedDocument(world, { uploadedDaysAgo: 31 }), await storedDocument(world, { uploadedDaysAgo: 29 })];
    const signed = await storedDocument(world, { uploadedDaysAgo: 400 });
    await world.database.query(
      `INSERT INTO consent (employee_id, purpose, kind, text_version, text_sha256, how, document_id, signed_on, actor, at) VALUES ($1, 'SHARING_BANK', 'GIVEN', '2026-1', 'x', 'PAPER', $2, '2026-01-01', '{}', now())`,
      [person, signed],
    );
    const held = await storedDocument(world, { uploadedDaysAgo: 400, uploadedBy: person });
    await hold(person);
    expect(await world.run()).toEqual({ UNATTACHED_DOCUMENTS: 1 });
    const left = await world.rows<{ id: string }>('SELECT id FROM document WHERE id = ANY ($1) ORDER BY id', [old, young, signed, held]);
    expect(left.map(({ id }) => id)).toEqual([young, signed, held].toSorted());
    expect([...world.files].some((key) => key.includes(old.replaceAll('-', '')))).toBe(false);
    expect(await world.rows('SELECT FROM erased_file')).toEqual([]);
  });

  test('notices, commands, deliveries and bodies of messages, each in its time; what waits to be sent stays', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 184 });
    const young = await endedClaim(world, { employeeId: person, closedDaysAgo: 182 });
    await world.database.query(`INSERT INTO notice (claim_number, template, recipient, status, next_attempt_at) VALUES ($1, 'PAID', '{}', 'PENDING', $2)`, [
      number,
      daysAgo(900),
    ]);
    await world.database.query(
      `INSERT INTO notice (template, recipient, status, sent_at) VALUES ('ACCOUNT_CHANGED', '{"kind":"address","email":"a@b.c"}', 'SENT', $1)`,
      [daysAgo(184)],
    );
    expect(await world.count()).toEqual({ NOTICES: 2, WORKFLOW_COMMANDS: 1, BUREAU_MESSAGES: 1 });
    expect(await world.run()).toEqual({ NOTICES: 2, WORKFLOW_COMMANDS: 1, BUREAU_MESSAGES: 1 });
    const left = (table: string, of: string) => world.rows(`SELECT FROM ${table} WHERE claim_number = $1`, of).then(({ length }) => length);
    expect([await left('notice', number), await left('workflow_command', number), await left('webhook_delivery', number)]).toEqual([1, 0, 1]);
    expect([await left('notice', young), await left('workflow_command', young)]).toEqual([1, 1]);
    const bodies = await world.rows<{ id: string; body: Buffer; claim: string }>(
      'SELECT message_id AS id, body, claim_number AS claim FROM inbox_message WHERE claim_number = ANY ($1) ORDER BY claim_number',
      [number, young],
    );
    const opened = await Promise.all(
      bodies.map(
        async ({ id, body }) =>
          JSON.parse((await world.database.vault.openInstallation(messageBodyOf({ source: '130100', messageId: id }), body)).toString()) as unknown,
      ),
    );
    expect(opened).toEqual([{ erased: true }, { answer: { remark: '产后' } }]);
    // three years for what was disclosed to another system
    await world.database.query('UPDATE webhook_delivery SET sent_at = $2 WHERE claim_number = $1', [number, daysAgo(1_097)]);
    expect(await world.run()).toEqual({ WEBHOOK_DELIVERIES: 1 });
  });

  test('what is kept of a bank’s word on a payment stays: it is a voucher', async () => {
    const number = await endedClaim(world, { employeeId: person, closedDaysAgo: 900 });
    await world.database.query(`UPDATE inbox_message SET type = 'payment-result' WHERE claim_number = $1`, [number]);
    expect((await world.run()).BUREAU_MESSAGES).toBeUndefined();
  });

  test('stored answers lose their body and are still known', async () => {
    const place = { callerId: 'k', route: 'POST /v1/claims', key: randomUUID() };
    const body = await world.database.vault.sealInstallation(answerBodyOf(place), '{"number":"x"}');
    await world.database.query(
      `INSERT INTO idempotency_key (caller_id, route, key, fingerprint, status, body, created_at) VALUES ($1, $2, $3, 'f', 201, $4, $5)`,
      [...[place.callerId, place.route, place.key, body, daysAgo(91)]],
    );
    expect(await world.run()).toEqual({ STORED_ANSWERS: 1 });
    const [row] = await world.rows<{ body: Buffer; fingerprint: string }>('SELECT body, fingerprint FROM idempotency_key WHERE key = $1', place.key);
    expect(row?.fingerprint).toBe('f');
    expect((await world.database.vault.openInstallation(answerBodyOf(place), row?.body ?? Buffer.alloc(0))).toString()).toBe('{"erased":true}');
    expect(await world.run()).toEqual({});
  });

  test('old names, ended sessions, limits that are full again', async () => {
    await world.database.query(
      `INSERT INTO identity_change (employee_id, at, actor, name, locale) VALUES ($1, $2, '{}', '王', 'zh-CN'), ($1, $3, '{}', '王', 'zh-CN')`,
      [person, daysAgo(184), daysAgo(182)],
    );
    const session = `INSERT INTO session (hash, attempt, employee_id, second_factor, created_at, last_seen_at, expires_at, ended_at) VALUES ($1, $1, $2, false, $3, $3, $3, $4)`;
    await world.database.query(session, [randomUUID(), person, daysAgo(200), null]);
    await world.database.query(session, [randomUUID(), person, daysAgo(100), null]);
    await world.database.query(`INSERT INTO rate_limit (bucket, tokens, granted, at, full_at) VALUES ('a', 1, 1, $1, $1), ('b', 1, 1, $2, $2)`, [
      daysAgo(2),
      daysAgo(0),
    ]);
    expect(await world.run()).toEqual({ IDENTITY_CHANGES: 1, SESSIONS: 1, RATE_LIMITS: 1 });
  });
});

describe('a run', () => {
  test('in small batches, killed in between and started again: everything goes once, and the report adds up', async () => {
    const numbers: string[] = [];
    for (let n = 0; n < 7; n += 1) numbers.push(await endedClaim(world, { employeeId: person }));
    const lastId = (await world.rows<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM erasure'))[0]?.id ?? 0;
    let left = 3;
    const dying: Database = {
      ...world.worker,
      write: (work) => ((left -= 1) < 0 ? Promise.reject(new Error('killed')) : world.worker.write(work)),
    };
    await expect(world.jobOver(dying, 20).eraseDue({ at: NOW })).rejects.toThrow('killed');
    const half = (await Promise.all(numbers.map(isErased))).filter(Boolean).length;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(7);
    await world.jobOver(world.worker, 20).eraseDue({ at: NOW });
    expect(await Promise.all(numbers.map(isErased))).toEqual(numbers.map(() => true));
    const reports = await world.rows<{ rule: string; count: number; claims: string[] | null }>(
      `SELECT rule, count, detail -> 'claims' AS claims FROM erasure WHERE id > $1 ORDER BY id`,
      lastId,
    );
    const medical = reports.filter(({ rule }) => rule === 'MEDICAL_CONTENT');
    expect(medical.reduce((sum, { count }) => sum + count, 0)).toBe(7);
    expect(medical.flatMap(({ claims }) => claims ?? []).toSorted()).toEqual(numbers);
    expect(await world.run()).toEqual({});
  });

  test('is reported where auditors find it, and in the audit chains of unit and claim', async () => {
    const number = await endedClaim(world, { employeeId: person });
    await world.run();
    const entries = await world.rows<{ chain: string; action: string; rule: string | null }>(
      `SELECT chain, action, detail ->> 'rule' AS rule FROM audit_entry WHERE action IN ('erased', 'medical-content-erased') AND detail ->> 'run' = (SELECT run_id::text FROM erasure ORDER BY id DESC LIMIT 1) ORDER BY id`,
    );
    expect(entries).toContainEqual({ chain: number, action: 'medical-content-erased', rule: null });
    expect(entries).toContainEqual({ chain: `unit:${world.units.branch}`, action: 'erased', rule: 'MEDICAL_CONTENT' });
  });

  test('beside another: one erases, the other leaves it', async () => {
    const number = await endedClaim(world, { employeeId: person });
    await world.worker.write(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('retention'))`);
      expect(await world.run()).toEqual({});
    });
    expect(await isErased(number)).toBe(false);
    await Promise.all([world.run(), world.run()]);
    expect(await isErased(number)).toBe(true);
    expect(await world.rows(`SELECT FROM audit_entry WHERE claim_number = $1 AND action = 'medical-content-erased'`, number)).toHaveLength(1);
  });

  test('counts what it would erase, and touches nothing', async () => {
    const number = await endedClaim(world, { employeeId: person });
    await storedDocument(world, { uploadedDaysAgo: 31 });
    const before = await world.rows(`SELECT (SELECT count(*) FROM document) AS d, (SELECT count(*) FROM notice) AS n, (SELECT count(*) FROM erasure) AS e`);
    const due = await world.count();
    expect(due).toEqual({ MEDICAL_CONTENT: 1, UNATTACHED_DOCUMENTS: 1, NOTICES: 1, WORKFLOW_COMMANDS: 1, WEBHOOK_DELIVERIES: 1, BUREAU_MESSAGES: 1 });
    expect(await world.rows(`SELECT (SELECT count(*) FROM document) AS d, (SELECT count(*) FROM notice) AS n, (SELECT count(*) FROM erasure) AS e`)).toEqual(
      before,
    );
    expect(await isErased(number)).toBe(false);
    expect(await world.run()).toEqual(due);
  });

  test('knows everything that belongs to a claim: a table that is new is to be thought of', async () => {
    // what says of what somebody is ill, or what people wrote: erased, or gone with the claim's papers
    const erased = ['approval_entry', 'claim', 'claim_document', 'claim_line', 'claim_mark', 'decision', 'entitlement', 'finding_overrule', 'notice', 'task'];
    // amounts, numbers, names of people in charge, and what is never taken from
    const kept = [
      // which call fails and how often, without its words, until it is over
      'activity_retry',
      'approval',
      'bureau_submission',
      'claim_event',
      'claim_invoice',
      'claim_match',
      'claim_participant',
      // its findings lose their words
      'claim_review',
      'legal_hold',
      'payment_instruction',
      'quota_reservation',
      'workflow_loss',
    ];
    const belonging = await world.rows<{ name: string }>(
      `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE confrelid = 'claim'::regclass AND contype = 'f' ORDER BY 1`,
    );
    expect(belonging.map(({ name }) => name)).toEqual([...erased, ...kept].toSorted());
  });

  test('knows everything that refers to a document, so that nothing in use can be taken away', async () => {
    const referring = await world.rows<{ name: string }>(
      `SELECT conrelid::regclass::text AS name FROM pg_constraint WHERE confrelid = 'document'::regclass AND contype = 'f' ORDER BY 1`,
    );
    // a reading goes with its document, and keeps none
    expect(referring.map(({ name }) => name)).toEqual(['claim_document', 'consent', 'document_reading', 'erasure_request']);
  });

  test('has no more rights than it needs: amounts, events, consents and the audit are out of its reach', async () => {
    for (const statement of [
      'UPDATE claim_line SET amount_fen = 0',
      'UPDATE decision SET benefit_fen = 0',
      'DELETE FROM decision',
      'DELETE FROM claim',
      'UPDATE claim_event SET detail = $${}$$',
      'DELETE FROM audit_entry',
      'DELETE FROM consent',
      'DELETE FROM payment_instruction',
      'DELETE FROM erasure',
      'UPDATE erasure SET count = 1',
      'DELETE FROM inbox_message',
    ])
      await expect(world.worker.query(statement), statement).rejects.toMatchObject({ code: '42501' });
  });
});
