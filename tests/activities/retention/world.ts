import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { retentionActivities, type Erased } from '#activities/retention/erase.ts';
import { openDatabase, type Database, type Tx } from '#prisma/database.ts';
import { sealEmployee } from '#prisma/queries/employees.ts';
import { giveDocuments, sealDocument } from '#prisma/queries/document-keys.ts';
import { messageBodyOf, sealDiagnoses } from '#prisma/queries/sealed.ts';
import { createTestDatabase } from '../../setup/database.ts';
import { giveConsents } from '../../setup/consents.ts';
import { testVault } from '../../setup/vault.ts';

/** 03:00 in Shanghai on 2030-03-05. */
export const NOW = '2030-03-04T19:00:00.000Z';
export const daysAgo = (days: number): Date => new Date(Date.parse(NOW) - days * 86_400_000);

export type World = {
  /** what a test prepares and looks at */
  database: Database;
  /** what the job logs in as */
  worker: Database;
  units: { head: string; branch: string };
  /** the keys of the files that there are */
  files: Set<string>;
  run(at?: string): Promise<Erased>;
  count(at?: string): Promise<Erased>;
  /** the job over a database of the test's making, or in batches of another size */
  jobOver(database: Database, batch?: number): ReturnType<typeof retentionActivities>;
  hire(): Promise<string>;
  rows<Row extends Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]>;
};

/** The daily job on a real database, as the worker's login. */
export function useRetention(): World {
  const world = {} as World;
  let end = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const test = await createTestDatabase();
    const database = openDatabase({ url: test.url, vault: testVault() });
    const worker = openDatabase({ url: test.workerUrl, vault: testVault() });
    end = async () => {
      await Promise.all([database.close(), worker.close()]);
      await test.drop();
    };
    const files = new Set<string>();
    const holidays = { publishedYears: new Set([2026, 2027, 2028, 2029, 2030]), daysOff: new Set<string>(), extraWorkingDays: new Set<string>() };
    const clockwork = async () => ({ holidays, bank: { code: 'CIB', returnWindowSeconds: 86_400, queryAfterSeconds: 900 } });
    const documents = { remove: async (key: string) => void files.delete(key) };
    const jobOver = (over: Database, batch = 500) => retentionActivities({ database: over, documents, clockwork, batch });
    const units = { head: randomUUID(), branch: randomUUID() };
    const unit = `INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region) VALUES ($1, $2, $2, $2, $3, $4, '130100')`;
    await database.query(unit, [units.head, 'HQ', null, [units.head]]);
    await database.query(unit, [units.branch, 'SJZ', units.head, [units.head, units.branch]]);
    Object.assign(world, {
      ...{ database, worker, units, files, jobOver },
      run: (at = NOW) => jobOver(worker).eraseDue({ at }),
      count: (at = NOW) => jobOver(worker).countAllDue({ at }),
      async hire() {
        const id = randomUUID();
        const insert = `INSERT INTO employee (id, employee_no, unit_id, name, person_no, insured_region) VALUES ($1, $2, $3, '王芳', $2, '130100')`;
        await database.query(insert, [id, `E-${id.slice(0, 8)}`, units.branch]);
        await database.write((tx) => sealEmployee(tx, { id, identityNo: '130102199003070011', phone: '13800000000' }));
        await giveConsents(database, [id]);
        return id;
      },
      rows: async <Row extends Record<string, unknown>>(text: string, ...values: unknown[]) => (await database.query<Row>(text, values)).rows,
    } satisfies World);
  });
  afterAll(() => end());
  return world;
}

let sequence = 0;

export type ClaimFacts = {
  employeeId: string;
  closedDaysAgo?: number | null;
  outcome?: string;
  decidedDaysAgo?: number;
  state?: string;
  kind?: string;
  onHold?: boolean;
};

