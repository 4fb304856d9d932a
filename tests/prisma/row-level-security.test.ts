import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database, type DataScope } from '#prisma/database.ts';
import { claimBody, PDF, startTestApi, type TestApi } from '../api/support.ts';
import { testVault } from '../setup/vault.ts';

/*
 * The tables as the API's login sees them, past everything that the product's code decides. The world: head office HQ, below it SJZ (with SJZ-01 below it) and BJ; one
 * claim with a document of E1 in SJZ-01 and one of E2 in BJ.
 */
let api: TestApi;
let login: Database;
const claims: Record<'E1' | 'E2', string> = { E1: '', E2: '' };

beforeAll(async () => {
  api = await startTestApi();
  login = openDatabase({ url: api.apiUrl, vault: testVault(), group: 'daozhang_api' });
  for (const [employeeNo, unitCode] of [
    ['E1', 'SJZ-01'],
    ['E2', 'BJ'],
  ] as const) {
    const uploaded = await api.upload({ content: PDF, unitCode });
    if (uploaded.statusCode !== 201) throw new Error(uploaded.body);
    const documents = [{ documentId: uploaded.json<{ id: string }>().id, kind: 'FEE_LIST' }];
    const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, documents }) });
    if (answer.statusCode !== 201) throw new Error(answer.body);
    claims[employeeNo] = answer.json<{ number: string }>().number;
  }
});
afterAll(async () => {
  await login?.close();
  await api?.close();
});

const units = (...codes: ('HQ' | 'SJZ' | 'SJZ-01' | 'BJ')[]): DataScope => ({ units: codes.map((code) => api.unitIds[code]) });
const claimsSeen = async (scope: DataScope): Promise<string[]> => {
  const { rows } = await login.within(scope).query<{ number: string }>('SELECT number FROM claim ORDER BY number');
  return rows.map(({ number }) => number);
};

describe('every table', () => {
  const TABLES = `SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
      (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles @> ARRAY['daozhang_worker'::regrole::oid])::int AS "workerPolicies"
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '_prisma_migrations' ORDER BY 1`;

  test('is bound by row-level security, its owner included', async () => {
    const { rows } = await api.database.query<{ name: string; forced: boolean; owner: string; workerPolicies: number }>(TABLES);
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(({ forced }) => !forced).map(({ name }) => name)).toEqual([]);
    expect(rows.filter(({ owner }) => owner.startsWith('daozhang_')).map(({ name }) => name)).toEqual([]);
  });

  test('shows the API nothing outside of a scope, but for the calendar and the closure of the tree, which hold nothing of anybody', async () => {
    const { rows } = await api.database.query<{ name: string }>(TABLES);
    const seen: string[] = [];
    for (const { name } of rows) {
      const { rows: allowed } = await login.query<{ may: boolean }>(`SELECT has_table_privilege($1::regclass, 'SELECT') AS may`, [name]);
      if (!allowed[0]?.may) continue;
      const { rows: found } = await login.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${name}) AS some`);
      if (found[0]?.some) seen.push(name);
    }
    expect(seen.filter((name) => !PUBLIC_TABLES.includes(name))).toEqual([]);
  });

  test('is open to nobody who is in none of the two groups', async () => {
    const { rows } = await api.database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.role_table_grants WHERE table_schema = 'public' AND grantee = 'PUBLIC'`,
    );
    expect(rows).toEqual([]);
  });

  test('that is append-only is so for both groups', async () => {
    for (const table of ['claim_event', 'audit_entry', 'decision', 'claim', 'payment_instruction'])
      for (const role of ['daozhang_api', 'daozhang_worker'])
        for (const privilege of ['DELETE', 'TRUNCATE', ...(['claim_event', 'audit_entry'].includes(table) ? ['UPDATE'] : [])]) {
          const { rows } = await api.database.query<{ may: boolean }>('SELECT has_table_privilege($1, $2, $3) AS may', [role, table, privilege]);
          expect([table, role, privilege, rows[0]?.may]).toEqual([table, role, privilege, false]);
        }
  });
});

/** Hold nothing of anybody: the days of the calendar, which unit lies below which, keys that a master key wraps, counters of requests. */
const PUBLIC_TABLES = ['holiday', 'unit_ancestor', 'installation_key', 'rate_limit', 'policy_copy'];

