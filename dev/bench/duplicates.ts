import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { bandsOf, gradeMatches } from '#domain/claim/duplicates.ts';
import { environmentMasterKeys } from '#platform/master-keys.ts';
import { openDatabase, type Database, type Tx } from '#prisma/database.ts';
import { holdInvoices } from '#prisma/queries/claim-intake.ts';
import { EXACT, findDuplicates, listOpenMatches, markClaim, PICTURES, recordMatches, VISITS } from '#prisma/queries/duplicates.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { migrate } from '../migrations/run.ts';
import { temporaryDataDir } from '../stack/data-dir.ts';
import { ensureLogins } from '../stack/database-logins.ts';
import { startPostgres } from '../stack/postgres.ts';
import { median, round } from './stats.ts';

export type Duplicates = {
  claims: { few: number; many: number };
  fewMs: number;
  manyMs: number;
  ratio: number;
  /** how each look-up reaches its rows among the many, and how many marks of pictures are looked at for one */
  indexes: string[];
  readsAll: boolean;
  picturesExamined: number;
  matches: number;
};

const PROBES = 40;
/** what a picture is looked for by, besides its own hash: platform/render/picture-hash.ts */
const VARIANTS = 8;
const RECENT = '2026-11-02';

/**
 * The check that intake makes of one claim, with the product's own statements as the worker's login, among few claims and among many, in turn on one server. Every
 * probe is like one claim in every way: the same invoice, file, visit and nearly the same picture. Throws where it is not found both times in the same way.
 */
