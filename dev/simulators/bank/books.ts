import type { Clock } from '../shared/clock.ts';
import type { FaultEntry } from '../shared/faults.ts';
import type { Callback, OutboxEntry } from '../shared/outbox.ts';

export type Plan = {
  /** From the order to its final state; 0 settles within the answer. */
  delayMs: number;
  callbacks: boolean;
  pageSize: number;
};
export type BankSettings = { callbackUrl?: string | undefined; plan: Plan };

export type Order = {
  payerAccount: string;
  payerName: string;
  payeeAccount: string;
  payeeName: string;
  interbank: string;
  local: string;
  bankDesc: string;
  bankNum: string;
  city: string;
  fen: number;
  purpose: string;
  memo: string;
};
export type FinalCode = 'PAYOUT' | 'FAIL' | 'CANCEL' | 'EXPIRED';
export type Final = { code: FinalCode; reason: string; message: string; businessMs: number };
export type Instruction = {
  trnuid: string;
  srvrid: string;
  order: Order;
  orderedMs: number;
  orderedBusinessMs: number;
  /** What is taken from the account, and what answers say; both are the order's amount unless a fault says otherwise. */
  bookedFen: number;
  reportedFen: number;
  /** Set by fault switches: stays in flight as this code, fails with this reason, comes back. */
  held?: string;
  failsWith?: string;
  comesBack?: { afterMs: number; reason: string };
  final?: Final;
  returned?: { reason: string; businessMs: number };
};

export type AccountEntry = {
  no: string;
  kind: 'deposit' | 'transfer' | 'return';
  /** Fen, negative for what left the account. */
  fen: number;
  balanceFen: number;
  businessMs: number;
  trnuid?: string;
  reason?: string;
};
export type Account = { acctid: string; name: string; balanceFen: number; entries: AccountEntry[] };
export type Payee = { account: string; state: 'open' | 'closed' | 'frozen' | 'missing' | 'no-card'; name?: string | undefined };

/** One line of the ledger. A line with a `callback` queues that callback in the same write. */
export type BankEntry =
  | { kind: 'started'; settings: BankSettings }
  | { kind: 'configured'; settings: BankSettings }
  | { kind: 'clock'; offsetMs: number }
  | { kind: 'payee'; payee: Payee }
  | { kind: 'deposited'; acctid: string; name: string; fen: number; businessMs: number }
  | { kind: 'refused'; why: string }
  | { kind: 'transaction'; name: string; trnuid: string; status: string; repeated?: true; about?: object }
  | { kind: 'ordered'; instruction: Instruction }
  | { kind: 'settled'; trnuid: string; final: Final; callback?: Callback | undefined }
  | { kind: 'returned'; trnuid: string; reason: string; businessMs: number }
  | OutboxEntry
  | FaultEntry;

export type Books = {
  settings: BankSettings;
  clock: Clock;
  accounts: Map<string, Account>;
  instructions: Map<string, Instruction>;
  payees: Map<string, Payee>;
  /** Entries of all accounts, and notices: they number the next ones. */
  entries: number;
  notices: number;
  apply(entry: BankEntry): void;
};

/** Everything the simulated bank knows, folded from the ledger. */
export function createBooks(): Books {
  let configured: BankSettings | undefined;

  const book = (acctid: string, entry: Omit<AccountEntry, 'no' | 'balanceFen'>) => {
    const account = books.accounts.get(acctid);
    if (!account) throw new Error(`no account ${acctid}`);
    books.entries += 1;
    account.balanceFen += entry.fen;
    const no = `E${String(books.entries).padStart(12, '0')}`;
    account.entries.push({ no, ...entry, balanceFen: account.balanceFen });
  };
  const instructionOf = (trnuid: string) => {
    const instruction = books.instructions.get(trnuid);
    if (!instruction) throw new Error(`no instruction ${trnuid}`);
    return instruction;
  };

  const apply = (entry: BankEntry) => {
    if ('callback' in entry && entry.callback) books.notices += 1;
    switch (entry.kind) {
      case 'started':
        // The configuration wins over what the control API set only where it has changed since the last start.
        if (configured?.callbackUrl !== entry.settings.callbackUrl) books.settings = { ...books.settings, callbackUrl: entry.settings.callbackUrl };
        if (JSON.stringify(configured?.plan) !== JSON.stringify(entry.settings.plan)) books.settings = { ...books.settings, plan: entry.settings.plan };
        configured = entry.settings;
        break;
      case 'configured':
        books.settings = entry.settings;
        break;
      case 'clock':
        books.clock.offsetMs = entry.offsetMs;
        break;
      case 'payee':
        books.payees.set(entry.payee.account, entry.payee);
        break;
      case 'deposited': {
        const { acctid, name, fen, businessMs } = entry;
        if (!books.accounts.has(acctid)) books.accounts.set(acctid, { acctid, name, balanceFen: 0, entries: [] });
        book(acctid, { kind: 'deposit', fen, businessMs });
        break;
      }
      case 'ordered':
        books.instructions.set(entry.instruction.trnuid, { ...entry.instruction });
        break;
      case 'settled': {
        const instruction = instructionOf(entry.trnuid);
        const { order, bookedFen } = instruction;
        instruction.final = entry.final;
        if (entry.final.code === 'PAYOUT')
          book(order.payerAccount, {
            kind: 'transfer',
            fen: -bookedFen,
            businessMs: entry.final.businessMs,
            trnuid: entry.trnuid,
          });
        break;
      }
      case 'returned': {
        const instruction = instructionOf(entry.trnuid);
        const { reason, businessMs, trnuid } = entry;
        instruction.returned = { reason, businessMs };
        book(instruction.order.payerAccount, { kind: 'return', fen: instruction.bookedFen, businessMs, trnuid, reason });
        break;
      }
      default:
        break;
    }
  };

  const books: Books = {
    settings: { plan: { delayMs: 0, callbacks: false, pageSize: 100 } },
    clock: { offsetMs: 0 },
    accounts: new Map(),
    instructions: new Map(),
    payees: new Map(),
    entries: 0,
    notices: 0,
    apply,
  };
  return books;
}

/** What the bank says about an instruction now; in flight it moves from SUBMIT_SUCC to PROCESSING halfway. */
export function statusOf(books: Books, instruction: Instruction) {
  const { final, held, orderedMs, orderedBusinessMs } = instruction;
  if (final) return final;
  const halfway = Date.now() - orderedMs >= books.settings.plan.delayMs / 2;
  return {
    code: held ?? (halfway ? 'PROCESSING' : 'SUBMIT_SUCC'),
    reason: '',
    message: '',
    businessMs: orderedBusinessMs,
  };
}