describe('a scope', () => {
  test('opens the subtree of its units', async () => {
    expect(await claimsSeen(units('HQ'))).toEqual([claims.E1, claims.E2]);
    expect(await claimsSeen(units('SJZ'))).toEqual([claims.E1]);
    expect(await claimsSeen(units('BJ'))).toEqual([claims.E2]);
    expect(await claimsSeen(units('SJZ', 'BJ'))).toEqual([claims.E1, claims.E2]);
    expect(await claimsSeen({})).toEqual([]);
  });

  test('opens to a person what is her own, and no more', async () => {
    expect(await claimsSeen({ employeeId: api.employeeIds.E1 })).toEqual([claims.E1]);
    const { rows } = await login.within({ employeeId: api.employeeIds.E1 }).query<{ no: string }>('SELECT employee_no AS no FROM employee');
    expect(rows).toEqual([{ no: 'E1' }]);
  });

  test('opens everything of a claim with the claim', async () => {
    const tables = ['claim_line', 'claim_invoice', 'claim_document', 'claim_event', 'workflow_command', 'notice'];
    for (const table of tables) {
      const numbers = async (scope: DataScope) => {
        const { rows } = await login
          .within(scope)
          .query<{ number: string }>(`SELECT DISTINCT claim_number AS number FROM ${table} WHERE claim_number IS NOT NULL`);
        return rows.map(({ number }) => number);
      };
      expect([table, await numbers(units('BJ'))]).toEqual([table, [claims.E2]]);
      expect([table, await numbers({ employeeId: api.employeeIds.E1 })]).toEqual([table, [claims.E1]]);
      expect([table, await numbers({})]).toEqual([table, []]);
    }
  });

  test('ends with its transaction: the next on the same connection sees nothing', async () => {
    const one = openDatabase({ url: api.apiUrl, poolSize: 1, vault: testVault() });
    expect((await one.within(units('HQ')).query('SELECT FROM claim')).rowCount).toBe(2);
    expect((await one.query('SELECT FROM claim')).rowCount).toBe(0);
    await expect(one.within(units('HQ')).write(() => Promise.reject(new Error('rolled back')))).rejects.toThrow('rolled back');
    expect((await one.query('SELECT FROM claim')).rowCount).toBe(0);
    await one.close();
  });

  test('binds Prisma as it binds SQL, and Prisma only reads', async () => {
    const scoped = login.within(units('BJ'));
    expect((await scoped.prisma.claim.findMany({ select: { number: true } })).map(({ number }) => number)).toEqual([claims.E2]);
    expect(await scoped.prisma.claim.findUnique({ where: { number: claims.E1 } })).toBeNull();
    expect(await login.prisma.claim.count()).toBe(0);
    await expect(scoped.prisma.claim.update({ where: { number: claims.E2 }, data: { onHold: true } })).rejects.toThrow('only reads');
  });

  test('reaches no row of another branch by writing', async () => {
    const there = login.within(units('BJ'));
    expect((await there.query('UPDATE claim SET on_hold = true WHERE number = $1', [claims.E1])).rowCount).toBe(0);
    const refused = /row-level security/;
    await expect(
      there.query(`INSERT INTO claim_document (claim_number, document_id, kind) SELECT $1, document_id, kind FROM claim_document LIMIT 1`, [claims.E1]),
    ).rejects.toThrow(refused);
    await expect(there.query(`INSERT INTO workflow_command (claim_number, kind) VALUES ($1, 'START')`, [claims.E1])).rejects.toThrow(refused);
    await expect(
      there.query(`INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ('X1', $1, 'x', '110000')`, [api.unitIds.SJZ]),
    ).rejects.toThrow(refused);
    // nor by moving an own row there
    await expect(there.query('UPDATE employee SET unit_id = $1 WHERE employee_no = $2', [api.unitIds.SJZ, 'E2'])).rejects.toThrow(refused);
    await expect(
      there.query(`INSERT INTO role_assignment (employee_id, unit_id, role) VALUES ($1, $2, 'admin')`, [api.employeeIds.E2, api.unitIds.HQ]),
    ).rejects.toThrow(refused);
    await expect(there.query(`INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ('*', 'x', '{}')`)).rejects.toThrow(refused);
    const one = await there.query(`INSERT INTO payout_stop (scope, reason, stopped_by) VALUES ('BJ', 'x', '{}')`);
    expect(one.rowCount).toBe(1);
    expect((await login.within(units('SJZ')).query(`DELETE FROM payout_stop WHERE scope = 'BJ'`)).rowCount).toBe(0);
  });

  test('of a bureau opens the claims that lie with it, to be read', async () => {
    const { rows } = await api.database.query<{ code: string }>('SELECT bureau_code AS code FROM claim WHERE number = $1', [claims.E2]);
    const scope = { source: rows[0]?.code ?? '' };
    expect(await claimsSeen(scope)).toEqual([claims.E2]);
    expect((await login.within(scope).query('UPDATE claim SET on_hold = true')).rowCount).toBe(0);
    expect((await login.within(scope).query('SELECT FROM employee')).rowCount).toBe(0);
  });

  test('of a caller opens the answers that were given to it', async () => {
    const { rows } = await api.database.query<{ id: string }>('SELECT DISTINCT caller_id AS id FROM idempotency_key');
    const [caller] = rows;
    expect((await login.within({ caller: caller?.id ?? '' }).query('SELECT FROM idempotency_key')).rowCount).toBeGreaterThan(0);
    expect((await login.within({ ...units('HQ'), caller: randomUUID() }).query('SELECT FROM idempotency_key')).rowCount).toBe(0);
  });

  test('shows a unit with those above it, whose settings it inherits, and no sibling', async () => {
    const codes = async (scope: DataScope) => {
      const { rows } = await login.within(scope).query<{ code: string }>('SELECT code FROM unit ORDER BY code');
      return rows.map(({ code }) => code);
    };
    expect(await codes(units('SJZ-01'))).toEqual(['HQ', 'SJZ', 'SJZ-01']);
    expect(await codes(units('BJ'))).toEqual(['BJ', 'HQ']);
    expect(await codes({ employeeId: api.employeeIds.E1 })).toEqual(['HQ', 'SJZ', 'SJZ-01']);
  });
});

