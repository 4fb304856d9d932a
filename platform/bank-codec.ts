import { z } from 'zod';
import { formatYuan } from '#domain/money.ts';
import type { StatementLine, TransferOrder, TransferStatus } from '#domain/payout/gateway.ts';
import { differenceFrom, type BankRecord } from '#domain/payout/order-check.ts';
import { answerDocument, element, leaf, parseDocument, readReply, requestDocument, statusXml, xmlText } from './bank-xml.ts';
import { instant, problemsOf, someYuan, type Acknowledgement } from './gateway-fields.ts';
import type { BankDeclaration } from './gateways.ts';

/**
 * Between the bank's documents (docs/gateways.md) and our words. One rule decides everything here: only what the bank said plainly, about this
 * reference and this amount, is success or failure. All else is `unknown`, because a second payment costs more than a question.
 */
const IN_FLIGHT = new Set(['SUBMIT_SUCC', 'AUDITING', 'AUDITED', 'PENDING', 'WAIT_FOR_AUDIT', 'PROCESSING', 'SEND_BACK']);
const FAILED = new Set(['FAIL', 'CANCEL', 'EXPIRED']);
const RETURNED = '汇出退回';
const MAX_PURPOSE = 60;

export const BANK_MEDIA_TYPE = 'application/x-fox; charset=utf-8';

type Payer = Pick<BankDeclaration, 'customerId' | 'userId' | 'payerAccount' | 'payerName' | 'clearingPrefix'>;

const unknown = (cause: string): TransferStatus => ({ kind: 'unknown', cause });
const accountOf = (order: TransferOrder): string => order.payee.accountNo.replace(/\s/g, '');

/** The same order gives the same `XFERINFO`, whenever it is sent. */
export function encodeTransfer(input: { order: TransferOrder; payer: Payer; at: Date }): string {
  const { order, payer, at } = input;
  const { payee } = order;
  const sameBank = payer.clearingPrefix !== undefined && payee.bankCode.startsWith(payer.clearingPrefix);
  const to = [
    leaf('ACCTID', accountOf(order)),
    leaf('NAME', payee.holderName),
    leaf('BANKDESC', payee.bankName),
    /^\d{12}$/.test(payee.bankCode) ? leaf('BANKNUM', payee.bankCode) : '',
  ].join('');
  const info = element(
    'XFERINFO',
    element('ACCTFROM', leaf('ACCTID', payer.payerAccount), leaf('NAME', payer.payerName)),
    `<ACCTTO INTERBANK="${sameBank ? 'Y' : 'N'}" LOCAL="N">${to}</ACCTTO>`,
    leaf('CURSYM', 'RMB'),
    leaf('TRNAMT', formatYuan(order.amountFen)),
    leaf('PURPOSE', Array.from(order.purpose).slice(0, MAX_PURPOSE).join('')),
    // An inquiry's answer repeats XFERINFO but no reference: this is what it is recognised by.
    leaf('MEMO', order.reference),
  );
  return requestDocument({ ...payer, at, transaction: element('XFERTRNRQ', leaf('TRNUID', order.reference), element('XFERRQ', info)) });
}

export function encodeInquiry(input: { inquiryId: string; reference: string; payer: Payer; at: Date }): string {
  const { inquiryId, reference, payer, at } = input;
  return requestDocument({
    ...payer,
    at,
    transaction: element('XFERINQTRNRQ', leaf('TRNUID', inquiryId), element('XFERINQRQ', leaf('CLIENTREF', reference))),
  });
}

/** All entries of one day, `page` from 1. */
export function encodeStatementRequest(input: { requestId: string; day: string; page: number; payer: Payer; at: Date }): string {
  const { requestId, day, page, payer, at } = input;
  const period = element('INCTRAN', leaf('DTSTART', day), leaf('DTEND', day), leaf('PAGE', page.toString()), leaf('TRNTYPE', '2'));
  const account = element('ACCTFROM', leaf('ACCTID', payer.payerAccount));
  const request = element('SCUSTSTMTRQ', leaf('VERSION', '2.0'), account, period, leaf('SELTYPE', '1'));
  return requestDocument({ ...payer, at, transaction: element('SCUSTSTMTTRNRQ', leaf('TRNUID', requestId), request) });
}

