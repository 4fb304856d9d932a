import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { inject } from 'vitest';
import { billOf } from '#dev/bills/bill.ts';
import { structuredXml } from '#dev/bills/xml.ts';
import { createApiClient, type ApiClient } from '#dev/client.ts';
import { samplePdf } from '#dev/sample-pdf.ts';
import { bootstrap, freshInvoiceNo, PEOPLE, seedDirectory, giveConsents } from '#dev/seed.ts';
import { temporaryDataDir } from '#dev/stack/data-dir.ts';
import { freePort } from '#dev/stack/ports.ts';
import { startPostgres } from '#dev/stack/postgres.ts';
import { BRISK_WORLD, startProduct, type Product, type World } from '#dev/stack/product.ts';
import { startInfrastructure } from '#dev/stack/stack.ts';
import { findTemporalServer } from '#dev/stack/temporal-binary.ts';
import { claimSearchAttributes } from '#dev/stack/temporal-namespace.ts';
import { startTemporalServer } from '#dev/stack/temporal-server.ts';

export const BUREAU = '130100';
export const REAL = {
  hr: PEOPLE.hr.employeeNo,
  manager: PEOPLE.manager.employeeNo,
  headManager: PEOPLE.headManager.employeeNo,
  finance: PEOPLE.finance.employeeNo,
};

export type Employee = { employeeNo: string; name: string; account: string };
export type ClaimRow = {
  state: string;
  closed: boolean;
  cleared: boolean;
  onHold: boolean;
  payoutBlocked: string | null;
  paymentStatus: string | null;
  openTasks: number;
};

