/**
 * Simulator of healthcare-security bureaus, as docs/gateways.md describes them: several in one process, each under
 * `/hsa/<admdvs>`. Usage: `node dev/simulators/bureau.ts --port 0 --data DIR --config FILE`.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { createBooks, type BureauEntry } from './bureau/books.ts';
import { bureauRoutes } from './bureau/control.ts';
import { createGateway } from './bureau/gateway.ts';
import { createOffice, resume } from './bureau/office.ts';
import { Plan } from './bureau/ruling.ts';
import { sharedRoutes } from './shared/control.ts';
import { createFaults } from './shared/faults.ts';
import { serve } from './shared/http.ts';
import { openLedger } from './shared/ledger.ts';
import { createOutbox } from './shared/outbox.ts';
import { announceReady, commandLine, secretFrom, stopOnSignal } from './shared/process.ts';
import type { Credentials } from './shared/signing.ts';

const Config = z.strictObject({
  bureaus: z
    .array(
      z.strictObject({
        code: z.string().regex(/^\d{6}$/),
        accessKey: z.string().min(1),
        secretFile: z.string(),
        callbackAccessKey: z.string().min(1),
        callbackSecretFile: z.string(),
        /** Where decisions go; can also be said later, by the control API. */
        callbackUrl: z.url().optional(),
        plan: Plan.prefault({}),
      }),
    )
    .min(1),
  firstRetryMs: z.int().positive().default(200),
  lastRetryMs: z.int().positive().default(5_000),
});

const { port, data, config } = await commandLine(Config);
const credentials = new Map<string, Credentials>();
const callbackCredentials = new Map<string, Credentials>();
for (const each of config.bureaus) {
  credentials.set(each.code, { accessKey: each.accessKey, secret: await secretFrom(each.secretFile) });
  const secret = await secretFrom(each.callbackSecretFile);
  callbackCredentials.set(each.code, { accessKey: each.callbackAccessKey, secret });
}

const books = createBooks();
const record = (entry: BureauEntry) => void ledger.append(entry);
const faults = createFaults(record);
const outbox = createOutbox({
  record,
  synced: () => ledger.synced(),
  faults,
  target({ bureau = '' }) {
    const url = books.bureaus.get(bureau)?.settings.callbackUrl;
    const signer = callbackCredentials.get(bureau);
    return url !== undefined && signer ? { url, credentials: signer } : undefined;
  },
  acknowledges(callback, answer) {
    const acknowledgement = z.object({ infcode: z.literal(0), inf_refmsgid: z.literal(callback.id) });
    try {
      return acknowledgement.safeParse(JSON.parse(answer)).success;
    } catch {
      return false;
    }
  },
  altered: ({ body }) => body.replace('"opter":"simulator"', '"opter":"another"'),
  firstRetryMs: config.firstRetryMs,
  lastRetryMs: config.lastRetryMs,
});
const ledger = await openLedger<BureauEntry>({
  path: join(data, 'bureau.jsonl'),
  apply(entry) {
    books.apply(entry);
    outbox.apply(entry);
    if (entry.kind === 'fault-set' || entry.kind === 'fault-used' || entry.kind === 'fault-cleared') faults.apply(entry);
  },
});
record({
  kind: 'started',
  settings: Object.fromEntries(config.bureaus.map(({ code, callbackUrl, plan }) => [code, { callbackUrl, plan }])),
});

const office = createOffice({ books, record });
const server = await serve({
  port,
  gateway: createGateway({ books, office, faults, credentials, record }),
  control: [
    ...sharedRoutes({
      ledger,
      faults,
      outbox,
      clock: books.clock,
      setClock: (offsetMs) => record({ kind: 'clock', offsetMs }),
    }),
    ...bureauRoutes({ books, office, record }),
  ],
  synced: () => ledger.synced(),
});
resume(books, office);
outbox.start();
stopOnSignal(async () => {
  await server.close();
  await ledger.synced();
});
announceReady({ simulator: 'bureau', url: server.url });