/** A claim of 1 200.00 yuan with everything that may be of it: lines, an invoice, a decision, a payment, a task, papers, messages. */
export async function endedClaim(world: World, facts: ClaimFacts): Promise<string> {
  const { database, units } = world;
  const { employeeId, closedDaysAgo = 2_000, outcome = 'APPROVED', state = 'PAID', kind = 'MATERNITY', onHold = false } = facts;
  const { decidedDaysAgo = (closedDaysAgo ?? 10) + 3 } = facts;
  const number = `YB20261118-${String((sequence += 1)).padStart(8, '0')}`;
  const closedAt = closedDaysAgo === null ? null : daysAgo(closedDaysAgo);
  await database.write(async (tx) => {
    const insert = (text: string, ...values: unknown[]) => tx.query(text, [number, ...values]);
    const diagnoses = await sealDiagnoses(tx.vault, { employeeId, claimNumber: number, diagnoses: [{ code: 'O80', name: '顺产' }] as never });
    await insert(
      `INSERT INTO claim (number, workflow_id, seq, state, employee_id, unit_id, kind, source, insured_region, treated_region, bureau_code, hospital_code, hospital_name, visit_no,
         visit_start, visit_end, circumstances, submitted_fen, approved_fen, payable_fen, paid_fen, created_by, submission_version, closed_at, on_hold, diagnoses)
       VALUES ($1, 'claim/' || $1, 1, $2, $3, $4, $5, 'API', '130100', '130100', '130100', 'H13010000009', '妇幼保健院', 'V-1', '2026-11-01', '2026-11-03', '{EMERGENCY}', 120000, 100000,
         100000, 100000, '{}', 1, $6, $7, $8)`,
      ...[state, employeeId, units.branch, kind, closedAt, onHold, diagnoses],
    );
    await insert(
      `INSERT INTO claim_line (claim_number, line_no, item_code, item_name, item_class, quantity, unit_price_fen, amount_fen)
       VALUES ($1, 1, '003314', '剖宫产术', '02', 1, 100000, 100000), ($1, 2, 'XG02', '缩宫素', '01', 2, 10000, 20000)`,
    );
    await insert(`INSERT INTO claim_event (claim_number, seq, type, to_state, actor, remark) VALUES ($1, 1, 'CREATED', 'SUBMITTED', '{}', 'CREATED')`);
    await insert(
      `INSERT INTO claim_invoice (claim_number, type, code, invoice_no, check_code, amount_fen, issued_on, invoice_key) VALUES ($1, '1', '13010126', $2, 'abc', 120000, '2026-11-03', $1)`,
      number.slice(-8),
    );
    await insert(
      `INSERT INTO decision (claim_number, no, source, source_no, outcome, reasons, remark, lines, funding, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
       VALUES ($1, 1, 'BUREAU', $1, $2, '[{"code":"COINSURANCE","text":"剖宫产按比例"},{"code":"DEDUCTIBLE","text":""}]', '产后复查不在范围', '[{"lineNo":1,"benefitFen":100000}]', '[]',
         120000, 100000, 100000, '{}', $3, $3)`,
      ...[outcome, daysAgo(decidedDaysAgo)],
    );
    await insert(
      `INSERT INTO task (claim_number, opened_seq, kind, unit_id, role, choices, status, comment, choice, detail)
       VALUES ($1, 1, 'APPEAL_REVIEW', $2, 'hr', '{UPHOLD}', 'DECIDED', '孕期并发症属实', 'UPHOLD', '{"reason":"并发症","asDuplicate":false}')`,
      units.branch,
    );
  });
  await tellOf(world, { number, closedAt: closedAt ?? daysAgo(1) });
  return number;
}

/** What was told of a claim, to whom: a message of the bureau, a notice, a command. */
async function tellOf({ database, units }: World, { number, closedAt }: { number: string; closedAt: Date }): Promise<void> {
  const messageId = randomUUID();
  const body = await database.vault.sealInstallation(messageBodyOf({ source: '130100', messageId }), JSON.stringify({ answer: { remark: '产后' } }));
  await database.query(
    `INSERT INTO inbox_message (source, message_id, body_digest, type, claim_number, body, acknowledgement, received_at) VALUES ('130100', $1, 'd', 'decision', $2, $3, '{}', $4)`,
    [messageId, number, body, closedAt],
  );
  await database.query(
    `INSERT INTO notice (claim_number, seq, template, recipient, status, sent_at, next_attempt_at) VALUES ($1, 1, 'PAID', '{"kind":"claimant"}', 'SENT', $2, $2)`,
    [number, closedAt],
  );
  await database.query(`INSERT INTO workflow_command (claim_number, kind, status, sent_at, next_attempt_at) VALUES ($1, 'START', 'SENT', $2, $2)`, [
    number,
    closedAt,
  ]);
  await database.query(
    `WITH endpoint AS (INSERT INTO webhook_endpoint (unit_id, url, secret, events) VALUES ($3, 'https://x', 's', '{}') RETURNING id)
     INSERT INTO webhook_delivery (endpoint_id, claim_number, seq, event, payload, status, sent_at, next_attempt_at) SELECT id, $1, 1, 'claim.stage_changed', '{}', 'SENT', $2, $2 FROM endpoint`,
    [number, closedAt, units.branch],
  );
}

/** A file that was uploaded, and attached where `claims` says so; returns its id. */
export async function storedDocument(
  world: World,
  {
    claims = [],
    kind = 'DIAGNOSIS_CERTIFICATE',
    uploadedDaysAgo = 2_000,
    uploadedBy = 'somebody',
  }: { claims?: { number: string; employeeId: string }[]; kind?: string; uploadedDaysAgo?: number; uploadedBy?: string },
): Promise<string> {
  const id = randomUUID();
  const storageKey = `${world.units.branch}/${id.replaceAll('-', '').repeat(2)}`;
  world.files.add(storageKey);
  const { key, sealedName } = await sealDocument(world.database.vault, { id, content: Buffer.from('x'), fileName: '诊断证明.pdf' });
  await world.database.write(async (tx: Tx) => {
    await tx.query(
      `INSERT INTO document (id, unit_id, sha256, sm3, content_index, media_type, size_bytes, file_name, storage_key, wrapped_key, uploaded_by, created_at)
       VALUES ($1, $2, 'a', 'b', '', 'application/pdf', 1, $7, $3, $4, $5, $6)`,
      [id, world.units.branch, storageKey, key.wrappedKey, uploadedBy, daysAgo(uploadedDaysAgo), sealedName],
    );
    for (const { number, employeeId } of claims) {
      await tx.query('INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, $3)', [number, id, kind]);
      await giveDocuments(tx, { employeeId, documents: [{ documentId: id, kind: kind as 'OTHER' }] });
    }
  });
  return id;
}
