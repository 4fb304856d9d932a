import { randomUUID } from 'node:crypto';
import type { BureauAnswer, DecisionLine, FundingLine } from '#domain/bureau/decision.ts';
import { fen } from '#domain/money.ts';
import type { TransferStatus } from '#domain/payout/gateway.ts';
import { storeMessage } from '#prisma/queries/inbox.ts';
import { readOrder } from '#prisma/queries/payments.ts';
import * as messages from '#workflows/claim.messages.ts';
import type { claimBooks } from './claim-books.ts';
import { storeBankResult } from '../setup/bank-message.ts';
import { BANK, BUREAU } from './script.ts';
import type { World } from './support.ts';

export type Told = {
  /** what each line gets, in fen */
  benefits?: number[];
  funding?: FundingLine[];
  outcome?: 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';
  decisionNo?: string;
  /** the version answered; the newest where absent */
  version?: number;
  /** the documents asked for, instead of a decision */
  missing?: string[];
  /** changes what the bureau says of a line */
  line?: Partial<DecisionLine>;
};

export type Booked = { kind: 'DEBIT' | 'RETURN'; reference?: string; amountFen?: number };

/** What bureau and bank say of a claim, and how the claim hears of it. */
export function counterparties(
  world: World,
  { number, handle, books }: { number: string; handle: ReturnType<World['env']['client']['workflow']['getHandle']>; books: ReturnType<typeof claimBooks> },
) {
  const { database } = world;
  const { select, submissionId } = books;

  /** What the bureau would say; every line adds up unless `line` spoils it. */
  async function answerOf(told: Told): Promise<BureauAnswer> {
    const about = {
      decisionNo: told.decisionNo ?? `D-${randomUUID().slice(0, 8)}`,
      claimNumber: number,
      answersMessageId: await submissionId(told.version),
      decidedAt: (await world.now()).toISOString(),
      remark: '',
    };
    if (told.missing) return { kind: 'information-needed', ...about, missing: told.missing.map((documentKind) => ({ documentKind, remark: '' })) };
    const lines = await select<{ lineNo: number; amountFen: number }>(
      'SELECT line_no AS "lineNo", amount_fen AS "amountFen" FROM claim_line WHERE claim_number = $1 ORDER BY line_no',
    );
    const decided = lines.map(({ lineNo, amountFen }, index): DecisionLine => {
      const benefit = told.benefits?.[index] ?? (told.benefits ? 0 : amountFen);
      return {
        ...{ lineNo, submittedFen: fen(amountFen), eligibleFen: fen(benefit), deductibleFen: fen(0), benefitFen: fen(benefit) },
        adjustments: benefit === amountFen ? [] : [{ code: 'COINSURANCE', amountFen: fen(amountFen - benefit) }],
        ...(index === 0 && told.line),
      };
    });
    const total = decided.reduce((all, line) => all + line.benefitFen, 0);
    const submitted = lines.reduce((all, line) => all + line.amountFen, 0);
    return {
      kind: 'decision',
      ...about,
      outcome: told.outcome ?? (total === 0 ? 'DENIED' : total === submitted ? 'APPROVED' : 'PARTIALLY_APPROVED'),
      reasons: total === submitted ? [] : [{ code: 'COINSURANCE', text: '' }],
      lines: decided,
      funding: told.funding ?? (total === 0 ? [] : [{ source: 'bureau_fund', amountFen: fen(total) }]),
    };
  }

  async function store(answer: BureauAnswer, messageId: string = randomUUID()): Promise<void> {
    await database.write((tx) =>
      storeMessage(tx, {
        source: BUREAU,
        messageId,
        bodyDigest: messageId,
        type: 'decision',
        claimNumber: number,
        body: { answer, raw: {} },
        acknowledgement: { mediaType: 'application/json', body: '{}' },
      }),
    );
  }

  async function record(line: Booked): Promise<string> {
    const rows = await select<{ reference: string; amountFen: number }>(
      'SELECT reference, amount_fen AS "amountFen" FROM payment_instruction WHERE claim_number = $1 ORDER BY created_at, reference',
    );
    const payment = line.reference === undefined ? rows.at(-1) : rows.find(({ reference }) => reference === line.reference);
    if (!payment) throw new Error('no payment');
    const at = (await world.now()).toISOString();
    world.script.statement.push({
      entryNo: randomUUID(),
      kind: line.kind,
      reference: payment.reference,
      amountFen: fen(line.amountFen ?? payment.amountFen),
      bookedAt: at,
      remark: '',
    });
    await world.activities.reconcile({ bankCode: BANK, days: 30, at });
    return payment.reference;
  }

  return {
    answerOf,
    store,
    /** The bureau's answer by callback: stored in the inbox, then signalled, as API and relay do. */
    async answered(told: Told | BureauAnswer, messageId: string = randomUUID()): Promise<BureauAnswer> {
      const answer = 'kind' in told ? told : await answerOf(told);
      await store(answer, messageId);
      await handle.signal(messages.bureauDecision, { source: BUREAU, messageId });
      return answer;
    },
    record,
    /** A line on the bank's statement, recorded and signalled as the reconciliation does. */
    async booked(line: Booked): Promise<void> {
      await handle.signal(messages.paymentNews, { reference: await record(line) });
    },
    /** The bank's own word on an instruction, by callback. */
    async bankSays(status: TransferStatus): Promise<void> {
      const rows = await select<{ reference: string }>('SELECT reference FROM payment_instruction WHERE claim_number = $1 ORDER BY created_at, reference');
      const { reference = '' } = rows.at(-1) ?? {};
      const { order } = await readOrder(database, reference);
      const ordered = { amountFen: order.amountFen, accountNo: order.payee.accountNo };
      const told = { ...ordered, ...(status.kind === 'succeeded' && { amountFen: status.amountFen }) };
      await storeBankResult(database, { bank: BANK, claimNumber: number, reference, status, record: told });
      await handle.signal(messages.paymentNews, { reference });
    },
  };
}