const transferInfo = z.object({
  ACCTTO: z.object({ ACCTID: xmlText }),
  CURSYM: z.literal('RMB'),
  TRNAMT: someYuan,
  MEMO: xmlText.optional(),
});
const processing = z.object({ XFERPRCCODE: xmlText, DTXFERPRC: instant, MESSAGE: xmlText.optional(), REASON: xmlText.optional() });
const transferBody = z.object({ XFERINFO: transferInfo, XFERPRCSTS: processing, CLIENTREF: xmlText });
const record = z.object({ XFERINFO: transferInfo, XFERPRCSTS: processing });

const recordOf = ({ XFERINFO: info }: z.infer<typeof record>): BankRecord => ({ amountFen: info.TRNAMT, accountNo: info.ACCTTO.ACCTID });

/** What the record says of an order: the amount and the payee must be those that were ordered. */
function statusOfOrder(told: z.infer<typeof record>, order: TransferOrder): TransferStatus {
  const status = statusOf(told, order.reference);
  const difference = differenceFrom(order, recordOf(told));
  return difference === null || (status.kind === 'unknown' && status.cause === 'REFERENCE_DIFFERS') ? status : unknown(difference);
}

/** What an instruction's record says of `reference`. */
function statusOf({ XFERINFO: info, XFERPRCSTS: state }: z.infer<typeof record>, reference: string): TransferStatus {
  if (info.MEMO !== undefined && info.MEMO !== '' && info.MEMO !== reference) return unknown('REFERENCE_DIFFERS');
  const bankStatus = state.XFERPRCCODE;
  if (bankStatus === 'PAYOUT') return { kind: 'succeeded', amountFen: info.TRNAMT, bankStatus, settledAt: state.DTXFERPRC };
  if (FAILED.has(bankStatus)) return { kind: 'failed', bankStatus, code: state.REASON || bankStatus, text: state.MESSAGE ?? '' };
  if (IN_FLIGHT.has(bankStatus)) return { kind: 'in-flight', bankStatus };
  return unknown(/^[A-Z_]{1,30}$/.test(bankStatus) ? `STATUS_${bankStatus}` : 'UNREADABLE');
}

/** `refused`: the bank read the order and took none; an earlier sending of the same reference may still exist. */
export type TransferReply = TransferStatus | { kind: 'refused'; code: string; text: string };

export function readTransferReply(raw: Uint8Array, order: TransferOrder): TransferReply {
  const reply = readReply(raw, { name: 'XFERTRNRS', bodyName: 'XFERRS', id: order.reference });
  if (reply.kind === 'refused') return reply;
  if (reply.kind !== 'accepted') return unread(reply);
  const told = transferBody.safeParse(reply.body);
  if (!told.success) return unknown('UNREADABLE');
  if (told.data.CLIENTREF !== order.reference) return unknown('REFERENCE_DIFFERS');
  return statusOfOrder(told.data, order);
}

const found = z.object({ XFERLIST: z.object({ '@MORE': z.literal('Y'), XFER: record }) });
const nothingFound = z.object({ XFERLIST: z.object({ '@MORE': z.literal('N'), TO: z.literal('-1'), XFER: z.undefined().optional() }) });

export function readInquiryReply(raw: Uint8Array, asked: { inquiryId: string; order: TransferOrder }): TransferStatus {
  const reply = readReply(raw, { name: 'XFERINQTRNRS', bodyName: 'XFERINQRS', id: asked.inquiryId });
  if (reply.kind === 'refused') return unknown(`REFUSED_${reply.code}`);
  if (reply.kind !== 'accepted') return unread(reply);
  const told = found.safeParse(reply.body);
  if (told.success) return statusOfOrder(told.data.XFERLIST.XFER, asked.order);
  return nothingFound.safeParse(reply.body).success ? { kind: 'not-found' } : unknown('UNREADABLE');
}

function unread(reply: { kind: 'sign-on-refused'; code: string } | { kind: 'differs' | 'unreadable' }): TransferStatus {
  if (reply.kind === 'sign-on-refused') return unknown(`SIGN_ON_REFUSED_${reply.code}`);
  return unknown(reply.kind === 'differs' ? 'REFERENCE_DIFFERS' : 'UNREADABLE');
}