/** The whole product as processes of its own, which a test may kill one by one, with everything that a test wants to ask it. */
export type E2eWorld = {
  product: Product;
  api: ApiClient;
  token: string;
  mails: () => number;
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  bank: Control;
  bureau: Control;
  postgres: Killable;
  temporal: Killable & { loseStore(): void };
  /** A new person with an account, and roles on a unit. */
  employee(about?: { unitCode?: string; roles?: { unitCode: string; role: string }[] }): Promise<Employee>;
  /** A complete claim over (900 + 100 n) yuan of class 甲, of which the bureau pays 82 n yuan: 82 % above the deductible of 900. */
  submit(claim: NewClaim): Promise<string>;
  claim(number: string): Promise<ClaimRow>;
  /** Waits until the claim is as asked. */
  until(number: string, wanted: string | ((claim: ClaimRow) => boolean)): Promise<ClaimRow>;
  /** `as`: one that this employee may decide */
  openTask(number: string, kind: string, as?: string): Promise<{ id: string; version: number }>;
  decide(task: { id: string; version: number }, choice: string, by: { as: string; key?: string; comment?: string }): Promise<unknown>;
  /** Runs `npm run claims:recover` beside everything else. */
  recover(...args: string[]): Promise<{ code: number | null; output: string }>;
  stop(): Promise<void>;
};
export type Killable = { kill(): Promise<void>; start(): Promise<void> };
export type Control = {
  get<T>(path: string): Promise<T>;
  send(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<void>;
  fault(fault: Record<string, unknown>): Promise<void>;
};
export type NewClaim = { n: number; by: Employee; invoiceNo?: string; key?: string; without?: string; through?: ApiClient };

const BOUND_MS = 150_000;

/** Asks until there is an answer; an exception is "not yet", since everything may be dead. The bound is for a test that hangs. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + BOUND_MS; Date.now() < end; await delay(50)) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`still not: ${what}`, { cause: last });
}

export async function startWorld(world: Partial<World> = {}): Promise<E2eWorld> {
  // As in production: bundled once, not by every worker that is started. It reaches the workers through their environment.
  process.env['WORKFLOW_BUNDLE'] = inject('workflowBundle');
  const dataDir = temporaryDataDir();
  const ports = { postgres: await freePort(), temporal: await freePort(), temporalUi: await freePort(), smtp: await freePort(), mail: await freePort() };
  const infrastructure = await startInfrastructure({ dataDir, ports });
  const { databaseUrl } = infrastructure;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, connectionTimeoutMillis: 2_000 });
  pool.on('error', () => undefined);
  const stop = async () => {
    await pool.end();
    await infrastructure.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const token = await bootstrap({ databaseUrl, dataDir });
    const product = await startProduct({
      ...{ dataDir, databaseUrl, temporal: infrastructure.temporal, smtpUrl: infrastructure.mail.smtpUrl },
      ...{ world: { ...BRISK_WORLD, ...world } },
    });
    const api = createApiClient({ url: product.apiUrl, token });
    await seedDirectory(api);
    const stored = new Map<string, Promise<string>>();
    /** Stored once, however many ask at the same time: a request that is repeated names the same documents. */
    const storeOnce = (key: string, file: { name: string; content: Uint8Array }): Promise<string> => {
      const upload = stored.get(key) ?? api.upload(file).then(({ id }) => id);
      stored.set(key, upload);
      // what failed is tried again by who asks next
      upload.catch(() => stored.delete(key));
      return upload;
    };
    /** Of each invoice the e-bill that says what the claim says, which is read at once; the other papers are the person's: the same file as an invoice would be a duplicate. */
    const documentsOf = async ({ employeeNo, name: payer }: Employee, claim: Parameters<typeof billOf>[0]) => {
      const bill = Buffer.from(structuredXml(billOf(claim, { title: '河北省医疗门诊收费票据(电子)', inWords: '', payer })));
      const documents = [{ documentId: await storeOnce(claim.invoices[0].number, { name: 'invoice.xml', content: bill }), kind: 'INVOICE' }];
      for (const kind of ['FEE_LIST', 'PRESCRIPTION_OR_RECORD']) {
        const text = `${kind} ${employeeNo}`;
        documents.push({ documentId: await storeOnce(text, { name: `${kind.toLowerCase()}.pdf`, content: samplePdf(text) }), kind });
      }
      return documents;
    };
    let { postgres, temporalServer } = infrastructure;
    let people = 0;
    const sql = async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> => (await pool.query<Row>(text, values)).rows;
    const claim = async (number: string): Promise<ClaimRow> => {
      const [row] = await sql<ClaimRow>(
        `SELECT state, closed_at IS NOT NULL AS closed, cleared_at IS NOT NULL AS cleared, on_hold AS "onHold", payout_blocked AS "payoutBlocked",
           (SELECT p.status FROM payment_instruction p WHERE p.claim_number = c.number ORDER BY p.created_at DESC LIMIT 1) AS "paymentStatus",
           (SELECT count(*)::int FROM task t WHERE t.claim_number = c.number AND t.status = 'OPEN') AS "openTasks"
         FROM claim c WHERE number = $1`,
        [number],
      );
      if (!row) throw new Error(`no claim ${number}`);
      return row;
    };
    return {
      ...{ product, api, token, sql, claim, stop },
      mails: () => infrastructure.mail.mails().length,
      bank: controlOf(product.bankUrl),
      bureau: controlOf(product.bureauUrl),
      postgres: {
        kill: () => postgres.kill(),
        async start() {
          postgres = await startPostgres({ dataDir, port: ports.postgres });
        },
      },
      temporal: {
        kill: async () => temporalServer?.kill(),
        async start() {
          const source = await findTemporalServer({});
          if (source.kind === 'running') throw new Error('a server that is not ours');
          const { namespace } = infrastructure.temporal;
          temporalServer = await startTemporalServer({
            binary: source.path,
            dataDir,
            port: ports.temporal,
            uiPort: ports.temporalUi,
            namespace,
            searchAttributes: claimSearchAttributes,
          });
        },
        loseStore() {
          for (const file of ['temporal.db', 'temporal.db-wal', 'temporal.db-shm']) rmSync(join(dataDir, file), { force: true });
        },
      },
      async employee({ unitCode = 'SJZ-RD', roles = [] } = {}) {
        people += 1;
        const no = String(people).padStart(4, '0');
        const person = { employeeNo: `T${no}`, name: `测试${no}`, account: `62290999${no}` };
        const { employeeNo, name } = person;
        const email = `${employeeNo.toLowerCase()}@daozhang.example`;
        await api.post('/v1/employees', {
          ...{ employeeNo, name, unitCode, email, phone: null, locale: 'zh-CN', insuredRegion: BUREAU },
          ...{ personNo: `13019900001${no}`, identityNo: `99010019900308${no}` },
        });
        await addAccount(api, person);
        await giveConsents(api, employeeNo);
        await api.put(`/v1/employees/${employeeNo}/quotas/${new Date().getFullYear()}`, { limit: '1000000.00' });
        for (const role of roles) await api.post(`/v1/employees/${employeeNo}/roles`, role);
        return person;
      },
      async submit({ n, by, invoiceNo = freshInvoiceNo(), key = randomUUID(), without, through = api }) {
        const amount = `${900 + 100 * n}.00`;
        const visit = new Date(Date.now() - 5 * 86_400_000).toISOString().slice(0, 10);
        const billed = {
          hospital: { code: 'H13010200001', name: '石家庄示范医院' },
          lines: [{ itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPrice: amount, amount }],
          invoices: [{ type: '1', code: '13010126', number: invoiceNo, checkCode: 'a1b2c3', amount, issuedOn: visit }],
        } as const;
        const documents = await documentsOf(by, billed);
        const { number } = await through.post<{ number: string }>(
          '/v1/claims',
          {
            ...{ ...billed, employeeNo: by.employeeNo, kind: 'OUTPATIENT', treatedRegion: BUREAU, visit: { start: visit, end: visit } },
            documents: documents.filter(({ kind }) => kind !== without),
          },
          { as: by.employeeNo, key },
        );
        return number;
      },
      until(number, wanted) {
        const fits = typeof wanted === 'string' ? ({ state }: ClaimRow) => state === wanted : wanted;
        let last: ClaimRow | undefined;
        return eventually(`${number} as in ${String(wanted)}`, async () => {
          last = await claim(number);
          return fits(last) ? last : undefined;
        }).catch((error: unknown) => {
          throw new Error(`${(error as Error).message}, but ${JSON.stringify(last)}`, { cause: error });
        });
      },
      openTask: (number, kind, as) =>
        eventually(`task ${kind} of ${number}`, async () => {
          const mine = as === undefined ? '' : '&mine=true';
          const { items } = await api.get<{ items: { id: string; version: number }[] }>(`/v1/tasks?claimNumber=${number}&kind=${kind}${mine}`, {
            ...(as !== undefined && { as }),
          });
          return items[0];
        }),
      decide: ({ id, version }, choice, { as, key = randomUUID(), comment = '已核实' }) =>
        api.post(`/v1/tasks/${id}/decision`, { choice, comment }, { as, key, ifMatch: `"${version}"` }),
      async recover(...args) {
        const entry = fileURLToPath(new URL('../../activities/recover.ts', import.meta.url));
        const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...product.env }, stdio: ['ignore', 'pipe', 'pipe'] });
        const chunks: Buffer[] = [];
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        const [code] = (await once(child, 'close')) as [number | null];
        return { code, output: Buffer.concat(chunks).toString('utf8') };
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A new account in the same name, which replaces the one before. */
export async function addAccount(api: ApiClient, { employeeNo, name, account }: Employee): Promise<void> {
  await api.post(`/v1/employees/${employeeNo}/accounts`, { holderName: name, accountNo: account, bankName: '兴业银行石家庄分行', bankCode: '309121003012' });
}

function controlOf(url: string): Control {
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${url}/_control${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
  const send: Control['send'] = async (method, path, body) => void (await call(method, path, body));
  return { get: async <T>(path: string) => (await call('GET', path)) as T, send, fault: (fault) => send('POST', '/faults', fault) };
}
