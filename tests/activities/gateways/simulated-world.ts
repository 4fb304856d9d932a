import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBankGateway } from '#activities/bank/http-bank-gateway.ts';
import { createBureauGateway } from '#activities/bureau/http-bureau-gateway.ts';
import type { BureauGateway } from '#domain/bureau/gateway.ts';
import type { BankGateway } from '#domain/payout/gateway.ts';
import { acknowledgeBankCallback, parseBankCallback, type BankCallback } from '#platform/bank-codec.ts';
import { parseBureauCallback, type BureauCallback } from '#platform/bureau-codec.ts';
import { acknowledgeBureauCallback } from '#platform/bureau-envelope.ts';
import type { Acknowledgement } from '#platform/gateway-fields.ts';
import { verifyHeaders } from '#platform/gateway-signature.ts';
import { readGateways, type Gateways } from '#platform/gateways.ts';

export const BUREAU = '130100';
const PAYER = { acctid: '117010100100000177', name: '到账示范集团' };
const CUSTOMER = { customerId: '1100343164', userId: 'daozhang' };

type Control = (method: string, path: string, body?: object) => Promise<unknown>;
type Heard = { fromBureau: BureauCallback[]; fromBank: BankCallback[]; refusedCallbacks: string[] };
export type World = Heard & {
  bureau: BureauGateway;
  bank: BankGateway;
  bureauControl: Control;
  bankControl: Control;
  stop: () => Promise<void>;
};

/** Both simulators as processes, adapters for them out of a GATEWAYS_FILE, and a listener for their callbacks. */
export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-simulators-'));
  for (const name of ['bureau-out', 'bureau-in', 'bank-out', 'bank-in']) await writeFile(join(folder, name), `the secret of ${name}, long enough\n`);
  const keys = (side: string) => ({
    accessKey: `${side}-out`,
    secretFile: join(folder, `${side}-out`),
    callbackAccessKey: `${side}-in`,
    callbackSecretFile: join(folder, `${side}-in`),
  });
  const bureauProcess = await simulator(folder, 'bureau', { bureaus: [{ code: BUREAU, ...keys('bureau'), plan: { delayMs: 50 } }] });
  const bankProcess = await simulator(folder, 'bank', {
    ...CUSTOMER,
    ...keys('bank'),
    accounts: [{ ...PAYER, balance: '100000.00' }],
    plan: { delayMs: 50, pageSize: 2 },
  });

  const bureauDeclaration = {
    ...keys('bureau'),
    code: BUREAU,
    name: { zh: '石家庄', en: 'Shijiazhuang' },
    url: `${bureauProcess.url}/hsa/${BUREAU}`,
    capabilities: { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
    ratePerSecond: 20,
    pollEverySeconds: 60,
  };
  const bankDeclaration = {
    ...keys('bank'),
    ...CUSTOMER,
    code: 'CIB',
    name: { zh: '兴业银行', en: 'Industrial Bank' },
    url: `${bankProcess.url}/link`,
    payerAccount: PAYER.acctid,
    payerName: PAYER.name,
    returnWindowSeconds: 86_400,
    queryAfterSeconds: 900,
    ratePerSecond: 20,
    timeoutSeconds: 2,
  };
  const file = join(folder, 'gateways.json');
  const institution = { institutionCode: 'DZ1301000001', institutionName: PAYER.name };
  await writeFile(file, JSON.stringify({ ...institution, bureaus: [bureauDeclaration], banks: [bankDeclaration] }));
  const gateways = await readGateways(file);
  const [bureau] = gateways.bureaus;
  const [bank] = gateways.banks;
  if (!bureau || !bank) throw new Error('nothing declared');

  const heard: Heard = { fromBureau: [], fromBank: [], refusedCallbacks: [] };
  const listener = await listen(gateways, heard);
  const bureauControl = controlOf(bureauProcess.url);
  const bankControl = controlOf(bankProcess.url);
  await bureauControl('PUT', `/bureaus/${BUREAU}`, { callbackUrl: `${listener.url}/bureau` });
  await bankControl('PUT', '/settings', { callbackUrl: `${listener.url}/bank` });

  const now = () => new Date();
  return {
    ...heard,
    bureau: createBureauGateway(bureau, gateways.institution, { now }),
    bank: createBankGateway(bank, { now }),
    bureauControl,
    bankControl,
    async stop() {
      for (const { child } of [bureauProcess, bankProcess]) {
        if (child.exitCode !== null) continue;
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      listener.server.close();
      listener.server.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function simulator(folder: string, name: 'bureau' | 'bank', config: object): Promise<{ child: ChildProcess; url: string }> {
  const configFile = join(folder, `${name}.json`);
  await writeFile(configFile, JSON.stringify(config));
  const script = join(import.meta.dirname, `../../../dev/simulators/${name}.ts`);
  const child = spawn(process.execPath, [script, '--port', '0', '--data', join(folder, name), '--config', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A run that breaks off leaves no simulator behind.
  process.once('exit', () => child.kill());
  for await (const line of createInterface({ input: child.stdout })) return { child, url: (JSON.parse(line) as { url: string }).url };
  throw new Error(`the ${name} simulator did not start`);
}

const controlOf =
  (base: string): Control =>
  async (method, path, body = {}) => {
    const response = await fetch(`${base}/_control${path}`, { method, ...(method !== 'GET' && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };

/** What the callback routes of the API do, without the inbox: verify, read, acknowledge. */
async function listen(gateways: Gateways, heard: Heard): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const [declared] = request.url === '/bank' ? gateways.banks : gateways.bureaus;
      const secretFor = (key: string) => (key === declared?.callbackAccessKey ? declared.callbackSecret : undefined);
      const check = verifyHeaders(raw, request.headers, { secretFor, now: new Date() });
      if (!check.ok) {
        heard.refusedCallbacks.push(check.reason);
        response.writeHead(401).end();
      } else if (request.url === '/bank') {
        const parsed = parseBankCallback(raw);
        if (parsed.ok) heard.fromBank.push(parsed.message);
        answer(response, heard, parsed, acknowledgeBankCallback);
      } else {
        const parsed = parseBureauCallback(raw);
        if (parsed.ok) heard.fromBureau.push(parsed.message);
        answer(response, heard, parsed, acknowledgeBureauCallback);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

function answer(
  response: ServerResponse,
  heard: Heard,
  parsed: { ok: true; message: { messageId: string } } | { ok: false; messageId: string | null; why: string },
  acknowledge: (input: { messageId: string | null; at: Date; refusal?: string }) => Acknowledgement,
): void {
  if (!parsed.ok) heard.refusedCallbacks.push(parsed.why);
  const at = new Date();
  const { mediaType, body } = acknowledge(parsed.ok ? { messageId: parsed.message.messageId, at } : { messageId: parsed.messageId, at, refusal: parsed.why });
  response.writeHead(parsed.ok ? 200 : 400, { 'content-type': mediaType }).end(body);
}
