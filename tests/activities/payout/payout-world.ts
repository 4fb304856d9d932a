import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createActivities, type Activities } from '#activities/index.ts';
import { formatClaimNumber } from '#domain/claim/number.ts';
import type { ClaimView, Written } from '#domain/claim/view.ts';
import { fen } from '#domain/money.ts';
import type { StatementLine, TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { replaceAccount, sealEmployee } from '#prisma/queries/employees.ts';
import { storeBankResult } from '../../setup/bank-message.ts';
import { testAudit } from '../../setup/audit.ts';
import { giveConsents } from '../../setup/consents.ts';
import { createTestDatabase } from '../../setup/database.ts';
import { testPolicies } from '../../setup/policies.ts';
import { testVault } from '../../setup/vault.ts';

export const BANK = 'CIB';
export const ACCOUNT = '6228480000000001234';
export const AT = '2026-11-18T04:00:00.000Z';
const HOUR_MS = 3_600_000;

export type Bank = {
  transfers: TransferOrder[];
  inquiries: TransferOrder[];
  onTransfer: (order: TransferOrder) => TransferStatus;
  onInquire: (order: TransferOrder) => TransferStatus;
  statement: StatementLine[];
};
export type World = {
  database: Database;
  activities: Activities;
  bank: Bank;
  people: Record<'claimant' | 'finance' | 'finance2', string>;
  units: Record<'head' | 'branch' | 'other', string>;
};

export const paidStatus = (amountFen = 120_000): TransferStatus => ({ kind: 'succeeded', amountFen: fen(amountFen), bankStatus: 'PAYOUT', settledAt: AT });
export const inFlight: TransferStatus = { kind: 'in-flight', bankStatus: 'PENDING' };
export const failedStatus = (code = '42'): TransferStatus => ({ kind: 'failed', bankStatus: 'FAIL', code, text: '' });

/** The activities on a real database, before a bank that says what it is told to. */
export function usePayouts(): World {
  const world = {} as World;
  let drop = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const test = await createTestDatabase();
    const database = openDatabase({ url: test.url, poolSize: 4, vault: testVault() });
    const workerDatabase = openDatabase({ url: test.workerUrl, poolSize: 4, vault: testVault() });
    drop = async () => {
      await Promise.all([database.close(), workerDatabase.close()]);
      await test.drop();
    };
    const bank: Bank = { transfers: [], inquiries: [], onTransfer: () => inFlight, onInquire: () => inFlight, statement: [] };
    const gateway = {
      ...{ code: BANK, returnWindowSeconds: 86_400, queryAfterSeconds: 900 },
      transfer: async (order: TransferOrder) => bank.onTransfer((bank.transfers.push(order), order)),
      inquire: async (order: TransferOrder) => bank.onInquire((bank.inquiries.push(order), order)),
      statement: async () => bank.statement,
    };
    const holidays = { publishedYears: new Set([2026, 2027]), daysOff: new Set<string>(), extraWorkingDays: new Set<string>() };
    const activities = createActivities({
      policies: testPolicies(),
      ...{ database: workerDatabase, bureaus: new Map(), banks: new Map([[BANK, gateway]]), institutionCode: 'DZ1301000001' },
      clockwork: async () => ({ holidays, bank: gateway }),
      audit: await testAudit(),
      documents: { remove: async () => undefined },
    });
    const units = { head: randomUUID(), branch: randomUUID(), other: randomUUID() };
    const unit = `INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region) VALUES ($1, $2, $2, $2, $3, $4, '130100')`;
    await database.query(unit, [units.head, 'HQ', null, [units.head]]);
    await database.query(unit, [units.branch, 'SJZ', units.head, [units.head, units.branch]]);
    await database.query(unit, [units.other, 'CZ', units.head, [units.head, units.other]]);
    const people = { claimant: randomUUID(), finance: randomUUID(), finance2: randomUUID() };
    for (const [name, id] of Object.entries(people)) {
      await database.query(`INSERT INTO employee (id, employee_no, unit_id, name, person_no, insured_region) VALUES ($1, $2, $3, $2, $2, '130100')`, [
        id,
        name,
        units.branch,
      ]);
      await database.write((tx) => sealEmployee(tx, { id, identityNo: '130102199003070011', phone: null }));
    }
    await giveConsents(database, Object.values(people));
    const account = { holderName: 'claimant', accountNo: ACCOUNT, bankName: '兴业银行', bankCode: '309121000001' };
    await database.write((tx) => replaceAccount(tx, { employeeId: people.claimant, account }));
    Object.assign(world, { database, activities, bank, people, units });
  });
  beforeEach(async () => {
    Object.assign(world.bank, { transfers: [], inquiries: [], onTransfer: () => inFlight, onInquire: () => inFlight, statement: [] });
    await world.database.query('DELETE FROM payout_stop');
    await world.database.query(`UPDATE unit SET settings = '{}'`);
  });
  afterAll(() => drop());
  return world;
}

let sequence = 0;

