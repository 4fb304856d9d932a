/**
 * Simulator of a bank's direct link, as docs/gateways.md describes it: any path but `/_control/…` takes a signed `FOX`
 * document. Usage: `node dev/simulators/bank.ts --port 0 --data DIR --config FILE`.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { type BankEntry, createBooks } from './bank/books.ts';
import { bankRoutes, Plan, Yuan } from './bank/control.ts';
import { createCounter } from './bank/counter.ts';
import { createGateway } from './bank/gateway.ts';
import { find, parseXml, textOf, XmlError } from './bank/xml.ts';
import { businessNow } from './shared/clock.ts';
import { sharedRoutes } from './shared/control.ts';
import { createFaults } from './shared/faults.ts';
import { serve } from './shared/http.ts';
import { openLedger } from './shared/ledger.ts';
import { fenOf } from './shared/money.ts';
import { createOutbox } from './shared/outbox.ts';
import { announceReady, commandLine, secretFrom, stopOnSignal } from './shared/process.ts';

const Config = z.strictObject({
  customerId: z.string().min(1),
  userId: z.string().min(1),
  accessKey: z.string().min(1),
  secretFile: z.string(),
  callbackAccessKey: z.string().min(1),
  callbackSecretFile: z.string(),
  /** Where notices go; can also be said later, by the control API. */
  callbackUrl: z.url().optional(),
  accounts: z.array(z.strictObject({ acctid: z.string().min(1), name: z.string().min(1), balance: Yuan })).min(1),
  plan: Plan.prefault({}),
  firstRetryMs: z.int().positive().default(200),
  lastRetryMs: z.int().positive().default(5_000),
});

const { port, data, config } = await commandLine(Config);
const { customerId, userId } = config;
const credentials = { accessKey: config.accessKey, secret: await secretFrom(config.secretFile) };
const signer = { accessKey: config.callbackAccessKey, secret: await secretFrom(config.callbackSecretFile) };

const books = createBooks();
const record = (entry: BankEntry) => void ledger.append(entry);
const faults = createFaults(record);
const outbox = createOutbox({
  record,
  synced: () => ledger.synced(),
  faults,
  target() {
    const url = books.settings.callbackUrl;
    return url === undefined ? undefined : { url, credentials: signer };
  },
  acknowledges(callback, answer) {
    try {
      const notice = find(parseXml(answer), 'SECURITIES_MSGSRSV1', 'DZXFERNTFRS');
      return textOf(notice, 'TRNUID') === callback.id && textOf(notice, 'STATUS', 'CODE') === '0';
    } catch (error) {
      if (error instanceof XmlError) return false;
      throw error;
    }
  },
  altered: ({ body }) => body.replace('<USERID>bank</USERID>', '<USERID>another</USERID>'),
  firstRetryMs: config.firstRetryMs,
  lastRetryMs: config.lastRetryMs,
});
const ledger = await openLedger<BankEntry>({
  path: join(data, 'bank.jsonl'),
  apply(entry) {
    books.apply(entry);
    outbox.apply(entry);
    if (entry.kind === 'fault-set' || entry.kind === 'fault-used' || entry.kind === 'fault-cleared') faults.apply(entry);
  },
});
record({ kind: 'started', settings: { callbackUrl: config.callbackUrl, plan: config.plan } });
for (const { acctid, name, balance } of config.accounts)
  if (!books.accounts.has(acctid)) record({ kind: 'deposited', acctid, name, fen: fenOf(balance) ?? 0, businessMs: businessNow(books.clock) });

const counter = createCounter({ books, faults, record, customerId });
const server = await serve({
  port,
  gateway: createGateway({ books, counter, faults, credentials, customer: { customerId, userId }, record }),
  control: [
    ...sharedRoutes({
      ledger,
      faults,
      outbox,
      clock: books.clock,
      setClock: (offsetMs) => record({ kind: 'clock', offsetMs }),
    }),
    ...bankRoutes({ books, counter, record }),
  ],
  synced: () => ledger.synced(),
});
for (const instruction of books.instructions.values()) counter.schedule(instruction);
outbox.start();
stopOnSignal(async () => {
  await server.close();
  await ledger.synced();
});
announceReady({ simulator: 'bank', url: server.url });
