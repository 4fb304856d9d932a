import { randomUUID } from 'node:crypto';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { createClaimWorkers } from '#activities/claim-workers.ts';
import { createActivities, type Activities } from '#activities/index.ts';
import { createReadingWorker } from '#activities/reading-worker.ts';
import type { ApprovalMode, ApprovalStep, Approvers, ApproverRole } from '#domain/approval/flow.ts';
import type { HolidayTable } from '#domain/calendar.ts';
import type { DocumentKind } from '#domain/claim/completeness.ts';
import type { DocumentReading } from '#domain/invoice/reading.ts';
import { mayMove, type MoveType } from '#domain/claim/moves.ts';
import { formatClaimNumber } from '#domain/claim/number.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import { fen, sum } from '#domain/money.ts';
import type { PartialUnitSettings } from '#domain/org/settings.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { readClaimContext } from '#prisma/queries/claim-context.ts';
import { recordMove } from '#prisma/queries/claim-moves.ts';
import { createClaim, findClaimant, type NewClaim as ClaimToStore } from '#prisma/queries/claim-submission.ts';
import { clockworkReader } from '#prisma/queries/holidays.ts';
import { testAudit } from '../setup/audit.ts';
import { createTestDatabase } from '../setup/database.ts';
import { RECORDED_KEYS } from '../setup/payload-keys.ts';
import { createTimeSkippingEnvironment } from '../setup/temporal.ts';
import { followClaim, type Claim } from './claim.ts';
import { recordHistories } from './histories.ts';
import { BANK, BUREAU, ASK_BANK_AFTER_SECONDS, RETURN_WINDOW_SECONDS, openScript, type Script } from './script.ts';
import { agreeing, readingOf, scriptedReader } from './reader.ts';
import { addAccount, insertDocument, insertEmployee, seed, type Seeded } from './seed.ts';
import { testPolicies } from '../setup/policies.ts';
import { testVault } from '../setup/vault.ts';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

/** Monday to Friday and no holidays, so that deadlines can be counted by hand in any year. */
const WEEKDAYS: HolidayTable = { publishedYears: new Set(Array.from({ length: 200 }, (_, n) => 2000 + n)), daysOff: new Set(), extraWorkingDays: new Set() };
const INSTITUTION = 'DZ1301000001';
const COMPLETE: DocumentKind[] = ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD'];

/** `databaseUrl`: another way to the same database */
export type WorkerOptions = { maxCachedWorkflows?: number; databaseUrl?: string };

export type NewTestClaim = {
  documents?: DocumentKind[];
  /** amounts of the lines, in fen */
  lines?: number[];
  invoiceNo?: string;
  employeeId?: string;
  /** what the picture of the invoice looks like */
  pictureHashes?: readonly string[];
  /** whatever else is other than usual */
  more?: Partial<ClaimToStore>;
};

export type TestFlow = {
  steps: { mode?: ApprovalMode; who?: readonly string[]; role?: ApproverRole; copies?: readonly string[] }[];
  copies?: readonly string[];
  name?: string;
  unitId?: string;
  minFen?: number | null;
  maxFen?: number | null;
};

/** A branch, a scripted bureau and bank, and a server whose clock jumps over waiting. Shared by the tests of a file: the clock only goes forward. */
export type World = Seeded & {
  env: TestWorkflowEnvironment;
  database: Database;
  databaseUrl: string;
  activities: Activities;
  taskQueue: string;
  script: Script;
  /** the claims of this test */
  started: Claim[];
  now(): Promise<Date>;
  /** lets the clock jump to that moment */
  sleepUntil(at: Date): Promise<void>;
  sleep(seconds: number): Promise<void>;
  /** the same while something is tried again and again */
  sleepThrough(seconds: number): Promise<void>;
  /** the next Monday, 10:00 in Shanghai: two o'clock in UTC */
  untilMonday(): Promise<Date>;
  settings(settings: PartialUnitSettings): Promise<void>;
  /** a new version of the branch's (or another unit's) approval flow of that name, in force from now on; people by their names in `people`, or by id */
  approvalFlow(flow: TestFlow): Promise<void>;
  quota(limit: { limitFen: number; employeeId?: string }): Promise<void>;
  /** the claimant's account from now on */
  changeAccount(accountNo: string): Promise<void>;
  hire(employeeNo: string): Promise<string>;
  /** accepts a claim as the API does, and starts its workflow as the relay does */
  submit(claim?: NewTestClaim): Promise<Claim>;
  follow(number: string, workflowId?: string): Claim;
  /** writes an operator's entry into the claim, as the API does, of which its workflow hears nothing */
  operate(number: string): Promise<void>;
  /** restarts the workers, whose caches are then empty */
  restartWorkers(options?: WorkerOptions): Promise<void>;
  stopWorkers(): Promise<void>;
  /** whether there are any */
  working(): boolean;
  startWorkers(options?: WorkerOptions): Promise<void>;
  /** ends what a test left running, and forgets what it said to bureau and bank */
  tidy(): Promise<void>;
  end(): Promise<void>;
};