describe('somebody who is asked about a claim of another branch', () => {
  const asked = (): DataScope => ({ ...units('BJ'), employeeId: api.employeeIds.E2 });

  test('reads that claim with what belongs to it, and nothing else of the branch or of the claimant', async () => {
    expect(await claimsSeen(asked())).toEqual([claims.E2]);
    await api.database.query('INSERT INTO claim_participant (claim_number, employee_id, since) VALUES ($1, $2, now())', [claims.E1, api.employeeIds.E2]);
    expect(await claimsSeen(asked())).toEqual([claims.E1, claims.E2]);
    const scoped = login.within(asked());
    expect((await scoped.query('SELECT FROM claim_line WHERE claim_number = $1', [claims.E1])).rowCount).toBeGreaterThan(0);
    expect((await scoped.query<{ code: string }>(`SELECT code FROM unit WHERE code LIKE 'SJZ%' ORDER BY code`)).rows).toEqual([
      { code: 'SJZ' },
      { code: 'SJZ-01' },
    ]);
    expect((await scoped.query('UPDATE claim SET on_hold = true WHERE number = $1', [claims.E1])).rowCount).toBe(0);
    for (const table of ['bank_account', 'quota', 'consent'])
      expect([table, (await scoped.query(`SELECT FROM ${table} WHERE employee_id = $1`, [api.employeeIds.E1])).rowCount]).toEqual([table, 0]);
  });

  test('is read for by who stands in for her, for as long', async () => {
    const standIn = (): DataScope => ({ employeeId: api.employeeIds.E4 });
    expect(await claimsSeen(standIn())).toEqual([]);
    const { rows } = await api.database.query<{ id: string }>(
      `INSERT INTO substitution (absent_id, substitute_id, valid_from, valid_to, created_by, created_at)
       VALUES ($1, $2, now() - interval '1 hour', now() + interval '1 hour', '{}', now()) RETURNING id`,
      [api.employeeIds.E2, api.employeeIds.E4],
    );
    expect(await claimsSeen(standIn())).toEqual([claims.E1]);
    await api.database.query(`UPDATE substitution SET ended_at = now() - interval '1 second' WHERE id = $1`, [rows[0]?.id]);
    expect(await claimsSeen(standIn())).toEqual([]);
    await api.database.query('DELETE FROM claim_participant');
  });
});

test('a unit that moves takes its subtree out of one scope and into another', async () => {
  await api.database.write(async (tx) => {
    const { SJZ: from, BJ: to, 'SJZ-01': department, HQ: root } = api.unitIds;
    await tx.query('UPDATE unit SET parent_id = $2, ancestor_ids = $3 WHERE id = $1', [department, to, [root, to, department]]);
    expect(from).not.toBe(to);
  });
  expect(await claimsSeen(units('SJZ'))).toEqual([]);
  expect(await claimsSeen(units('BJ'))).toEqual([claims.E1, claims.E2]);
  await api.database.query('UPDATE unit SET parent_id = $2, ancestor_ids = $3 WHERE id = $1', [
    api.unitIds['SJZ-01'],
    api.unitIds.SJZ,
    [api.unitIds.HQ, api.unitIds.SJZ, api.unitIds['SJZ-01']],
  ]);
  expect(await claimsSeen(units('SJZ'))).toEqual([claims.E1]);
});

