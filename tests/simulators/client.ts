/** A small client of both simulators, written from docs/gateways.md alone: it shares no code with what it tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { XMLParser } from 'fast-xml-parser';

export const OUT = { key: 'employer-1', secret: 'out-secret' };
export const IN = { key: 'gateway-1', secret: 'in-secret' };

/** What the control APIs answer, as far as a test looks at it. */
export type ControlAnswer = {
  id: number;
  now: string;
  offsetMs: number;
  entries: {
    result: string;
    note: string;
    submitted?: object;
    decision: { corr_id: string; osubmit_msgid: string };
  }[];
  callbacks: { state: string; attempts: number }[];
  faults: { used: number }[];
  accounts: { balance: string; entries: { kind: string; amount: string; trnuid: string }[] }[];
  instructions: { trnuid: string; returned: { reason: string } | null }[];
};

export type Simulator = {
  url: string;
  data: string;
  control(method: string, path: string, body?: unknown): Promise<{ status: number; body: ControlAnswer }>;
  /** Ends the process the hard way and starts it again over the same data. */
  killAndRestart(change?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a simulator on its own data directory; `config` gets the secrets' files added. */
export async function startSimulator(
  kind: 'bureau' | 'bank',
  configOf: (secrets: { secretFile: string; callbackSecretFile: string }) => object,
): Promise<Simulator> {
  const data = await mkdtemp(join(tmpdir(), `daozhang-${kind}-`));
  const secrets = { secretFile: join(data, 'out'), callbackSecretFile: join(data, 'in') };
  await writeFile(secrets.secretFile, `${OUT.secret}\n`);
  await writeFile(secrets.callbackSecretFile, IN.secret);
  const config = join(data, 'config.json');
  await writeFile(config, JSON.stringify(configOf(secrets)));

  const spawned = async (): Promise<{ child: ChildProcess; url: string }> => {
    const script = new URL(`../../dev/simulators/${kind}.ts`, import.meta.url).pathname;
    const child = spawn(process.execPath, [script, '--port', '0', '--data', data, '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!child.stdout) throw new Error('no stdout');
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = JSON.parse(line) as { ready: boolean; simulator: string; url: string };
      if (ready.ready && ready.simulator === kind) return { child, url: ready.url };
    }
    throw new Error(`the ${kind} simulator ended before it was ready`);
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };

  let running = await spawned();
  return {
    get url() {
      return running.url;
    },
    data,
    async control(method, path, body) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`${running.url}/_control${path}`, { method, ...sent });
      return { status: response.status, body: (await response.json()) as ControlAnswer };
    },
    async killAndRestart(change) {
      await end(running.child, 'SIGKILL');
      await change?.();
      running = await spawned();
    },
    async stop() {
      await end(running.child, 'SIGTERM');
      await rm(data, { recursive: true });
    },
  };
}

export const sm3 = (body: string) => createHash('sm3').update(body).digest('hex');

export function headersFor(name: string, body: string, as = OUT, at = Date.now()) {
  const digest = sm3(body);
  const signed = `_api_access_key=${as.key}&_api_digest=${digest}&_api_name=${name}&_api_timestamp=${at}&_api_version=1.0`;
  return {
    'content-type': 'text/plain',
    _api_access_key: as.key,
    _api_digest: digest,
    _api_name: name,
    _api_timestamp: String(at),
    _api_version: '1.0',
    _api_signature: createHmac('sha1', as.secret).update(signed).digest('base64'),
  };
}

export type Received = { name: string; body: string; signatureRight: boolean };

/** An employer's end of the callbacks: remembers every call, acknowledges by `answer`. */
export async function startReceiver(answer: (call: Received, index: number) => { status: number; body: string }) {
  const calls: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('utf8');
      const call = { name: header(request.headers, '_api_name'), body, signatureRight: isSigned(request.headers, body) };
      calls.push(call);
      const { status, body: text } = answer(call, calls.length - 1);
      response.writeHead(status).end(text);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    calls,
    url: `http://127.0.0.1:${address.port}/callback`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const header = (headers: IncomingHttpHeaders, name: string) => String(headers[name] ?? '');

function isSigned(headers: IncomingHttpHeaders, body: string) {
  const name = header(headers, '_api_name');
  const wanted = headersFor(name, body, IN, Number(header(headers, '_api_timestamp')));
  return header(headers, '_api_signature') === wanted._api_signature && header(headers, '_api_digest') === wanted._api_digest;
}

/** Polls until `probe` gives something; the bound only ends a hopeless wait. */
export async function until<Value>(probe: () => Promise<Value | undefined | false> | Value | undefined | false) {
  for (const give = Date.now() + 60_000; Date.now() < give;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came');
}

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '$', parseTagValue: false });
export const readXml = (text: string) => parser.parse(text) as { FOX: Fox };

type Status = { CODE: string; SEVERITY: string; MESSAGE: string };
type Processing = { XFERPRCCODE: string; REASON: string; MESSAGE: string };
type Transfer = { SRVRTID: string; XFERINFO: { TRNAMT: string }; XFERPRCSTS: Processing };
type Entry = { BIZREF: string; ATTACHINFO: string; TRNAMT: string };

/** A document of the bank, as far as a test looks at it. */
export type Fox = {
  SIGNONMSGSRSV1: { SONRS: { STATUS: Status } };
  SECURITIES_MSGSRQV1: { DZXFERNTFRQ: { TRNUID: string; CLIENTREF: string; XFER: Transfer } };
  SECURITIES_MSGSRSV1: {
    XFERTRNRS: { TRNUID: string; STATUS: Status; XFERRS: { SRVRID: string; XFERINFO: { TRNAMT: string }; XFERPRCSTS: Processing } };
    XFERINQTRNRS: { XFERINQRS: { XFERLIST: { $MORE: string; XFER: Transfer } } };
    SCUSTSTMTTRNRS: {
      STATUS: Status;
      SCUSTSTMTRS?: { TRANLIST: { $MORE: string; STMTTRN?: Entry | Entry[] }; LEDGERBAL: { BALAMT: string } };
    };
  };
};
