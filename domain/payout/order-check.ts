import type { Fen } from '../money.ts';
import type { TransferOrder } from './gateway.ts';

/** What the bank's own record names as the amount and the payee's account. */
export type BankRecord = { amountFen: Fen; accountNo: string };

/** How the bank's record differs from what was ordered; null where it is the same payment. */
export function differenceFrom(order: TransferOrder, record: BankRecord): 'AMOUNT_DIFFERS' | 'PAYEE_DIFFERS' | null {
  if (record.amountFen !== order.amountFen) return 'AMOUNT_DIFFERS';
  return withoutSpaces(record.accountNo) === withoutSpaces(order.payee.accountNo) ? null : 'PAYEE_DIFFERS';
}

const withoutSpaces = (accountNo: string): string => accountNo.replace(/\s/g, '');
