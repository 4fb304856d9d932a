import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ApiClient } from '../client.ts';
import type { Product } from '../stack/product.ts';

/** What must not be there, each as a query for the rows that break it: whatever was sent, everything is stored whole or not at all. */
const RULES: readonly { name: string; query: string }[] = [
  {
    name: 'a claim without its first event',
    query: `SELECT number FROM claim c WHERE NOT EXISTS (SELECT FROM claim_event e WHERE e.claim_number = c.number AND e.seq = 1)`,
  },
  {
    name: 'a claim whose number of events is not its sequence',
    query: `SELECT number, seq FROM claim c WHERE seq <> (SELECT count(*) FROM claim_event e WHERE e.claim_number = c.number)
      OR seq <> (SELECT max(e.seq) FROM claim_event e WHERE e.claim_number = c.number)`,
  },
  {
    name: 'a claim in another state than its last event says',
    query: `SELECT number FROM claim c JOIN claim_event e ON e.claim_number = c.number AND e.seq = c.seq WHERE e.to_state <> c.state`,
  },
  {
    name: 'a claim whose lines do not add up to what was submitted',
    query: `SELECT number FROM claim c WHERE submitted_fen IS DISTINCT FROM (SELECT sum(amount_fen) FROM claim_line l WHERE l.claim_number = c.number)`,
  },
  {
    name: 'a claim whose invoices do not add up to what was submitted',
    query: `SELECT number FROM claim c WHERE submitted_fen IS DISTINCT FROM (SELECT sum(amount_fen) FROM claim_invoice i WHERE i.claim_number = c.number)`,
  },
  {
    name: 'a claim that was submitted, and no single command to start its workflow',
    query: `SELECT number FROM claim c WHERE submitted_at IS NOT NULL AND 1 <> (SELECT count(*) FROM workflow_command w WHERE w.claim_number = c.number AND w.kind = 'START')`,
  },
  {
    name: 'a draft with a command for its workflow',
    query: `SELECT number FROM claim c WHERE state = 'DRAFT' AND EXISTS (SELECT FROM workflow_command w WHERE w.claim_number = c.number)`,
  },
  {
    name: 'an event without its audit row',
    query: `SELECT claim_number, seq FROM claim_event e WHERE NOT EXISTS (SELECT FROM audit_entry a WHERE a.claim_number = e.claim_number AND a.seq = e.seq)`,
  },
  {
    name: 'an answer kept for a claim that is not there',
    query: `SELECT key FROM idempotency_key k WHERE route = 'POST /v1/claims' AND NOT EXISTS (SELECT FROM claim c WHERE '/v1/claims/' || c.number = k.headers->>'location')`,
  },
  {
    name: 'a claim that no kept answer tells of',
    query: `SELECT number FROM claim c WHERE source = 'API' AND NOT EXISTS (SELECT FROM idempotency_key k WHERE k.status = 201 AND k.headers->>'location' = '/v1/claims/' || c.number)`,
  },
  { name: 'a refusal kept as an answer', query: `SELECT route, key, status FROM idempotency_key WHERE status NOT BETWEEN 200 AND 299` },
  {
    name: 'an employee with two accounts in use',
    query: `SELECT employee_id FROM bank_account WHERE replaced_at IS NULL GROUP BY employee_id HAVING count(*) > 1`,
  },
  {
    name: 'a quota that holds something else than its reservations',
    query: `SELECT employee_id, year FROM quota q
      WHERE reserved_fen <> (SELECT coalesce(sum(amount_fen), 0) FROM quota_reservation r WHERE r.employee_id = q.employee_id AND r.year = q.year AND r.status = 'RESERVED')`,
  },
  {
    name: 'a unit that is not below its parent',
    query: `SELECT u.code FROM unit u JOIN unit p ON p.id = u.parent_id WHERE u.ancestor_ids <> p.ancestor_ids || u.id`,
  },
  {
    name: 'a claim with more paid than was submitted',
    query: `SELECT number FROM claim c WHERE submitted_fen < (SELECT coalesce(sum(amount_fen), 0) FROM payment_instruction p WHERE p.claim_number = c.number AND p.status = 'SUCCEEDED')`,
  },
  {
    name: 'an open task of a claim that has ended',
    query: `SELECT t.id FROM task t JOIN claim c ON c.number = t.claim_number WHERE t.status = 'OPEN' AND c.closed_at IS NOT NULL AND t.kind <> 'CLAWBACK'`,
  },
];

