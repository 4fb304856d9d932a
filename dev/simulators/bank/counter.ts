import { at, businessNow, shanghaiDigits } from '../shared/clock.ts';
import type { Fault, Faults } from '../shared/faults.ts';
import { fenOf } from '../shared/money.ts';
import type { BankEntry, Books, Final, FinalCode, Instruction, Order } from './books.ts';
import { noticeOf } from './documents.ts';

export const REASONS: Record<string, string> = {
  '41': '卡号不存在',
  '42': '账号不存在',
  '44': '账号已销户',
  '45': '账号已冻结',
  '46': '付款账户余额不足',
  '49': '户名不符',
  '53': '交易金额非法',
  '54': '收款人姓名错',
  '59': '其他错误',
};

export type Counter = {
  /** Takes an order in, which will fail when told to; with a plan without delay it is settled within this call. */
  accept(trnuid: string, order: Order, failsWith: string | undefined): Instruction;
  /** Settles what is in flight: as told, or by the state of the accounts. False when it is final already. */
  settle(instruction: Instruction, told?: { code: FinalCode; reason: string }): boolean;
  /** Gives a paid instruction's money back. False when it was not paid, or came back already. */
  giveBack(instruction: Instruction, reason: string): boolean;
  /** Arms the timers of an instruction: its settlement, or its return. */
  schedule(instruction: Instruction): void;
};

/** Where money moves: orders in, settlements and returns out, each one entry of the ledger. */
export function createCounter(options: { books: Books; faults: Faults; record: (entry: BankEntry) => void; customerId: string }): Counter {
  const { books, faults, record } = options;

  const verdict = ({ order, bookedFen, failsWith }: Instruction): { code: FinalCode; reason: string } => {
    const payee = books.payees.get(order.payeeAccount);
    const states = { open: '', closed: '44', frozen: '45', missing: '42', 'no-card': '41' };
    const refused = payee ? states[payee.state] : '';
    if (failsWith !== undefined) return { code: 'FAIL', reason: failsWith };
    if (refused !== '') return { code: 'FAIL', reason: refused };
    if (payee?.name !== undefined && payee.name !== order.payeeName) return { code: 'FAIL', reason: '49' };
    if ((books.accounts.get(order.payerAccount)?.balanceFen ?? 0) < bookedFen) return { code: 'FAIL', reason: '46' };
    return { code: 'PAYOUT', reason: '' };
  };

  const counter: Counter = {
    accept(trnuid, order, failsWith) {
      const target = { on: 'XFERTRNRQ', keys: [trnuid], account: order.payeeAccount };
      const held = faults.take('processing', target);
      const wrong = faults.take('wrong-amount', target);
      const back = faults.take('return-after-success', target);
      const wrongFen = wrongAmount(wrong, order.fen);
      const instruction: Instruction = {
        trnuid,
        srvrid: `S${String(books.instructions.size + 1).padStart(12, '0')}`,
        order,
        orderedMs: Date.now(),
        orderedBusinessMs: businessNow(books.clock),
        bookedFen: wrong?.reportOnly ? order.fen : wrongFen,
        reportedFen: wrongFen,
        ...(held && { held: held.code ?? 'PENDING' }),
        ...(failsWith !== undefined && { failsWith }),
        ...(back && { comesBack: { afterMs: back.ms ?? 0, reason: back.code ?? '44' } }),
      };
      record({ kind: 'ordered', instruction });
      const accepted = books.instructions.get(trnuid) ?? instruction;
      if (!held && books.settings.plan.delayMs === 0) counter.settle(accepted);
      else counter.schedule(accepted);
      return accepted;
    },

    settle(instruction, told) {
      if (instruction.final) return false;
      const { code, reason } = told ?? verdict(instruction);
      const final: Final = { code, reason, message: REASONS[reason] ?? '', businessMs: businessNow(books.clock) };
      const { trnuid } = instruction;
      if (books.settings.plan.callbacks) {
        const now = businessNow(books.clock);
        const id = `N${shanghaiDigits(now).slice(0, 14)}${String(books.notices + 1).padStart(8, '0')}`;
        const body = noticeOf({ id, now, customerId: options.customerId, instruction, status: final });
        const contentType = 'application/x-fox; charset=utf-8';
        record({ kind: 'settled', trnuid, final, callback: { id, name: 'DZXFERNTFRQ', key: trnuid, body, contentType } });
      } else record({ kind: 'settled', trnuid, final });
      counter.schedule(instruction);
      return true;
    },

    giveBack(instruction, reason) {
      if (instruction.final?.code !== 'PAYOUT' || instruction.returned) return false;
      record({ kind: 'returned', trnuid: instruction.trnuid, reason, businessMs: businessNow(books.clock) });
      return true;
    },

    schedule(instruction) {
      const { final, held, comesBack, orderedMs, returned } = instruction;
      if (!final && held === undefined) at(orderedMs + books.settings.plan.delayMs, () => void counter.settle(instruction));
      if (final?.code === 'PAYOUT' && comesBack && !returned) at(Date.now() + comesBack.afterMs, () => void counter.giveBack(instruction, comesBack.reason));
    },
  };
  return counter;
}

/** A fault that names no amount books one fen less. */
function wrongAmount(fault: Fault | undefined, ordered: number): number {
  if (!fault) return ordered;
  return fenOf(fault.amount) ?? ordered - 1;
}