export async function measureDuplicates({ few, many, report }: { few: number; many: number; report: (line: string) => void }): Promise<Duplicates> {
  const dataDir = temporaryDataDir();
  const postgres = await startPostgres({ dataDir, durable: false });
  const worlds: Group[] = [];
  try {
    for (const claims of [few, many]) {
      report(`making ${claims} claims`);
      worlds.push(await openGroup(postgres.url, claims));
    }
    const [small, large] = worlds;
    if (!small || !large) throw new Error('there are two');
    const times = { small: [] as number[], large: [] as number[] };
    let matches = 0;
    for (let turn = 0; turn < PROBES; turn += 1) {
      const pair = [await check(small, turn), await check(large, turn)] as const;
      if (pair[0].found.join() !== pair[1].found.join()) throw new Error(`found ${pair[0].found.join()} among few and ${pair[1].found.join()} among many`);
      matches += pair[1].found.length;
      // the first ones prepare their statements
      if (turn < PROBES / 4) continue;
      times.small.push(pair[0].ms);
      times.large.push(pair[1].ms);
    }
    const [fewMs, manyMs] = [median(times.small), median(times.large)];
    return { claims: { few, many }, fewMs: round(fewMs), manyMs: round(manyMs), ratio: round(manyMs / fewMs), matches, ...(await explain(large)) };
  } finally {
    await Promise.all(worlds.flatMap(({ owner, worker }) => [owner.close(), worker.close()]));
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Group = { owner: Database; worker: Database; probes: string[] };

/** A database with `claims` claims that went through intake, each with an invoice, a file, a visit and a picture, by one person in four; and the probes. */
async function openGroup(serverUrl: string, claims: number): Promise<Group> {
  const address = new URL(serverUrl);
  const admin = openDatabase({ url: serverUrl, poolSize: 1 });
  const name = `claims_${claims}`;
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.close();
  address.pathname = `/${name}`;
  await migrate(address.href);
  const suite = 'aes-256-gcm';
  const vault = { suite, masterKeys: environmentMasterKeys({ current: createSecretKey(randomBytes(32)), others: [], suite }) } as const;
  const logins = await ensureLogins(address.href, () => 'bench');
  const owner = openDatabase({ url: address.href, vault });
  const worker = openDatabase({ url: logins.worker, vault });
  const unitId = await owner.write((tx) => createRootUnit(tx, { code: 'BENCH', name: '总部', nameEn: 'Head office', region: '130100' }));
  await owner.write(async (tx) => {
    // what is made here fits together: looking that up a million times is left out
    await tx.query(`SET LOCAL session_replication_role = 'replica'`);
    for (const statement of [PEOPLE, CLAIMS, HOLDS, PEOPLE_MARKS, VISIT_MARKS, FILE_MARKS, PICTURE_MARKS])
      await tx.query(statement[0], statement[1](claims, unitId));
  });
  const probes: string[] = [];
  for (let n = 0; n < PROBES; n += 1) probes.push(await owner.write((tx) => makeProbe(tx, { n, unitId })));
  // as autovacuum does after so many rows: what is only added to is read from its index alone
  await owner.query('VACUUM (ANALYZE)');
  return { owner, worker, probes };
}

type Statement = readonly [string, (claims: number, unitId: string) => unknown[]];
const HASH = (n: string): string => `substr(encode(sha256(convert_to('picture' || ${n}, 'UTF8')), 'hex'), 1, 16)`;
const NUMBER = (n: string): string => `'YB20261101-' || lpad((${n})::text, 8, '0')`;
const PERSON = (n: string): string => `md5('person' || ((${n}) / 4))::uuid`;
const COUNT = (claims: number): unknown[] => [claims];

const PEOPLE: Statement = [
  `INSERT INTO employee (id, employee_no, unit_id, name, insured_region) SELECT ${PERSON('4 * n')}, 'B' || n, $2, '员工', '130100' FROM generate_series(0, $1::int / 4) n`,
  (claims, unitId) => [claims, unitId],
];
const CLAIMS: Statement = [
  `INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, insured_region, treated_region, bureau_code, hospital_code, hospital_name,
     visit_no, visit_start, visit_end, submitted_fen, created_by, submitted_at)
   SELECT ${NUMBER('n')}, $2, ${PERSON('n')}, 'OUTPATIENT', 'API', 'IN_REVIEW', 1, '', '130100', '130100', '130100', 'H' || n % 97, '医院',
     'V' || n, DATE '${RECENT}' - (n % 4) * 90, DATE '${RECENT}' - (n % 4) * 90, 10000 + n % 9999, '{}', now() FROM generate_series(1, $1::int) n`,
  (claims, unitId) => [claims, unitId],
];
const HOLDS: Statement = [`INSERT INTO invoice_hold (invoice_key, claim_number) SELECT 'key' || n, ${NUMBER('n')} FROM generate_series(1, $1::int) n`, COUNT];
const marks = (kind: string, mark: string, detail: string, from = ''): Statement => [
  `INSERT INTO claim_mark (kind, mark, claim_number, detail) SELECT '${kind}', ${mark}, ${NUMBER('n')}, ${detail} FROM generate_series(1, $1::int) n${from}`,
  COUNT,
];
const PEOPLE_MARKS = marks('PERSON', `${PERSON('n')}::text`, `''`);
const VISIT_MARKS = marks('VISIT', `'130100|V' || n`, `''`);
const FILE_MARKS = marks('FILE', `encode(sha256(convert_to('file' || n, 'UTF8')), 'hex')`, `'INVOICE'`);
const PICTURE_MARKS = marks('PICTURE', `band || ':' || substr(${HASH('n')}, 4 * band + 1, 4)`, HASH('n'), ' CROSS JOIN generate_series(0, 3) band');

/** A claim of another person that is like claim n + 1 in everything; of its picture two bits differ. */
async function makeProbe(tx: Tx, { n, unitId }: { n: number; unitId: string }): Promise<string> {
  const number = `YB20261118-${String(n + 1).padStart(8, '0')}`;
  const documentId = randomUUID();
  const like = n + 1;
  await tx.query(
    `INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, insured_region, treated_region, bureau_code, hospital_code, hospital_name,
       visit_no, visit_start, visit_end, submitted_fen, created_by, submitted_at)
     SELECT $1, unit_id, md5('person' || 200 + $2::int)::uuid, kind, source, 'SUBMITTED', 1, '', insured_region, treated_region, bureau_code, hospital_code, hospital_name,
       visit_no, visit_start, visit_end, submitted_fen, created_by, now() FROM claim WHERE number = ${NUMBER('$2::int')}`,
    [number, like],
  );
  await tx.query(
    `INSERT INTO claim_invoice (claim_number, type, code, invoice_no, check_code, amount_fen, issued_on, invoice_key) VALUES ($1, '1', '', '', '', 1, '${RECENT}', 'key' || $2::int)`,
    [number, like],
  );
  const { rows } = await tx.query<{ hash: string }>(`SELECT ${HASH('$1::int')} AS hash`, [like]);
  const own = (BigInt(`0x${rows[0]?.hash ?? '0'}`) ^ 5n).toString(16).padStart(16, '0');
  const hashes = [own, ...Array.from({ length: VARIANTS }, () => randomBytes(8).toString('hex'))];
  await tx.query(
    `INSERT INTO document (id, unit_id, sha256, sm3, content_index, media_type, size_bytes, file_name, storage_key, wrapped_key, uploaded_by, picture_hashes)
     VALUES ($1, $2, '', '', sha256(convert_to('file' || $3::int, 'UTF8')), 'image/jpeg', 1, '', $4, '', 'bench', $5)`,
    [documentId, unitId, like, documentId, hashes],
  );
  await tx.query(`INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, 'INVOICE')`, [number, documentId]);
  return number;
}

class Undone extends Error {}

/** What intake does of it, in a transaction that is taken back: `found` without the numbers of the claims. */
async function check({ worker, probes }: Group, turn: number): Promise<{ ms: number; found: string[] }> {
  const claimNumber = probes[turn] ?? '';
  let found: string[] = [];
  let ms = 0;
  await worker
    .write(async (tx) => {
      const started = performance.now();
      const holders = await holdInvoices(tx, claimNumber);
      await markClaim(tx, claimNumber);
      const matches = gradeMatches(await findDuplicates(tx, { claimNumber, holders }));
      await recordMatches(tx, { claimNumber, matches, at: new Date() });
      await listOpenMatches(tx, claimNumber);
      ms = performance.now() - started;
      found = matches.map(({ kind, grade, other }) => `${kind} ${grade} ${other}`).toSorted();
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  for (const kind of ['SAME_INVOICE BLOCK', 'SAME_FILE BLOCK', 'SAME_VISIT HOLD'])
    if (!found.some((line) => line.startsWith(kind))) throw new Error(`${claimNumber}: found ${found.join()}`);
  return { ms, found };
}

type PlanNode = {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
};

async function explain({ worker, probes }: Group): Promise<Pick<Duplicates, 'indexes' | 'readsAll' | 'picturesExamined'>> {
  const [claimNumber = ''] = probes;
  const nodes: PlanNode[] = [];
  let picturesExamined = 0;
  await worker
    .write(async (tx) => {
      await markClaim(tx, claimNumber);
      const { rows } = await tx.query<{ hashes: string[] }>(
        'SELECT d.picture_hashes AS hashes FROM document d JOIN claim_document cd ON cd.document_id = d.id WHERE cd.claim_number = $1',
        [claimNumber],
      );
      const sought = (rows[0]?.hashes ?? []).flatMap((hash) => bandsOf(hash).map((band) => ({ hash, band })));
      const pictures = [sought.map(({ hash }) => hash), sought.map(({ band }) => band), sought.map(() => 0)];
      for (const [text, values] of [
        [EXACT, []],
        [VISITS, []],
        [PICTURES, pictures],
      ] as const) {
        const explained = await tx.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [claimNumber, ...values]);
        const own = explained.rows.flatMap((row) => flatten(row['QUERY PLAN'][0].Plan));
        nodes.push(...own);
        if (text === PICTURES) picturesExamined = own.filter((node) => node['Relation Name'] === 'claim_mark').reduce((sum, node) => sum + examined(node), 0);
      }
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  const indexes = [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].toSorted();
  const readsAll = nodes.some((node) => node['Node Type'] === 'Seq Scan' && ['claim', 'claim_mark'].includes(node['Relation Name'] ?? ''));
  return { indexes, readsAll, picturesExamined };
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
const examined = (node: PlanNode): number => Math.round(((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0));
