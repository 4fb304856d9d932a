import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditActivities } from '#activities/audit/seal-days.ts';
import { fileAuditExport } from '#platform/audit-export.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { rootText, type RootStatement } from '#domain/audit/root.ts';
import { signed } from '#platform/audit-key.ts';
import { readClaimContext } from '#prisma/queries/claim-context.ts';
import { recordMove } from '#prisma/queries/claim-moves.ts';
import { erasePersonMedical } from '#prisma/queries/erasure.ts';
import { eventually } from '../stack/eventually.ts';
import { tampering, type Tampering } from '../activities/audit/tampering.ts';
import { claimBody, NOW, startTestApi, type TestApi } from './support.ts';
import { unzip } from './unzip.ts';

const VERIFY = fileURLToPath(new URL('../../api/inspection/verify.mjs', import.meta.url));
const IDENTITY = '130102199003070011';
const FILE_NAME = '协和医院发票.pdf';
let api: TestApi;
let admin: pg.Client;
let tools: Tampering;
let dir: string;
let number: string;
let documentId: string;
beforeAll(async () => {
  api = await startTestApi();
  admin = new pg.Client({ connectionString: api.databaseUrl });
  await admin.connect();
  tools = tampering(admin);
  dir = await mkdtemp(join(tmpdir(), 'daozhang-inspection-'));
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  await api.giveRole({ employee: 'E2', unit: 'BJ', role: 'hr' });
  await api.giveRole({ employee: 'E3', unit: 'HQ', role: 'auditor' });
  ({ number, documentId } = await paidClaim());
  await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2' }) });
  await tools.backdate('2026-11-20');
  await seal();
});
afterAll(async () => {
  await admin?.end();
  await api?.close();
  await rm(dir, { recursive: true, force: true });
});

const seal = () => auditActivities({ database: api.database, auditKey: api.deps.auditKey, auditExport: fileAuditExport(join(dir, 'export')) }).sealAuditDays();

/** A claim with a document, a decision with reasons, and a payment that the statement shows. */
async function paidClaim() {
  const upload = await api.upload({ content: samplePdf('发票'), name: FILE_NAME, unitCode: 'SJZ-01' });
  const { id } = upload.json();
  const body = claimBody({ documents: [{ documentId: id, kind: 'INVOICE' }] });
  const made = await api.call({ method: 'POST', url: '/v1/claims', body });
  expect(made.statusCode, made.body).toBe(201);
  const { number: claim } = made.json();
  await api.call({
    method: 'POST',
    url: '/v1/employees/E1/accounts',
    body: { holderName: '员工E1', accountNo: '6228480000000001234', bankName: '兴业银行', bankCode: '309121000001' },
  });
  const clockwork = await api.deps.clockwork();
  await api.database.write(async (tx) => {
    const context = await readClaimContext(tx, claim, { lock: true });
    if (!context) throw new Error('no claim');
    await recordMove(
      tx,
      context,
      {
        type: 'DECIDED',
        to: 'DENIED',
        at: NOW,
        actor: { type: 'bureau', id: '130100' },
        remark: 'DECIDED_DENIED',
        remarkParams: { reasons: 'NOT_INSURED' },
        detail: { decisionNo: 1 },
      },
      clockwork,
    );
    const decision = randomUUID();
    await tx.query(
      `INSERT INTO decision (id, claim_number, no, source, source_no, outcome, reasons, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, lines)
       VALUES ($1, $2, 1, 'BUREAU', 'D1', 'DENIED', '[{"code": "NOT_INSURED", "text": "=HYPERLINK(\\"http://x\\")"}]', 52600, 0, 0, '{"type": "bureau", "id": "130100"}', $3, '[]')`,
      [decision, claim, NOW],
    );
    await tx.query(
      `INSERT INTO payment_instruction (reference, claim_number, decision_id, attempt, amount_fen, account_id, bank_code, status, bank_result, matched_at)
       SELECT 'REF-1', $1, $2, 1, 100, a.id, 'CIB', 'SUCCEEDED', '23', $3 FROM bank_account a JOIN employee e ON e.id = a.employee_id WHERE e.employee_no = 'E1'`,
      [claim, decision, NOW],
    );
    await tx.query(
      `INSERT INTO statement_entry (bank_code, entry_no, reference, kind, amount_fen, booked_at, result) VALUES ('CIB', 'S-1', 'REF-1', 'DEBIT', 100, $1, 'MATCHED')`,
      [NOW],
    );
    await tx.query(
      `INSERT INTO bureau_submission (message_id, claim_number, version, bureau_code, accepted_at, acceptance_no) VALUES ('M-1', $1, 1, '130100', $2, 'A-77')`,
      [claim, NOW],
    );
  });
  return { number: claim as string, documentId: id as string };
}