/** What a run left behind that should not be there, a line for each; nothing where all is well. */
export async function findDamage(where: { api: ApiClient; databaseUrl: string; dataDir: string; product: Product }): Promise<string[]> {
  const { api, databaseUrl, dataDir, product } = where;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return [
      ...(await brokenRules(client)),
      ...(await unreadableTexts(client)),
      ...(await lostFiles(client, dataDir)),
      ...(await brokenProcesses({ api, product, dataDir })),
    ];
  } finally {
    await client.end();
  }
}

export async function brokenRules(client: Pick<pg.Client, 'query'>): Promise<string[]> {
  const broken = [];
  for (const { name, query } of RULES) {
    const { rows } = await client.query(query);
    if (rows.length > 0) broken.push(`${name}: ${rows.length}, such as ${JSON.stringify(rows[0])}`);
  }
  return broken;
}

/** Control characters in any text of any table: what a person or a bank's file would stumble over. */
async function unreadableTexts(client: pg.Client): Promise<string[]> {
  const { rows: columns } = await client.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'text' AND table_name NOT LIKE '\\_prisma%'`,
  );
  const found = [];
  for (const { table, column } of columns) {
    const { rows } = await client.query<{ count: number }>(
      String.raw`SELECT count(*)::int AS count FROM "${table}" WHERE "${column}" ~ E'[\\x01-\\x09\\x0b-\\x1f\\x7f]'`,
    );
    if (rows[0]?.count) found.push(`control characters in ${table}.${column}: ${rows[0].count} rows`);
  }
  return found;
}

async function lostFiles(client: pg.Client, dataDir: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string; storage_key: string; size_bytes: string }>('SELECT id, storage_key, size_bytes FROM document');
  const lost = rows.filter(({ storage_key, size_bytes }) => {
    const [unit = '', hash = ''] = storage_key.split('/');
    const path = join(dataDir, 'documents', unit, hash.slice(0, 2), hash);
    // sealed, it is somewhat longer
    return !existsSync(path) || statSync(path).size <= Number(size_bytes);
  });
  return lost.length === 0 ? [] : [`a document without its content: ${lost.length}, such as ${lost[0]?.id}`];
}

/** Both processes must still be the ones that were started, answer, and have met nothing unexpected. */
async function brokenProcesses({ api, product, dataDir }: { api: ApiClient; product: Product; dataDir: string }): Promise<string[]> {
  const found = [];
  for (const { name, exited } of [product.processes.api, product.processes.worker]) {
    const ended = await Promise.race([exited, Promise.resolve(undefined)]);
    if (ended) found.push(`the ${name} process ended with ${ended.signal ?? ended.code}`);
  }
  const { database, temporal } = await api.get<{ database: string; temporal: string }>('/readyz');
  if (database !== 'up' || temporal !== 'up') found.push(`not ready any more: database ${database}, Temporal ${temporal}`);
  for (const name of ['api', 'worker']) {
    const lines = readFileSync(join(dataDir, 'logs', `${name}.log`), 'utf8').split('\n');
    const errors = lines.filter((line) => /"level":(50|60)\b|"msg":"Workflow failed"/.test(line));
    if (errors.length > 0) found.push(`errors in the log of the ${name}: ${errors.length}, such as ${errors[0]?.slice(0, 1_500)}`);
  }
  return found;
}
