import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { environmentMasterKeys } from '#platform/master-keys.ts';
import { openDatabase, type Database, type ScopedDatabase } from '#prisma/database.ts';
import { findEmployeesByIdentityNo } from '#prisma/queries/employees.ts';
import { createRootUnit } from '#prisma/queries/units.ts';
import { migrate } from '../migrations/run.ts';
import { temporaryDataDir } from '../stack/data-dir.ts';
import { ensureLogins } from '../stack/database-logins.ts';
import { startPostgres } from '../stack/postgres.ts';

/** `node`: how the plan reaches the blind index, undefined where it does not. */
export type FieldLookup = { people: number; node: string | undefined; readsAll: boolean; executionMs: number; wholeMs: number; found: number };

const SOUGHT = '110105194912310021';

/**
 * Finds one of `people` by the number of the identity document: the product's own statement, as the API's login, within the scope of the head office. Everybody but the one
 * is made by SQL with an index of random bytes, which is what a blind index looks like to the database.
 */
export async function measureFieldLookup({ people, report }: { people: number; report: (line: string) => void }): Promise<FieldLookup> {
  const dataDir = temporaryDataDir();
  const postgres = await startPostgres({ dataDir, durable: false });
  try {
    await migrate(postgres.url);
    const suite = 'aes-256-gcm';
    const vault = { suite, masterKeys: environmentMasterKeys({ current: createSecretKey(randomBytes(32)), others: [], suite }) } as const;
    const logins = await ensureLogins(postgres.url, () => 'bench');
    const owner = openDatabase({ url: logins.owner, vault });
    const api = openDatabase({ url: logins.api, vault });
    try {
      report(`making ${people} people`);
      const scope = await makePeople(owner, { people, sought: SOUGHT });
      return { people, ...(await lookUp(api.within({ units: [scope] }), SOUGHT)) };
    } finally {
      await Promise.all([owner.close(), api.close()]);
    }
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A head office with a unit for each 500 of `people`, one of whom has the number that is sought. Returns the head office. */
export async function makePeople(owner: Database, { people, sought }: { people: number; sought: string }): Promise<string> {
  const root = await owner.write((tx) => createRootUnit(tx, { code: 'BENCH', name: '总部', nameEn: 'Head office', region: '130100' }));
  const units = Math.max(1, Math.floor(people / 500));
  await owner.query(
    `INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region)
     SELECT id, 'B-' || n, 'B-' || n, 'B-' || n, $1, ARRAY[$1, id], '130100' FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, $2::int) n) made`,
    [root, units],
  );
  await owner.query(
    `INSERT INTO employee (employee_no, unit_id, name, insured_region, identity_no_index, identity_no)
     SELECT 'B' || n, u.id, '员工', '130100', sha256(convert_to('b' || n, 'UTF8')), sha256(convert_to('s' || n, 'UTF8')) FROM generate_series(1, $1::int) n
     JOIN unit u ON u.code = 'B-' || (1 + n % $2::int)`,
    [people, units],
  );
  const { rows } = await owner.query<{ id: string }>(`SELECT id FROM employee WHERE employee_no = 'B7'`);
  const id = rows[0]?.id ?? randomUUID();
  const index = await owner.vault.blindIndex('employee.identity_no', sought);
  const identityNo = await owner.vault.seal({ employeeId: id, key: 'medical', table: 'employee', column: 'identity_no', row: id }, sought);
  await owner.query('UPDATE employee SET identity_no_index = $2, identity_no = $3 WHERE id = $1', [id, index, identityNo]);
  await owner.query('ANALYZE');
  return root;
}

type PlanNode = { 'Node Type': string; 'Index Name'?: string; 'Relation Name'?: string; Plans?: PlanNode[] };

/** How PostgreSQL carries out the look-up, and how long it takes it, and how long the whole of it takes once the keys are known. */
export async function lookUp(scoped: Pick<ScopedDatabase, 'query' | 'vault'>, identityNo: string): Promise<Omit<FieldLookup, 'people'>> {
  let plan: { Plan: PlanNode; 'Execution Time': number } | undefined;
  const explained: Pick<ScopedDatabase, 'query' | 'vault'> = {
    vault: scoped.vault,
    async query(text, values) {
      const { rows } = await scoped.query<{ 'QUERY PLAN': NonNullable<typeof plan>[] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
      plan = rows[0]?.['QUERY PLAN'][0];
      return { rows: [], rowCount: 0 };
    },
  };
  for (let round = 0; round < 3; round += 1) await findEmployeesByIdentityNo(explained, { identityNo });
  if (!plan) throw new Error('there is no plan');
  await findEmployeesByIdentityNo(scoped, { identityNo });
  const started = performance.now();
  const found = await findEmployeesByIdentityNo(scoped, { identityNo });
  const wholeMs = Math.round(100 * (performance.now() - started)) / 100;
  const nodes = flatten(plan.Plan);
  return {
    node: nodes.find((node) => node['Index Name'] === 'employee_identity_no_index_idx')?.['Node Type'],
    readsAll: nodes.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'employee'),
    executionMs: plan['Execution Time'],
    wholeMs,
    found: found.length,
  };
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