async function hold(claim: string): Promise<void> {
  const clockwork = await api.deps.clockwork();
  await api.database.write(async (tx) => {
    const context = await readClaimContext(tx, claim, { lock: true });
    if (!context) throw new Error('no claim');
    await recordMove(tx, context, { type: 'HELD', at: NOW, actor: { type: 'person', id: api.employeeIds.E4 ?? '' } }, clockwork);
  });
}

async function order(body: object, as = 'E4') {
  const made = await api.call({ method: 'POST', url: '/v1/inspection-packs', body: { reason: '年度检查', ...body }, as });
  expect(made.statusCode, made.body).toBe(201);
  return made.json().id as string;
}

async function download(id: string, as = 'E4'): Promise<Map<string, Buffer>> {
  const answer = await api.call({ url: `/v1/inspection-packs/${id}/content`, as });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/zip']);
  return unzip(answer.rawPayload);
}

async function unpack(files: Map<string, Buffer>): Promise<string> {
  const target = join(dir, randomUUID());
  for (const [name, content] of files) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), content);
  }
  return target;
}

/** What a stranger sees who runs verify.mjs, with nothing around it. */
function verify(target: string, ...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [VERIFY, target, ...args], { env: {} }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
  });
}

test('a stranger can check the pack of a claim: everything about it, and nothing that does not belong there', async () => {
  const files = await download(await order({ claimNumber: number, contents: true }));
  const { said, code } = await verify(await unpack(files));
  const keyId = api.deps.auditKey.keyId;
  // two of the claim's own, and those of this pack: made, opened
  expect([code, said]).toEqual([
    0,
    `ok: 1 claims, 4 entries, 1 signed days, 1 documents; key ${keyId}\n2 entries are of days after 2026-11-20 that were not sealed yet when the pack was made\n`,
  ]);
  const told = JSON.parse(files.get(`claims/${number}.json`)?.toString() ?? '');
  expect(told.claim).toMatchObject({ number, employeeNo: 'E1', unit: 'SJZ-01' });
  expect(told.events[1]).toMatchObject({
    type: 'DECIDED',
    toState: 'DENIED',
    text: { zh: '审核未通过：未查到参保信息', en: 'Denied: No insurance was found for the person' },
  });
  expect(told.decisions[0].reasons[0]).toMatchObject({ code: 'NOT_INSURED', label: { zh: '未查到参保信息', en: 'No insurance was found for the person' } });
  expect(told.payments).toMatchObject([
    { reference: 'REF-1', amountFen: 100, account: '****1234', bankResult: '23', statement: [{ entryNo: 'S-1', kind: 'DEBIT', amountFen: 100 }] },
  ]);
  expect(told.bureau.submissions).toMatchObject([{ messageId: 'M-1', acceptanceNo: 'A-77' }]);
  expect(told.documents).toMatchObject([{ id: documentId, kind: 'INVOICE', fileName: FILE_NAME, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  expect(files.get(`documents/${number}/${documentId}`)).toEqual(Buffer.from(samplePdf('发票')));
  const all = [...files.values()].map((content) => content.toString('latin1')).join('\n');
  expect(all).not.toContain(IDENTITY);
  expect(all).not.toContain('6228480000000001234');
  // a reason that a spreadsheet would run
  expect(files.get('summary.csv')?.toString()).toContain(`NOT_INSURED =HYPERLINK`);
});

test('the key can be held against one that was given before', async () => {
  const target = await unpack(await download(await order({ claimNumber: number })));
  expect(await verify(target, '--key', api.deps.auditKey.keyId)).toMatchObject({ code: 0 });
  expect(await verify(target, '--key', '0123456789abcdef')).toEqual({
    code: 1,
    said: `WRONG manifest.json: is signed by ${api.deps.auditKey.keyId}, not by 0123456789abcdef\n`,
  });
});

test('a byte that was changed in any file is named, and so is a file too many or too few', async () => {
  const files = await download(await order({ claimNumber: number, contents: true }));
  const target = await unpack(files);
  expect(await verify(target)).toMatchObject({ code: 0 });
  expect(files.size).toBe(11);
  for (const [name, content] of files) {
    for (const at of [0, Math.floor(content.length / 2), content.length - 1]) {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(join(target, name), changed);
      const { code, said } = await verify(target);
      const named = name.startsWith('manifest') ? 'manifest.' : name;
      expect([name, at, code, said.startsWith(`WRONG ${named}`)]).toEqual([name, at, 1, true]);
    }
    await rm(join(target, name));
    expect([name, (await verify(target)).code]).toEqual([name, 1]);
    await writeFile(join(target, name), content);
  }
  await writeFile(join(target, 'claims', 'more.json'), '{}');
  expect(await verify(target)).toEqual({ code: 1, said: 'WRONG claims/more.json: is not in the manifest\n' });
});

describe('a pack of a database that was tampered with is whole in itself, and still found out', () => {
  const make = async () => verify(await unpack(await download(await order({ claimNumber: number }))));

  test.each([
    [
      'an event',
      `UPDATE claim_event SET actor = '{"type": "system", "id": "daozhang"}' WHERE claim_number = $1 AND seq = 2`,
      /event 2 is not what its chain says/,
    ],
    ['an event that was removed', `DELETE FROM claim_event WHERE claim_number = $1 AND seq = 2`, /has 1 events, its chain 2, the claim 2/],
    [
      'the text of an entry',
      `UPDATE audit_entry SET text = replace(text, 'DENIED', 'PAID') WHERE chain = $1 AND chain_no = 2`,
      /entry 2: has another hash than its text/,
    ],
    ['an entry that was removed', `DELETE FROM audit_entry WHERE chain = $1 AND chain_no = 2`, /entry 2: belongs elsewhere/],
  ])('%s', async (_, sql, what) => {
    const rows = [
      { table: 'claim_event', which: 'claim_number = $1 AND seq = 2' },
      { table: 'audit_entry', which: 'chain = $1 AND chain_no = 2' },
    ];
    const kept: Record<string, unknown>[] = [];
    for (const { table, which } of rows)
      kept.push((await admin.query<Record<string, unknown>>(`SELECT * FROM ${table} WHERE ${which}`, [number])).rows[0] ?? {});
    await tools.tamper(sql, [number]);
    const { code, said } = await make();
    expect([code, said]).toEqual([1, expect.stringMatching(what)]);
    for (const [index, { table, which }] of rows.entries()) {
      await tools.tamper(`DELETE FROM ${table} WHERE ${which}`, [number]);
      await tools.tamper(`INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, $1)`, [JSON.stringify(jsonOf(kept[index] ?? {}))]);
    }
    expect(await make()).toMatchObject({ code: 0 });
  });

  test('a chain that was rewritten, every link and the event made to fit', async () => {
    const shift = async (seconds: number) => {
      for (const sql of [
        'UPDATE audit_entry SET at = at + $2 WHERE chain = $1 AND seq = 1',
        'UPDATE claim_event SET at = at + $2 WHERE claim_number = $1 AND seq = 1',
      ]) {
        await tools.tamper(sql, [number, `${seconds} seconds`]);
      }
      await tools.relink(number);
    };
    await shift(1);
    expect(await make()).toEqual({ code: 1, said: `WRONG ${number} entry 1: is not under the signed root of its day\n` });
    await shift(-1);
    expect(await make()).toMatchObject({ code: 0 });
  });
});

test('the pack of a unit and its days has what was made there, and of everybody in it a look is recorded', async () => {
  const looks = async () =>
    (
      await admin.query(`SELECT DISTINCT employee_id AS id FROM audit_entry WHERE detail->>'what' = 'inspection-pack' AND actor->>'id' = $1`, [
        api.employeeIds.E3,
      ])
    ).rows;
  const day = '2026-11-18';
  const files = await download(await order({ unitCode: 'HQ', from: day, to: day }, 'E3'), 'E3');
  expect([...files.keys()].filter((name) => name.startsWith('claims/'))).toHaveLength(2);
  expect([...files.keys()].filter((name) => name.startsWith('documents/'))).toEqual([]);
  expect(await verify(await unpack(files))).toMatchObject({ code: 0 });
  expect(await looks()).toHaveLength(2);

  const branch = await download(await order({ unitCode: 'SJZ' }));
  expect([...branch.keys()].filter((name) => name.startsWith('claims/'))).toEqual([`claims/${number}.json`]);
  const before = await download(await order({ unitCode: 'SJZ', to: '2026-11-17' }));
  expect([...before.keys()]).toEqual(['README.md', 'verify.mjs', 'summary.csv', `keys/${api.deps.auditKey.keyId}.pem`, 'manifest.json', 'manifest.sig']);
  expect(await verify(await unpack(before))).toMatchObject({ code: 0, said: expect.stringMatching(/^ok: 0 claims/) });
});

test('making, opening and sending one leave their entries, with the digest of what was sent', async () => {
  const id = await order({ unitCode: 'SJZ' });
  await download(id);
  const { rows } = await admin.query(`SELECT chain, action, actor->>'id' AS by, detail FROM audit_entry WHERE detail->>'pack' = $1 ORDER BY id`, [id]);
  const entry = { chain: `unit:${api.unitIds.SJZ}`, by: api.employeeIds.E4 };
  expect(rows).toEqual([
    { ...entry, action: 'inspection-pack-made', detail: { pack: id, contents: false } },
    { ...entry, action: 'inspection-pack-opened', detail: { pack: id } },
    { ...entry, action: 'inspection-pack-sent', detail: { pack: id, claims: 1, files: expect.any(Number), manifest: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ]);
});

test('it is for HR and auditors, of their own units, and people have to be named', async () => {
  const id = await order({ unitCode: 'SJZ' });
  const ask = (as: string | undefined, body: object = { unitCode: 'SJZ', reason: 'x' }) =>
    api.call({ method: 'POST', url: '/v1/inspection-packs', body, ...(as !== undefined && { as }) });
  expect((await ask(undefined)).json()).toMatchObject({ code: 'ACTOR_REQUIRED' });
  expect((await ask('E1')).statusCode).toBe(403);
  expect((await ask('E2')).statusCode).toBe(403);
  expect((await ask('E2', { unitCode: 'NONE', reason: 'x' })).json()).toMatchObject({ code: 'UNIT_UNKNOWN' });
  expect((await ask('E2', { claimNumber: number, reason: 'x' })).statusCode).toBe(404);
  expect((await ask('E1', { claimNumber: number, reason: 'x' })).statusCode).toBe(404);
  for (const as of ['E1', 'E2']) {
    for (const url of [`/v1/inspection-packs/${id}`, `/v1/inspection-packs/${id}/content`])
      expect([as, url, (await api.call({ url, as })).statusCode]).toEqual([as, url, 404]);
  }
  for (const body of [
    { reason: 'x' },
    { unitCode: 'SJZ' },
    { unitCode: 'SJZ', claimNumber: number, reason: 'x' },
    { unitCode: 'SJZ', from: '2026-02-02', to: '2026-02-01', reason: 'x' },
  ]) {
    expect((await ask('E4', body)).json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  }
});

test('a claim that moves while its pack waits to be recorded is told as far as its chain', async () => {
  const made = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() });
  expect(made.statusCode, made.body).toBe(201);
  const moving: string = made.json().number;
  const id = await order({ claimNumber: moving });
  await admin.query('BEGIN');
  // holds the end of the claimant's chain, which the pack's look has to join
  await admin.query(`INSERT INTO audit_entry (employee_id, unit_id, actor, action) VALUES ($1, $2, '{}', 'looked')`, [
    api.employeeIds.E1,
    api.unitIds['SJZ-01'],
  ]);
  const pack = download(id);
  try {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await eventually(async () => (await api.database.query(waiting)).rowCount === 1);
    await hold(moving);
  } finally {
    await admin.query('ROLLBACK');
  }
  const files = await pack;
  expect(JSON.parse(files.get(`claims/${moving}.json`)?.toString() ?? '').events).toHaveLength(2);
  expect(await verify(await unpack(files))).toMatchObject({ code: 0, said: expect.stringMatching(/^ok: 1 claims, 4 entries/) });
});

test('a name that was erased, or does not open, is told as none', async () => {
  const documents = await Promise.all(
    (
      [
        ['诊断书', 'DIAGNOSIS_CERTIFICATE'],
        ['出院小结', 'DISCHARGE_SUMMARY'],
      ] as const
    ).map(async ([title, kind]) => {
      const upload = await api.upload({ content: samplePdf(title), name: `${title}.pdf`, unitCode: 'BJ' });
      return { documentId: upload.json().id as string, kind };
    }),
  );
  const made = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo: 'E2', documents }) });
  expect(made.statusCode, made.body).toBe(201);
  const claim: string = made.json().number;
  const names = async () => {
    const files = await download(await order({ claimNumber: claim }, 'E3'), 'E3');
    const told = JSON.parse(files.get(`claims/${claim}.json`)?.toString() ?? '') as { documents: { fileName: unknown }[] };
    return told.documents.map(({ fileName }) => fileName).toSorted();
  };
  expect(await names()).toEqual(['出院小结.pdf', '诊断书.pdf']);
  await tools.tamper(
    `UPDATE document SET file_name = set_byte(file_name, length(file_name) - 1, 255 - get_byte(file_name, length(file_name) - 1)) WHERE id = $1`,
    [documents[1]?.documentId],
  );
  expect(await names()).toEqual([null, '诊断书.pdf']);
  await api.database.write((tx) => erasePersonMedical(tx, api.employeeIds.E2 ?? ''));
  api.deps.database.vault.forget('medical', api.employeeIds.E2 ?? '');
  expect(await names()).toEqual([null, null]);
});

