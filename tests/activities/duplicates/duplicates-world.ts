import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createActivities, type Activities } from '#activities/index.ts';
import type { ClaimKind, DocumentKind } from '#domain/claim/completeness.ts';
import { formatClaimNumber } from '#domain/claim/number.ts';
import type { Written } from '#domain/claim/view.ts';
import { fen } from '#domain/money.ts';
import { openDatabase, type Database } from '#prisma/database.ts';
import { createClaim } from '#prisma/queries/claim-submission.ts';
import { sealDocument } from '#prisma/queries/document-keys.ts';
import { insertDocument } from '#prisma/queries/documents.ts';
import { testAudit } from '../../setup/audit.ts';
import { createTestDatabase } from '../../setup/database.ts';
import { testPolicies } from '../../setup/policies.ts';
import { testVault } from '../../setup/vault.ts';
import { addAccount, insertEmployee, seed, type Seeded } from '../../workflows/seed.ts';

export const AT = new Date('2026-11-18T04:00:00.000Z');
const PAPERS: DocumentKind[] = ['INVOICE', 'FEE_LIST', 'PRESCRIPTION_OR_RECORD', 'DIAGNOSIS_CERTIFICATE', 'DISCHARGE_SUMMARY'];

/** A file: `content` stands for what is in it. */
export type Paper = { kind: DocumentKind; content?: string; pictureHashes?: readonly string[] };
export type NewClaim = {
  of: string;
  kind?: ClaimKind;
  visitNo?: string | null;
  hospital?: string;
  start?: string;
  end?: string;
  amountFen?: number;
  papers?: readonly Paper[];
  prior?: string;
};
export type World = Seeded & {
  database: Database;
  worker: Database;
  activities: Activities;
  /** somebody new, with an account that nobody else has */
  person(about?: { accountNo?: string }): Promise<string>;
  /** A complete claim, which intake has not seen yet. */
  submit(claim: NewClaim): Promise<string>;
  intake(number: string): Promise<Written>;
  /** `submit` and `intake`: the number, and where the claim is then */
  arrive(claim: NewClaim): Promise<{ number: string; state: string }>;
  decide(number: string, choice: string, comment?: string): Promise<Written>;
  /** `KIND GRADE REASON <other>` */
  matches(number: string): Promise<string[]>;
  becomes(number: string, state: string, paidFen?: number): Promise<void>;
};

let sequence = 0;

/** The intake of claims on a real database: what the activities do, without a workflow around them. */
export function useDuplicates(): World {
  const world = {} as World;
  let drop = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const test = await createTestDatabase();
    const database = openDatabase({ url: test.url, poolSize: 4, vault: testVault() });
    const worker = openDatabase({ url: test.workerUrl, poolSize: 10, vault: testVault() });
    drop = async () => {
      await Promise.all([database.close(), worker.close()]);
      await test.drop();
    };
    const holidays = { publishedYears: new Set([2026, 2027]), daysOff: new Set<string>(), extraWorkingDays: new Set<string>() };
    const activities = createActivities({
      policies: testPolicies(),
      ...{ database: worker, bureaus: new Map(), banks: new Map(), institutionCode: 'DZ1301000001' },
      clockwork: async () => ({ holidays, bank: { code: 'CIB', returnWindowSeconds: 86_400, queryAfterSeconds: 900 } }),
      audit: await testAudit(),
      documents: { remove: async () => undefined },
    });
    const seeded = await seed(database);
    Object.assign(world, { ...seeded, database, worker, activities });
  });
  afterAll(() => drop());

  const store = async ({ content = randomUUID(), pictureHashes = [] }: Paper): Promise<string> => {
    const { database, unitIds } = world;
    const id = randomUUID();
    const { key, sealedName } = await sealDocument(database.vault, { id, content: Buffer.alloc(0), fileName: 'x.jpg' });
    const contentIndex = await database.vault.blindIndex('document.content', content);
    const about = { unitId: unitIds.branch, sha256: 'a', sm3: 'b', contentIndex, mediaType: 'image/jpeg', sizeBytes: 1, pages: 1, notes: [], pictureHashes };
    await database.write((tx) => insertDocument(tx, { ...key, ...about, sealedName, storageKey: randomUUID(), uploadedBy: 'test', createdAt: AT }));
    return id;
  };

  return Object.assign(world, {
    async person({ accountNo = String(randomBytes(6).readUIntBE(0, 6)).padStart(19, '6') } = {}) {
      const id = randomUUID();
      await insertEmployee(world.database, { id, employeeNo: `P${(sequence += 1)}`, unitId: world.unitIds.branch });
      await world.database.query('DELETE FROM bank_account WHERE employee_id = $1', [id]);
      await addAccount(world.database, { employeeId: id, accountNo });
      return id;
    },
    async submit({
      of,
      kind = 'OUTPATIENT',
      visitNo = null,
      hospital = randomUUID(),
      start = '2026-11-02',
      end = start,
      amountFen,
      papers = [],
      prior,
    }: NewClaim) {
      const number = formatClaimNumber(AT, (sequence += 1));
      // no two alike unless a test says so
      const amount = fen(amountFen ?? 10_000 * sequence);
      const documents: { documentId: string; kind: DocumentKind }[] = [];
      const missing = PAPERS.filter((needed) => !papers.some((paper) => paper.kind === needed)).map((needed) => ({ kind: needed }));
      for (const paper of [...papers, ...missing]) documents.push({ documentId: await store(paper), kind: paper.kind });
      await world.database.write((tx) =>
        createClaim(tx, number, {
          ...{ unitId: world.unitIds.branch, ancestorIds: [world.unitIds.head, world.unitIds.branch], employeeId: of, kind, source: 'API', draft: false },
          ...{ insuredRegion: '130100', treatedRegion: '130100', bureauCode: '130100', hospital: { code: hospital, name: '医院' } },
          ...{
            visit: { no: visitNo, start, end },
            circumstances: [],
            diagnoses: [{ code: 'J18.900', name: '肺炎' }],
            submittedFen: amount,
            at: AT,
            documents,
            lines: [],
            invoices: [],
          },
          ...{ prior: prior === undefined ? null : { number: prior, resubmissionNo: 1 }, actor: { type: 'machine', id: 'test' } },
        }),
      );
      return number;
    },
    async intake(number: string) {
      const { view } = await world.activities.loadClaim({ claimNumber: number });
      return world.activities.runIntake({ claimNumber: number, seq: view.seq, at: AT.toISOString() });
    },
    async arrive(claim: NewClaim) {
      const number = await world.submit(claim);
      return { number, state: (await world.intake(number)).view.state };
    },
    async decide(number: string, choice: string, comment = '已核实') {
      const { view } = await world.activities.loadClaim({ claimNumber: number });
      const { hr } = world.people;
      const decision = { taskId: view.tasks[0]?.id ?? '', choice, comment, actor: { type: 'person' as const, id: hr }, employeeId: hr };
      return world.activities.recordTaskDecision({ claimNumber: number, seq: view.seq, at: AT.toISOString(), decision });
    },
    async matches(number: string) {
      const { rows } = await world.database.query<{ line: string }>(
        `SELECT concat_ws(' ', kind, grade, reason, other_claim) AS line FROM claim_match WHERE claim_number = $1 ORDER BY 1`,
        [number],
      );
      return rows.map(({ line }) => line);
    },
    async becomes(number: string, state: string, paidFen = 0) {
      await world.database.query('UPDATE claim SET state = $2, paid_fen = $3 WHERE number = $1', [number, state, paidFen]);
    },
  });
}
