import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Actor } from '#domain/claim/actor.ts';
import { fen } from '#domain/money.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { readClaimContext, type Clockwork } from '#prisma/queries/claim-context.ts';
import { recordMove, type Move } from '#prisma/queries/claim-moves.ts';
import { createClaim } from '#prisma/queries/claim-submission.ts';
import { testAudit } from '../../setup/audit.ts';
import { createTestDatabase } from '../../setup/database.ts';
import { testVault } from '../../setup/vault.ts';
import { tampering, type Tampering } from './tampering.ts';

export const ACTOR: Extract<Actor, { type: 'person' }> = { type: 'person', id: '00000000-0000-4000-8000-000000000001', via: 'key' };
const clockwork: Clockwork = {
  holidays: { publishedYears: new Set([2026, 2027]), daysOff: new Set<string>(), extraWorkingDays: new Set<string>() },
  bank: { code: 'CIB', returnWindowSeconds: 86_400, queryAfterSeconds: 900 },
};

export type AuditWorld = Tampering & {
  url: string;
  workerUrl: string;
  apiUrl: string;
  /** as the superuser, who can do everything to the audit that the product cannot */
  admin: pg.Client;
  worker: Database;
  api: Database;
  audit: Awaited<ReturnType<typeof testAudit>>;
  unit: { id: string; code: string };
  other: { id: string; code: string };
  /** an employee of a unit; `unit` where none is named */
  employee(unitId?: string): Promise<string>;
  /** a claim with `moves` transitions after the first */
  claim(options?: { moves?: number; unitId?: string }): Promise<string>;
  move(number: string, move?: Partial<Move>): Promise<void>;
};

/** A database with two units, for the tests of one file. */
export function useAuditWorld(): { readonly world: AuditWorld } {
  let world: AuditWorld & { end(): Promise<void> };
  beforeAll(async () => (world = await open()));
  afterAll(async () => world?.end());
  return {
    get world() {
      return world;
    },
  };
}

export async function open(): Promise<AuditWorld & { end(): Promise<void> }> {
  const { url, workerUrl, apiUrl, drop } = await createTestDatabase();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const [owner, worker, api] = [url, workerUrl, apiUrl].map((each) => openDatabase({ url: each, poolSize: 8, vault: testVault() })) as [
    Database,
    Database,
    Database,
  ];
  const unit = { id: randomUUID(), code: 'SJZ' };
  const other = { id: randomUUID(), code: 'BJ' };
  for (const { id, code } of [unit, other]) {
    await admin.query(`INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region) VALUES ($1, $2, $2, $2, NULL, $3, '130100')`, [
      id,
      code,
      [id],
    ]);
  }
  const audit = await testAudit();

  const world = {
    ...{ url, workerUrl, apiUrl, admin, worker, api, audit, unit, other, ...tampering(admin) },
    async employee(unitId: string = unit.id) {
      const id = randomUUID();
      await admin.query(`INSERT INTO employee (id, employee_no, unit_id, name, insured_region) VALUES ($1, $2, $3, '张三', '130100')`, [
        id,
        id.slice(0, 8),
        unitId,
      ]);
      return id;
    },
    async claim({ moves = 0, unitId = unit.id }: { moves?: number; unitId?: string } = {}) {
      const employeeId = await world.employee(unitId);
      const { rows } = await admin.query<{ number: string }>(`SELECT 'YB20261118-' || lpad(nextval('claim_number_seq')::text, 8, '0') AS number`);
      const number = rows[0]?.number ?? '';
      await owner.write((tx) =>
        createClaim(tx, number, {
          ...{ unitId, ancestorIds: [unitId], employeeId, kind: 'OUTPATIENT', source: 'API', draft: false, insuredRegion: '130100' },
          ...{ treatedRegion: '130100', bureauCode: '130100', hospital: { code: 'H1', name: '医院' }, circumstances: [], diagnoses: [] },
          ...{ visit: { no: null, start: '2026-11-18', end: '2026-11-18' }, submittedFen: fen(52_600), documents: [], prior: null },
          lines: [{ itemCode: 'A', itemName: '项目', itemClass: '01', quantity: '1', unitPriceFen: fen(52_600), amountFen: fen(52_600) }],
          invoices: [],
          actor: ACTOR,
          at: new Date('2026-11-18T01:30:00.000Z'),
        }),
      );
      for (let made = 0; made < moves; made += 1) await world.move(number);
      return number;
    },
    async move(number: string, move: Partial<Move> = {}) {
      await worker.write(async (tx) => {
        const claim = await readClaimContext(tx, number, { lock: true });
        if (!claim) throw new Error(`no claim ${number}`);
        await recordMove(tx, claim, { type: 'HELD', at: new Date(), actor: ACTOR, detail: { requestId: randomUUID() }, ...move }, clockwork);
      });
    },
    async end() {
      await Promise.all([admin.end(), owner.close(), worker.close(), api.close()]);
      await drop();
    },
  };
  return world;
}