test('a root that does not follow the one before it in the pack is named', async () => {
  await tools.backdate('2026-11-21');
  await seal();
  const unit = api.unitIds['SJZ-01'];
  const { rows } = await admin.query<{ statement: string }>(`SELECT statement FROM audit_root WHERE unit_id = $1 AND day = '2026-11-21'`, [unit]);
  const told = JSON.parse(rows[0]?.statement ?? '') as RootStatement;
  const id = await order({ claimNumber: number });
  const follow = async (previous: RootStatement['previous']) => {
    const { statement, signature } = signed(api.deps.auditKey, rootText({ ...told, previous }));
    const sql = `UPDATE audit_root SET statement = $3, signature = decode($4, 'base64') WHERE unit_id = $1 AND day = $2`;
    await tools.tamper(sql, [unit, '2026-11-21', statement, signature]);
    return verify(await unpack(await download(id)));
  };
  expect(told.previous?.day).toBe('2026-11-20');
  expect(await follow(told.previous)).toMatchObject({ code: 0, said: expect.stringMatching(/, 2 signed days, /) });
  const wrong = { code: 1, said: `WRONG roots/${unit}/2026-11-21.json: does not follow the root of 2026-11-20\n` };
  for (const previous of [null, { day: '2026-11-20', root: '0'.repeat(64) }, { day: '2026-11-19', root: told.previous?.root ?? '' }])
    expect(await follow(previous)).toEqual(wrong);
});

/** A row as JSON that `json_populate_record` reads back: times to the microsecond are milliseconds here, bytes in hex. */
function jsonOf(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value]));
}
