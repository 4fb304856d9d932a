import type { Fen } from '../money.ts';

export type TransferOrder = {
  /** ≤ 30 characters; the bank's idempotency key */
  reference: string;
  amountFen: Fen;
  payee: { holderName: string; accountNo: string; bankName: string; bankCode: string };
  /** shown on the payee's statement; no medical content */
  purpose: string;
};

/**
 * What the bank says of an instruction. `unknown` is not a failure: the money may have moved. `not-found` comes from an inquiry alone: then,
 * and only then, the same reference may be sent again.
 */
export type TransferStatus =
  | { kind: 'succeeded'; amountFen: Fen; bankStatus: string; settledAt: string }
  | { kind: 'failed'; bankStatus: string; code: string; text: string }
  | { kind: 'in-flight'; bankStatus: string }
  | { kind: 'unknown'; cause: string }
  | { kind: 'not-found' };

export type StatementLine = {
  entryNo: string;
  kind: 'DEBIT' | 'RETURN';
  reference: string | null;
  amountFen: Fen;
  bookedAt: string;
  remark: string;
};

/**
 * The employer's bank. `transfer` and `inquire` never throw for what the network does: that is `unknown`. `statement` throws GatewayUnavailable.
 * Both compare reference, amount and payee of the answer with the order: what differs is `unknown` too (AMOUNT_DIFFERS, PAYEE_DIFFERS, REFERENCE_DIFFERS).
 */
export type BankGateway = {
  readonly code: string;
  readonly returnWindowSeconds: number;
  readonly queryAfterSeconds: number;
  transfer(order: TransferOrder): Promise<TransferStatus>;
  inquire(order: TransferOrder): Promise<TransferStatus>;
  /** `from`, `to`: yyyy-MM-dd, inclusive */
  statement(input: { from: string; to: string }): Promise<StatementLine[]>;
};
