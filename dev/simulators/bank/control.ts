import { z } from 'zod';
import { businessNow, shanghaiTime } from '../shared/clock.ts';
import { ControlError, type ControlCall, type ControlRoute } from '../shared/http.ts';
import { fenOf, yuanOf } from '../shared/money.ts';
import { type BankEntry, type Books, type Instruction, statusOf } from './books.ts';
import type { Counter } from './counter.ts';

export const Plan = z.strictObject({
  delayMs: z.int().nonnegative().default(300),
  callbacks: z.boolean().default(true),
  pageSize: z.int().positive().default(100),
});
export const Yuan = z.string().refine((value) => fenOf(value) !== undefined, 'not decimal yuan with two places');

const Settings = z.strictObject({
  callbackUrl: z.url().optional(),
  plan: z
    .strictObject({
      delayMs: z.int().nonnegative().optional(),
      callbacks: z.boolean().optional(),
      pageSize: z.int().positive().optional(),
    })
    .default({}),
});
const Payee = z.strictObject({
  account: z.string().min(1),
  state: z.enum(['open', 'closed', 'frozen', 'missing', 'no-card']).default('open'),
  /** The name the account is held in; another one is a mismatch (49). */
  name: z.string().optional(),
});
const Release = z.strictObject({
  code: z.enum(['PAYOUT', 'FAIL', 'CANCEL', 'EXPIRED']).optional(),
  reason: z.string().default(''),
});

/** The bank's part of the control API. */
export function bankRoutes(options: { books: Books; counter: Counter; record: (entry: BankEntry) => void }): ControlRoute[] {
  const { books, counter, record } = options;
  const instructionOf = ({ params }: ControlCall): Instruction => {
    const instruction = books.instructions.get(params['trnuid'] ?? '');
    if (!instruction) throw new ControlError(404, 'no such instruction');
    return instruction;
  };
  const shown = (instruction: Instruction) => {
    const { code, reason } = statusOf(books, instruction);
    const { trnuid, srvrid, order, bookedFen, returned } = instruction;
    return {
      trnuid,
      srvrid,
      status: code,
      reason,
      amount: yuanOf(order.fen),
      booked: code === 'PAYOUT' ? yuanOf(bookedFen) : '0.00',
      payee: order.payeeAccount,
      returned: returned ? { reason: returned.reason, at: shanghaiTime(returned.businessMs) } : null,
    };
  };

  return [
    {
      method: 'GET',
      path: '/_control/accounts',
      run: () => ({
        accounts: [...books.accounts.values()].map(({ acctid, name, balanceFen, entries }) => ({
          acctid,
          name,
          balance: yuanOf(balanceFen),
          entries: entries.map(({ fen, balanceFen: after, businessMs, ...entry }) => ({
            ...entry,
            amount: yuanOf(fen),
            balance: yuanOf(after),
            at: shanghaiTime(businessMs),
          })),
        })),
      }),
    },
    {
      method: 'PUT',
      path: '/_control/accounts/:acctid',
      run({ params, body }) {
        const account = books.accounts.get(params['acctid'] ?? '');
        if (!account) throw new ControlError(404, 'no such account');
        const { balance } = z.strictObject({ balance: Yuan }).parse(body);
        const fen = (fenOf(balance) ?? 0) - account.balanceFen;
        const { acctid, name } = account;
        if (fen !== 0) record({ kind: 'deposited', acctid, name, fen, businessMs: businessNow(books.clock) });
        return { balance: yuanOf(account.balanceFen) };
      },
    },
    {
      method: 'GET',
      path: '/_control/instructions',
      run: () => ({ instructions: [...books.instructions.values()].map(shown) }),
    },
    {
      method: 'POST',
      path: '/_control/instructions/:trnuid/release',
      run(call) {
        const { code, reason } = Release.parse(call.body);
        const instruction = instructionOf(call);
        if (!counter.settle(instruction, code && { code, reason })) throw new ControlError(409, 'it is final already');
        return shown(instruction);
      },
    },
    {
      method: 'POST',
      path: '/_control/instructions/:trnuid/return',
      run(call) {
        const { reason } = z.strictObject({ reason: z.string().default('44') }).parse(call.body);
        const instruction = instructionOf(call);
        if (!counter.giveBack(instruction, reason)) throw new ControlError(409, 'not paid, or returned already');
        return shown(instruction);
      },
    },
    {
      method: 'PUT',
      path: '/_control/payees',
      run({ body }) {
        record({ kind: 'payee', payee: Payee.parse(body) });
        return {};
      },
    },
    {
      method: 'GET',
      path: '/_control/settings',
      run: () => books.settings,
    },
    {
      method: 'PUT',
      path: '/_control/settings',
      run({ body }) {
        const { callbackUrl, plan } = Settings.parse(body);
        const settings = {
          callbackUrl: callbackUrl ?? books.settings.callbackUrl,
          plan: Plan.parse({ ...books.settings.plan, ...plan }),
        };
        record({ kind: 'configured', settings });
        return settings;
      },
    },
  ];
}