const page = z.object({
  CURDEF: z.literal('RMB'),
  ACCTFROM: z.object({ ACCTID: xmlText }),
  TRANLIST: z.object({
    '@MORE': z.enum(['Y', 'N']),
    DTSTART: xmlText,
    DTEND: xmlText,
    STMTTRN: z
      .array(
        z.object({
          TRNTYPE: z.enum(['DEBIT', 'CREDIT']),
          DTACCT: instant,
          TRNAMT: someYuan,
          CURRENCY: z.literal('RMB'),
          MEMO: xmlText,
          ATTACHINFO: xmlText.pipe(z.string().min(1).max(30)),
          SUMMNAME: xmlText,
          SUMMDESC: xmlText,
          BIZREF: xmlText,
          TEXT1: xmlText,
        }),
      )
      .default([]),
  }),
});

export type StatementPage = { ok: true; lines: StatementLine[]; more: boolean } | { ok: false; why: string };

/** One page of the statement: debits, and returns (their remark begins with the reason code). Other credits are not about us. */
export function readStatementPage(raw: Uint8Array, asked: { requestId: string; account: string; day: string }): StatementPage {
  const reply = readReply(raw, { name: 'SCUSTSTMTTRNRS', bodyName: 'SCUSTSTMTRS', id: asked.requestId });
  if (reply.kind !== 'accepted') return { ok: false, why: 'code' in reply ? `${reply.kind} ${reply.code}` : reply.kind };
  const parsed = page.safeParse(reply.body);
  if (!parsed.success) return { ok: false, why: problemsOf(parsed.error) };
  const { ACCTFROM: account, TRANLIST: list } = parsed.data;
  if (account.ACCTID !== asked.account || list.DTSTART !== asked.day || list.DTEND !== asked.day) return { ok: false, why: 'another account or day' };
  const lines = list.STMTTRN.filter((entry) => entry.TRNTYPE === 'DEBIT' || entry.SUMMNAME === RETURNED).map((entry): StatementLine => {
    const kind = entry.TRNTYPE === 'DEBIT' ? 'DEBIT' : 'RETURN';
    return {
      entryNo: entry.ATTACHINFO,
      kind,
      reference: entry.BIZREF || null,
      amountFen: entry.TRNAMT,
      bookedAt: entry.DTACCT,
      remark: kind === 'DEBIT' ? entry.MEMO : `${entry.TEXT1} ${entry.SUMMDESC}`.trim(),
    };
  });
  return { ok: true, lines, more: list['@MORE'] === 'Y' };
}

const id = xmlText.pipe(z.string().regex(/^[0-9A-Za-z_-]{1,30}$/));
const notice = z.object({
  FOX: z.object({ SECURITIES_MSGSRQV1: z.object({ DZXFERNTFRQ: z.object({ TRNUID: id, CLIENTREF: id, XFER: record }) }) }),
});

/** A notice of a payment's result. `status` never is `not-found`; who applies it compares `record` with what was ordered. `raw` is the document. */
export type BankCallback = { kind: 'payment-result'; messageId: string; reference: string; status: TransferStatus; record: BankRecord; raw: string };
/** `why` names fields, never values. */
export type ParsedBankCallback = { ok: true; message: BankCallback } | { ok: false; messageId: string | null; why: string };

/** Reads the body of a callback whose signature has been verified. Never throws. */
export function parseBankCallback(rawBody: Uint8Array): ParsedBankCallback {
  const parsed = notice.safeParse(parseDocument(rawBody));
  if (!parsed.success) return { ok: false, messageId: null, why: problemsOf(parsed.error) };
  const { TRNUID: messageId, CLIENTREF: reference, XFER: told } = parsed.data.FOX.SECURITIES_MSGSRQV1.DZXFERNTFRQ;
  const raw = new TextDecoder().decode(rawBody);
  return { ok: true, message: { kind: 'payment-result', messageId, reference, status: statusOf(told, reference), record: recordOf(told), raw } };
}

/** The document that answers a callback; with `refusal` it says why the callback was not taken. */
export function acknowledgeBankCallback(input: { messageId: string | null; at: Date; refusal?: string }): Acknowledgement {
  const status = input.refusal === undefined ? statusXml('0', '') : statusXml('1001', input.refusal.slice(0, 200));
  const body = answerDocument({ at: input.at, transaction: element('DZXFERNTFRS', leaf('TRNUID', input.messageId ?? ''), status) });
  return { mediaType: BANK_MEDIA_TYPE, body };
}