export function useWorld(): World {
  const world = {} as World;
  beforeAll(async () => {
    Object.assign(world, await startWorld());
  });
  afterEach(async () => {
    await recordHistories(expect.getState(), world.started);
    await world.tidy();
  });
  afterAll(async () => {
    expect(await forbiddenMoves(world.database)).toEqual([]);
    expect(await brokenBooks(world.database)).toEqual([]);
    await world.end();
  });
  return world;
}

/** Every transition that any test of the file made, and that the table of moves forbids. */
async function forbiddenMoves(database: Database): Promise<unknown[]> {
  const { rows } = await database.query<{ type: MoveType; from: ClaimState | null; to: ClaimState }>(
    'SELECT DISTINCT type, from_state AS "from", to_state AS "to" FROM claim_event',
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows.filter(({ type, from, to }) => !mayMove(type, from, to));
}

/** Claims that count as paid what no instruction paid, or whose transitions have gaps or no audit row. */
async function brokenBooks(database: Database): Promise<unknown[]> {
  const { rows } = await database.query(
    `SELECT c.number FROM claim c
     WHERE c.paid_fen <> (SELECT coalesce(sum(p.amount_fen), 0) FROM payment_instruction p WHERE p.claim_number = c.number AND p.status = 'SUCCEEDED')
        OR c.seq <> (SELECT count(*) FROM claim_event e WHERE e.claim_number = c.number)
        OR EXISTS (SELECT FROM claim_event e WHERE e.claim_number = c.number
             AND NOT EXISTS (SELECT FROM audit_entry a WHERE a.claim_number = e.claim_number AND a.seq = e.seq AND a.action = e.type))`,
  );
  return rows;
}

async function startWorld(): Promise<World> {
  const [env, testDatabase] = await Promise.all([createTimeSkippingEnvironment(RECORDED_KEYS), createTestDatabase()]);
  const database = openDatabase({ url: testDatabase.url, poolSize: 5, vault: testVault() });
  // what the product logs in as; the other one is for what tests prepare and look at
  const workerDatabase = openDatabase({ url: testDatabase.workerUrl, poolSize: 5, vault: testVault() });
  const seeded = await seed(database);
  const now = async (): Promise<Date> => new Date(await env.currentTimeMs());
  const { script, bureau, bank, reset } = openScript(async () => (await now()).getTime());
  const taskQueue = `claims-${randomUUID()}`;
  const audit = await testAudit();
  const clockworkOn = (on: Database) =>
    clockworkReader({
      ...{ database: on, published: WEEKDAYS },
      bank: { code: BANK, returnWindowSeconds: RETURN_WINDOW_SECONDS, queryAfterSeconds: ASK_BANK_AFTER_SECONDS },
    });
  const activitiesOn = (on: Database): Activities =>
    createActivities({
      policies: testPolicies(),
      reads: true,
      database: on,
      bureaus: new Map([[BUREAU, bureau]]),
      banks: new Map([[BANK, bank]]),
      institutionCode: INSTITUTION,
      audit,
      documents: { remove: async () => undefined },
      clockwork: clockworkOn(on),
    });
  const activities = activitiesOn(workerDatabase);
  const read = async (claimNumber: string): Promise<DocumentReading> =>
    script.onRead ? script.onRead(claimNumber) : readingOf(await agreeing(database, claimNumber));
  const started: Claim[] = [];
  let working = false;
  let stopWorkers: () => Promise<void> = async () => undefined;

  // The clock of this server leaps over a workflow task that is under way, and never leaps again after a workflow was terminated in one.
  const settle = async (): Promise<void> => {
    if (working) await Promise.all(started.map((claim) => claim.settles()));
  };
  const sleepUntil = async (at: Date): Promise<void> => {
    await settle();
    const ms = at.getTime() - (await env.currentTimeMs());
    if (ms > 0) await env.sleep(ms);
  };

  const world: World = {
    ...seeded,
    ...{ env, database, databaseUrl: testDatabase.workerUrl, activities, taskQueue, script, started, now, sleepUntil },
    async operate(number) {
      await database.write(async (tx) => {
        const claim = await readClaimContext(tx, number, { lock: true });
        if (!claim) throw new Error(`there is no claim ${number}`);
        const actor = { type: 'person', id: seeded.people.hr } as const;
        const detail = { operation: 'NUDGE', reason: 'test', requestId: randomUUID(), target: {} };
        await recordMove(tx, claim, { type: 'OPERATED', remark: 'OPERATED_NUDGE', at: await now(), actor, detail }, await clockworkOn(database)());
      });
    },
    sleepThrough: (seconds) => env.sleep(seconds * 1_000),
    sleep: async (seconds) => sleepUntil(new Date((await env.currentTimeMs()) + seconds * 1_000)),
    async untilMonday() {
      const from = await env.currentTimeMs();
      const monday = new Date(from);
      monday.setUTCHours(2, 0, 0, 0);
      while (monday.getUTCDay() !== 1 || monday.getTime() <= from) monday.setUTCDate(monday.getUTCDate() + 1);
      await sleepUntil(monday);
      return monday;
    },
    async settings(settings) {
      await database.query('UPDATE unit SET settings = $2 WHERE id = $1', [seeded.unitIds.branch, JSON.stringify(settings)]);
    },
    async approvalFlow({ steps, copies = [], name = 'test', unitId = seeded.unitIds.branch, minFen = null, maxFen = null }) {
      const idOf = (who: string): string => (Object.hasOwn(seeded.people, who) ? seeded.people[who as keyof Seeded['people']] : who);
      const named = (who: readonly string[]): Approvers => ({ kind: 'people', employeeIds: who.map(idOf) });
      const stored = steps.map(({ mode = 'one', who, role, copies: told = [] }): ApprovalStep => {
        return {
          name: 'step',
          mode,
          approvers: role ? { kind: 'role', role, place: 'nearest' } : named(who ?? []),
          copies: told.length > 0 ? [named(told)] : [],
        };
      });
      await database.query(
        `INSERT INTO approval_flow (unit_id, name, version, valid_from, claim_kinds, min_fen, max_fen, steps, copies, created_by)
         SELECT $1, $2, coalesce(max(version), 0) + 1, $3, '{}', $4, $5, $6, $7, '{}' FROM approval_flow WHERE unit_id = $1 AND name = $2`,
        [unitId, name, await now(), minFen, maxFen, JSON.stringify(stored), JSON.stringify(copies.length > 0 ? [named(copies)] : [])],
      );
    },
    async quota({ limitFen, employeeId = seeded.people.claimant }) {
      const year = (await now()).getUTCFullYear();
      await database.query(
        'INSERT INTO quota (employee_id, year, limit_fen) VALUES ($1, $2, $3) ON CONFLICT (employee_id, year) DO UPDATE SET limit_fen = $3, reserved_fen = 0, used_fen = 0',
        [employeeId, year, limitFen],
      );
    },
    changeAccount: (accountNo) => addAccount(database, { employeeId: seeded.people.claimant, accountNo }),
    async hire(employeeNo) {
      const id = randomUUID();
      await insertEmployee(database, { id, employeeNo, unitId: seeded.unitIds.branch });
      return id;
    },
    async submit(wanted = {}) {
      const {
        documents = COMPLETE,
        lines = [100_000, 20_000],
        invoiceNo = randomUUID(),
        employeeId = seeded.people.claimant,
        pictureHashes = [],
        more = {},
      } = wanted;
      const at = await now();
      const number = await accept(database, { ...{ at, lines, invoiceNo, employeeId, documents, pictureHashes, more }, ...seeded });
      const claim = world.follow(number);
      await claim.start();
      return claim;
    },
    follow(number, workflowId = `claim/${number}`) {
      const claim = followClaim(world, { number, workflowId });
      started.push(claim);
      return claim;
    },
    async startWorkers({ maxCachedWorkflows, databaseUrl } = {}) {
      const own = databaseUrl === undefined ? undefined : openDatabase({ url: databaseUrl, poolSize: 5, vault: testVault() });
      const workers = await createClaimWorkers({
        ...{ connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue, activities: own ? activitiesOn(own) : activities },
        database: own ?? workerDatabase,
        gateways: { bureaus: [{ code: BUREAU, ratePerSecond: 1_000 }], banks: [{ ratePerSecond: 1_000 }] },
        payloads: RECORDED_KEYS,
        workflowBundle: { codePath: inject('workflowBundle') },
        ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
      });
      const reader = await createReadingWorker({
        ...{ connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue, payloads: RECORDED_KEYS },
        activities: scriptedReader(workerDatabase, read),
      });
      const running = Promise.all([workers.run(), reader.run()]);
      working = true;
      stopWorkers = async () => {
        stopWorkers = async () => undefined;
        working = false;
        workers.shutdown();
        if (reader.getState() === 'RUNNING') reader.shutdown();
        await running;
        await own?.close();
      };
    },
    stopWorkers: () => stopWorkers(),
    working: () => working,
    async restartWorkers(options) {
      await stopWorkers();
      await world.startWorkers(options);
    },
    async tidy() {
      await settle();
      await Promise.all(started.splice(0).map((claim) => claim.terminate()));
      await database.query("UPDATE unit SET settings = '{}'");
      await database.query('DELETE FROM approval');
      await database.query('DELETE FROM approval_flow');
      await database.query('DELETE FROM role_assignment');
      await database.query('DELETE FROM payout_stop');
      await database.query('DELETE FROM quota_reservation');
      await database.query('DELETE FROM quota');
      reset();
    },
    async end() {
      await stopWorkers();
      await Promise.all([database.close(), workerDatabase.close()]);
      await env.teardown();
      await testDatabase.drop();
    },
  };
  await world.startWorkers();
  return world;
}

async function accept(
  database: Database,
  claim: {
    at: Date;
    lines: number[];
    invoiceNo: string;
    employeeId: string;
    documents: DocumentKind[];
    pictureHashes: readonly string[];
    more: Partial<ClaimToStore>;
    unitIds: Seeded['unitIds'];
  },
): Promise<string> {
  const day = claim.at.toISOString().slice(0, 10);
  const documents: { documentId: string; kind: string }[] = [];
  for (const kind of claim.documents) {
    const pictureHashes = kind === 'INVOICE' ? claim.pictureHashes : [];
    documents.push({ documentId: await insertDocument(database, { unitId: claim.unitIds.branch, pictureHashes }), kind });
  }
  return database.write(async (tx) => {
    const { rows } = await tx.query<{ employeeNo: string }>('SELECT employee_no AS "employeeNo" FROM employee WHERE id = $1', [claim.employeeId]);
    const claimant = await findClaimant(tx, { employeeNo: rows[0]?.employeeNo ?? '' });
    if (!claimant) throw new Error('no such claimant');
    const number = formatClaimNumber(claim.at, claimant.sequence);
    const submittedFen = sum(claim.lines.map((amount) => fen(amount)));
    await createClaim(tx, number, {
      ...{ unitId: claimant.unitId, ancestorIds: claimant.ancestorIds, employeeId: claimant.employeeId, kind: 'OUTPATIENT', source: 'API', draft: false },
      ...{ insuredRegion: BUREAU, treatedRegion: BUREAU, bureauCode: BUREAU, hospital: { code: 'H13010000001', name: '省人民医院' } },
      ...{ visit: { no: null, start: day, end: day }, circumstances: [], diagnoses: [], submittedFen, prior: null, at: claim.at, documents },
      actor: { type: 'machine', id: 'test' },
      lines: claim.lines.map((amount, index) => ({
        ...{ itemCode: `ITEM-${index + 1}`, itemName: '项目', itemClass: '01', quantity: '1', unitPriceFen: fen(amount), amountFen: fen(amount) },
      })),
      invoices: [
        {
          type: '1',
          code: '13010126',
          number: claim.invoiceNo,
          checkCode: '1a2b3c',
          amountFen: submittedFen,
          issuedOn: day,
          settlement: '2',
          invoiceKey: `key-${claim.invoiceNo}`,
        },
      ],
      ...claim.more,
    });
    return number;
  });
}

/** The last second in Shanghai of the day `days` after `monday` (10:00 there): 13:59:59 later. */
export function afterDays(monday: Date, days: number): Date {
  return new Date(monday.getTime() + days * 86_400_000 + (13 * 3_600 + 59 * 60 + 59) * 1_000);
}
