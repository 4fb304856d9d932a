import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, NativeConnection, Runtime, DefaultLogger, Worker } from '@temporalio/worker';
import pg from 'pg';
import { createBankGateway } from '#activities/bank/http-bank-gateway.ts';
import { createBureauGateway } from '#activities/bureau/http-bureau-gateway.ts';
import { fen } from '#domain/money.ts';
import { readGateways } from '#platform/gateways.ts';

/** The reference's worker, a process of its own as the product's is. */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const env = (name: string): string => process.env[name] ?? fail(name);
const gateways = await readGateways(env('GATEWAYS_FILE'));
const now = (): Date => new Date();
const [declared] = gateways.bureaus;
const [bankDeclared] = gateways.banks;
if (!declared || !bankDeclared) throw new Error('the reference needs one bureau and one bank');
const bureau = createBureauGateway(declared, gateways.institution, { now });
const bank = createBankGateway(bankDeclared, { now });
const pool = new pg.Pool({ connectionString: env('DATABASE_URL'), max: 10 });

const activities = {
  async oneTransaction({ id, step }: { id: string; step: number }): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO reference_event (id, step) VALUES ($1, $2)', [id, step]);
      await client.query('INSERT INTO reference_claim (id, step) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET step = $2', [id, step]);
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  },
  async certificate({ id }: { id: string }): Promise<void> {
    await bureau.invoiceState({ type: '1', code: '11010126', number: id, checkCode: 'a1b2c3' });
  },
  async submit({ id, messageId }: { id: string; messageId: string }): Promise<void> {
    await bureau.submit({
      ...{ messageId, claimNumber: id, version: 1, appealsDecisionNo: null, insuredRegion: declared.code, treatedRegion: '130100', medicalType: '2101' },
      diagnoses: [],
      person: { personNo: '13019900000009', name: '李晓梅', identityNo: '990100199003070009', personType: '11', insuranceType: '310' },
      hospital: { code: 'H11010100001', name: '北京示范医院' },
      ...{ visitStart: '2026-11-01', visitEnd: '2026-11-08', totalFen: fen(100_000) },
      lines: [
        { lineNo: 1, itemCode: 'XJ01DDT001', itemName: '注射用头孢曲松', itemClass: '01', quantity: '1', unitPriceFen: fen(100_000), amountFen: fen(100_000) },
      ],
      ...{ invoices: [], documents: [] },
    });
  },
  async pay({ id }: { id: string }): Promise<void> {
    const status = await bank.transfer({
      ...{ reference: `${id}-1-1`, amountFen: fen(82_000), purpose: id },
      payee: { holderName: '李晓梅', accountNo: '6229090000000001', bankName: '兴业银行石家庄分行', bankCode: '309121003012' },
    });
    if (status.kind !== 'succeeded' && status.kind !== 'in-flight') throw new Error(`the bank answered ${status.kind}`);
  },
};
export type ReferenceActivities = typeof activities;

const connection = await NativeConnection.connect({ address: env('TEMPORAL_ADDRESS') });
const worker = await Worker.create({
  connection,
  namespace: env('TEMPORAL_NAMESPACE'),
  taskQueue: 'reference',
  activities,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./reference-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  }),
  maxCachedWorkflows: 500,
  maxConcurrentLocalActivityExecutions: 50,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => worker.shutdown());
console.log('reference worker is ready');
await worker.run();
await connection.close();
await pool.end();

function fail(name: string): never {
  throw new Error(`${name} is not set`);
}
