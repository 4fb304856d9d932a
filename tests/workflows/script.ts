import { GatewayUnavailable } from '#domain/errors.ts';
import type { BureauAnswer } from '#domain/bureau/decision.ts';
import type { BureauGateway, BureauSubmission, Certificate, CertificateState, SubmitResult, WithdrawResult } from '#domain/bureau/gateway.ts';
import type { DocumentReading } from '#domain/invoice/reading.ts';
import type { BankGateway, StatementLine, TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';

export const BUREAU = '130100';
export const BANK = 'CIB';
export const RETURN_WINDOW_SECONDS = 86_400;
export const ASK_BANK_AFTER_SECONDS = 900;

/** A bureau and a bank behind the same ports as the real adapters: what they answer, and what they were asked. */
export type Script = {
  submissions: BureauSubmission[];
  onSubmit: (submission: BureauSubmission) => Promise<SubmitResult>;
  /** bills whose state was asked for */
  certificates: Certificate[];
  onCertificate: (certificate: Certificate) => Promise<CertificateState>;
  /** what the file of an invoice says; absent: what the claim does */
  onRead: ((claimNumber: string) => Promise<DocumentReading>) | null;
  withdrawals: string[];
  onWithdraw: () => Promise<WithdrawResult>;
  answers: { answer: BureauAnswer; raw: unknown }[];
  transfers: TransferOrder[];
  onTransfer: (order: TransferOrder) => Promise<TransferStatus>;
  inquiries: string[];
  onInquire: (reference: string) => Promise<TransferStatus>;
  statement: StatementLine[];
};

/** A bureau that accepts and a bank that pays at once. */
export function openScript(now: () => Promise<number>): { script: Script; bureau: BureauGateway; bank: BankGateway; reset(): void } {
  const script = {} as Script;
  const iso = async (): Promise<string> => new Date(await now()).toISOString();
  const reset = (): void => {
    Object.assign(script, {
      submissions: [],
      onSubmit: async ({ claimNumber, version }) => ({ kind: 'accepted', acceptanceNo: `SL-${claimNumber}-${version}`, acceptedAt: await iso() }),
      certificates: [],
      onCertificate: async () => ({ known: true, reversed: false, claimed: 'no' }),
      onRead: null,
      withdrawals: [],
      onWithdraw: async () => 'withdrawn',
      answers: [],
      transfers: [],
      onTransfer: async ({ amountFen }) => ({ kind: 'succeeded', amountFen, bankStatus: 'PAYOUT', settledAt: await iso() }),
      inquiries: [],
      onInquire: async () => ({ kind: 'not-found' }),
      statement: [],
    } satisfies Script);
  };
  reset();
  return {
    script,
    reset,
    bureau: {
      code: BUREAU,
      capabilities: { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
      async submit(submission) {
        script.submissions.push(submission);
        return script.onSubmit(submission);
      },
      async withdraw({ claimNumber }) {
        script.withdrawals.push(claimNumber);
        return script.onWithdraw();
      },
      async invoiceState(certificate) {
        script.certificates.push(certificate);
        return script.onCertificate(certificate);
      },
      query: async ({ claimNumbers }) => script.answers.filter(({ answer }) => claimNumbers.includes(answer.claimNumber)),
    },
    bank: {
      code: BANK,
      returnWindowSeconds: RETURN_WINDOW_SECONDS,
      queryAfterSeconds: ASK_BANK_AFTER_SECONDS,
      async transfer(order) {
        script.transfers.push(order);
        return script.onTransfer(order);
      },
      async inquire({ reference }) {
        script.inquiries.push(reference);
        return script.onInquire(reference);
      },
      statement: async () => script.statement,
    },
  };
}

export const away = async (): Promise<never> => {
  throw new GatewayUnavailable(BUREAU, 'connection refused');
};

/** Answers with each of `answers` in turn, and with the last one for ever. */
export function inTurn<T>(...answers: (T | (() => Promise<T>))[]): () => Promise<T> {
  let next = 0;
  return async () => {
    const answer = answers[Math.min(next, answers.length - 1)] as T | (() => Promise<T>);
    next += 1;
    return typeof answer === 'function' ? (answer as () => Promise<T>)() : answer;
  };
}