/** An approved claim of 1200.00 yuan, and what workflow, bank and people do to it. */
export async function approvedClaim(world: World, { unit = 'branch', at = AT }: { unit?: keyof World['units']; at?: string } = {}) {
  const { database, activities, bank, people } = world;
  const number = formatClaimNumber(new Date(AT), (sequence += 1));
  await database.query(
    `INSERT INTO claim (number, workflow_id, seq, state, employee_id, unit_id, kind, source, insured_region, treated_region, bureau_code, hospital_code, hospital_name,
       visit_start, visit_end, circumstances, submitted_fen, approved_fen, payable_fen, turn_since, created_by, submission_version)
     VALUES ($1, 'claim/' || $1, 5, 'APPROVED', $2, $3, 'OUTPATIENT', 'API', '130100', '130100', '130100', 'H1', 'H', '2026-11-01', '2026-11-01', '{}', 120000, 120000, 120000, $4, '{}', 1)`,
    [number, people.claimant, world.units[unit], at],
  );
  await database.query(
    `INSERT INTO decision (claim_number, no, source, source_no, outcome, reasons, remark, lines, funding, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
     VALUES ($1, 1, 'BUREAU', $1, 'APPROVED', '[]', '', '[]', '[]', 120000, 120000, 120000, '{}', $2, $2)`,
    [number, at],
  );
  let minutes = 0;
  const next = (): string => new Date(Date.parse(at) + (minutes += 1) * 60_000).toISOString();
  const view = async (): Promise<ClaimView> => (await activities.loadClaim({ claimNumber: number })).view;
  const step = async () => ({ claimNumber: number, seq: (await view()).seq, at: next() });
  const reference = (attempt = 1) => `${number}-1-${attempt}`;
  const claim = {
    number,
    reference,
    view,
    order: async (): Promise<Written> => activities.orderPayout(await step()),
    async transfer(attempt = 1): Promise<Written> {
      const status = await activities.transfer({ bankCode: BANK, reference: reference(attempt) });
      return activities.recordTransfer({ ...(await step()), reference: reference(attempt), status });
    },
    async inquire(attempt = 1): Promise<Written> {
      const status = await activities.inquire({ bankCode: BANK, reference: reference(attempt) });
      return activities.recordTransfer({ ...(await step()), reference: reference(attempt), status });
    },
    /** a callback as the API stores it, and the news of it as the workflow takes it in */
    async calledBack(status: TransferStatus, record: { accountNo?: string; amountFen?: number } = {}, attempt = 1): Promise<Written> {
      const told = { amountFen: 120_000, accountNo: ACCOUNT, ...record };
      await storeBankResult(database, { bank: BANK, claimNumber: number, reference: reference(attempt), status, record: told });
      return claim.news();
    },
    news: async (): Promise<Written> => activities.recordPaymentNews(await step()),
    /** the bank's statement has these lines now */
    async booked(...lines: { kind?: 'DEBIT' | 'RETURN'; attempt?: number; amountFen?: number }[]): Promise<Written> {
      for (const { kind = 'DEBIT', attempt = 1, amountFen = 120_000 } of lines) {
        bank.statement.push({
          entryNo: randomUUID().slice(0, 30),
          kind,
          reference: reference(attempt),
          amountFen: fen(amountFen),
          bookedAt: next(),
          remark: '',
        });
      }
      await activities.reconcile({ bankCode: BANK, days: 1, at: next() });
      return claim.news();
    },
    /** the return window is over */
    async windowOver(): Promise<Written> {
      return activities.expire({ ...(await step()), at: new Date(Date.parse(at) + 48 * HOUR_MS).toISOString() });
    },
    remind: async (): Promise<Written> => activities.remind({ ...(await step()), at: new Date(Date.parse(at) + 30 * 24 * HOUR_MS).toISOString() }),
    async decide(choice: string, who: keyof World['people'], kind = 'PAYOUT_ATTENTION'): Promise<Written> {
      const task = (await view()).tasks.find((one) => one.kind === kind);
      if (!task) throw new Error(`no open ${kind}`);
      const employeeId = people[who];
      return activities.recordTaskDecision({
        ...(await step()),
        decision: { taskId: task.id, choice, comment: 'seen at the bank', employeeId, actor: { type: 'person', id: employeeId } } as never,
      });
    },
    /** two people of finance say the same */
    async agree(choice: 'CONFIRM_PAID' | 'CONFIRM_FAILED'): Promise<Written> {
      await claim.decide(choice, 'finance');
      return claim.decide(choice, 'finance2', 'CONFIRM_PAYOUT');
    },
    async tasks() {
      const { rows } = await database.query<{ kind: string; block: string; choices: string[] }>(
        `SELECT kind, detail ->> 'block' AS block, choices FROM task WHERE claim_number = $1 AND status = 'OPEN' ORDER BY opened_seq`,
        [number],
      );
      return rows;
    },
    async lines() {
      const { rows } = await database.query<{ result: string }>('SELECT result FROM statement_entry WHERE reference LIKE $1 ORDER BY booked_at', [
        `${number}%`,
      ]);
      return rows.map(({ result }) => result);
    },
    async payments() {
      const { rows } = await database.query<{ status: string }>('SELECT status FROM payment_instruction WHERE claim_number = $1 ORDER BY attempt', [number]);
      return rows.map(({ status }) => status);
    },
    async paidFen(): Promise<number> {
      const { rows } = await database.query<{ paid: number }>('SELECT paid_fen AS paid FROM claim WHERE number = $1', [number]);
      return rows[0]?.paid ?? -1;
    },
    async audits(action: string): Promise<number> {
      const { rows } = await database.query<{ n: number }>('SELECT count(*) AS n FROM audit_entry WHERE claim_number = $1 AND action = $2', [number, action]);
      return rows[0]?.n ?? 0;
    },
  };
  return claim;
}