describe('a login', () => {
  test('that owns or bypasses is not used', async () => {
    const owner = openDatabase({ url: api.databaseUrl, group: 'daozhang_api' });
    await expect(owner.query('SELECT 1')).rejects.toThrow(/is a superuser, bypasses row-level security, owns tables, is not a member of daozhang_api alone/);
    await owner.close();
  });

  test('of the API cannot serve as the worker’s, which sees all units', async () => {
    const asWorker = openDatabase({ url: api.apiUrl, group: 'daozhang_worker' });
    await expect(asWorker.query('SELECT 1')).rejects.toThrow(/is not a member of daozhang_worker alone/);
    await asWorker.close();
  });

  test('that may become somebody else is not used either', async () => {
    const name = `dz_${randomUUID().replaceAll('-', '')}`;
    await api.database.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}' IN ROLE daozhang_api`);
    await api.database.query(`CREATE ROLE ${name}_owner`);
    await api.database.query(`GRANT ${name}_owner TO ${name}`);
    const url = new URL(api.apiUrl);
    [url.username, url.password] = [name, name];
    const login2 = openDatabase({ url: url.href, group: 'daozhang_api' });
    await expect(login2.query('SELECT 1')).rejects.toThrow(/is not a member of daozhang_api alone/);
    await api.database.query(`REVOKE ${name}_owner FROM ${name}`);
    expect((await login2.query('SELECT 1')).rowCount).toBe(1);
    await login2.close();
  });

  test('of the API cannot read keys, holds of invoices, nor protect or unprotect anything', async () => {
    const denied = /permission denied/;
    for (const table of ['api_key', 'invoice_hold', '_prisma_migrations']) await expect(login.query(`SELECT * FROM ${table}`)).rejects.toThrow(denied);
    await expect(login.query(`SELECT protect_table('claim')`)).rejects.toThrow(denied);
    await expect(login.query('ALTER TABLE claim DISABLE ROW LEVEL SECURITY')).rejects.toThrow(/must be owner/);
    await expect(login.query('SET ROLE daozhang_worker')).rejects.toThrow(denied);
    await expect(login.query('SET row_security = off; SELECT * FROM claim')).rejects.toThrow();
  });
});

describe('a function that runs as the owner', () => {
  test('names the schemas that it looks into, the temporary one last', async () => {
    const { rows } = await api.database.query<{ name: string; path: string | null }>(
      `SELECT p.oid::regprocedure::text AS name, (SELECT c FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') AS path
       FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`,
    );
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter(({ path }) => path !== 'search_path=pg_catalog, public, pg_temp')).toEqual([]);
  });

  test('does not take a table of the caller for its own: nobody becomes the owner by it', async () => {
    const { rows: grants } = await api.database.query<{ name: string }>('SELECT current_database() AS name');
    await api.database.query(`GRANT TEMPORARY ON DATABASE ${grants[0]?.name} TO daozhang_api`);
    const seen = await login.within(units('HQ')).write(async (tx) => {
      await tx.query('CREATE TEMP TABLE api_key (LIKE public.unit)');
      await tx.query('CREATE TEMP TABLE unit_ancestor (unit_id uuid, ancestor_id uuid)');
      await tx.query('INSERT INTO pg_temp.unit_ancestor VALUES ($1, $1)', [api.unitIds.BJ]);
      await tx.query(`CREATE FUNCTION pg_temp.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ran as %'', current_user; END'`);
      await tx.query('CREATE TRIGGER evil BEFORE INSERT OR DELETE ON pg_temp.unit_ancestor FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.evil()');
      await tx.query('UPDATE unit SET ancestor_ids = ancestor_ids WHERE code = $1', ['BJ']);
      const { rows } = await tx.query<{ id: string }>('SELECT id FROM find_api_key($1)', [randomUUID()]);
      return rows;
    });
    expect(seen).toEqual([]);
  });
});

test('a look-up behind a policy is an index scan', async () => {
  const plan = await login.within(units('BJ')).write(async (tx) => {
    await tx.query('SET LOCAL enable_seqscan = off');
    const { rows } = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT * FROM claim WHERE number = '${claims.E2}'`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
  expect(plan).toMatch(/Index Scan using claim_pkey on claim/);
});
