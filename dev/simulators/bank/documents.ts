import { businessNow, shanghaiDate, shanghaiTime } from '../shared/clock.ts';
import { yuanOf } from '../shared/money.ts';
import { type Account, type AccountEntry, type Books, type Instruction, type Order, statusOf } from './books.ts';
import { type Content, writeXml } from './xml.ts';

export type Status = { code: string; message: string };
export const OK: Status = { code: '0', message: '' };

const statusXml = ({ code, message }: Status): Content => ({
  CODE: code,
  SEVERITY: code === '0' ? 'INFO' : 'ERROR',
  MESSAGE: message,
});

/** The whole answer; without a transaction when the sign-on itself is refused. */
export function answerDocument(options: { now: number; signOn: Status; transaction?: Content }): string {
  const { now, signOn, transaction } = options;
  const frame: Content = {
    SIGNONMSGSRSV1: { SONRS: { STATUS: statusXml(signOn), DTSERVER: shanghaiTime(now), LANGUAGE: 'CHS' } },
    ...(transaction && { SECURITIES_MSGSRSV1: transaction }),
  };
  return document(frame);
}

export const header = (trnuid: string, status: Status): Content => ({ TRNUID: trnuid, STATUS: statusXml(status) });

export function transferAnswer(trnuid: string, status: Status, books: Books, instruction?: Instruction): Content {
  const body = header(trnuid, status);
  if (instruction)
    body['XFERRS'] = {
      SRVRID: instruction.srvrid,
      XFERINFO: orderXml(instruction.order, instruction.reportedFen),
      XFERPRCSTS: processingXml(statusOf(books, instruction)),
      CLIENTREF: trnuid,
    };
  return { XFERTRNRS: body };
}

export function inquiryAnswer(trnuid: string, books: Books, found: Instruction | undefined): Content {
  const list: Content = found
    ? {
        $MORE: 'Y',
        FROM: found.srvrid,
        TO: found.srvrid,
        XFER: transferXml(found, statusOf(books, found)),
      }
    : { $MORE: 'N', FROM: '', TO: '-1' };
  return { XFERINQTRNRS: { TRNUID: trnuid, STATUS: statusXml(OK), XFERINQRS: { XFERLIST: list } } };
}

export function statementAnswer(options: {
  trnuid: string;
  status: Status;
  books: Books;
  account?: Account;
  period?: { start: string; end: string; entries: AccountEntry[]; more: boolean };
}): Content {
  const { trnuid, status, books, account, period } = options;
  if (!account) return { SCUSTSTMTTRNRS: header(trnuid, status) };
  const balance = { BALAMT: yuanOf(account.balanceFen), DTASOF: shanghaiDate(businessNow(books.clock)) };
  const list: Content = period
    ? {
        TRANLIST: {
          $MORE: period.more ? 'Y' : 'N',
          DTSTART: period.start,
          DTEND: period.end,
          STMTTRN: period.entries.map((entry) => entryXml(entry, books)),
        },
      }
    : {};
  const statement: Content = {
    CURDEF: 'RMB',
    ACCTFROM: { ACCTID: account.acctid, NAME: account.name },
    ...list,
    LEDGERBAL: balance,
    AVAILBAL: balance,
  };
  return { SCUSTSTMTTRNRS: { ...header(trnuid, status), SCUSTSTMTRS: statement } };
}

/** The notice of a final result that the bank sends to the employer. */
export function noticeOf(options: { id: string; now: number; customerId: string; instruction: Instruction; status: ReturnType<typeof statusOf> }): string {
  const { id, now, customerId, instruction, status } = options;
  return document({
    SIGNONMSGSRQV1: { SONRQ: { DTCLIENT: shanghaiTime(now), CID: customerId, USERID: 'bank', GENUSERKEY: 'N' } },
    SECURITIES_MSGSRQV1: {
      DZXFERNTFRQ: { TRNUID: id, CLIENTREF: instruction.trnuid, XFER: transferXml(instruction, status) },
    },
  });
}

const document = (frame: Content) => `<?xml version="1.0" encoding="UTF-8"?>${writeXml({ FOX: frame })}`;

const transferXml = (instruction: Instruction, status: ReturnType<typeof statusOf>): Content => ({
  SRVRTID: instruction.srvrid,
  XFERINFO: orderXml(instruction.order, instruction.reportedFen),
  XFERPRCSTS: processingXml(status),
});

const processingXml = (status: ReturnType<typeof statusOf>): Content => ({
  XFERPRCCODE: status.code,
  DTXFERPRC: shanghaiTime(status.businessMs),
  MESSAGE: status.message,
  REASON: status.reason,
});

const orderXml = (order: Order, fen: number): Content => ({
  ACCTFROM: { ACCTID: order.payerAccount, NAME: order.payerName },
  ACCTTO: {
    $INTERBANK: order.interbank,
    $LOCAL: order.local,
    ACCTID: order.payeeAccount,
    NAME: order.payeeName,
    BANKDESC: order.bankDesc,
    BANKNUM: order.bankNum,
    CITY: order.city,
  },
  CURSYM: 'RMB',
  TRNAMT: yuanOf(fen),
  PURPOSE: order.purpose,
  MEMO: order.memo,
});

const SUMMARIES = { deposit: '转账收款', transfer: '转账汇款', return: '汇出退回' };
const RETURN_TEXT: Record<string, string> = { '42': '账号不存在', '44': '账号已销户', '45': '账号已冻结', '49': '户名不符' };

function entryXml(entry: AccountEntry, books: Books): Content {
  const instruction = entry.trnuid === undefined ? undefined : books.instructions.get(entry.trnuid);
  const order = instruction?.order;
  const summary = SUMMARIES[entry.kind];
  const reason = entry.reason ?? '';
  return {
    SRVRTID: instruction?.srvrid ?? entry.no,
    TRNTYPE: entry.fen < 0 ? 'DEBIT' : 'CREDIT',
    TRNCODE: '1187',
    DTACCT: shanghaiTime(entry.businessMs).replace(' ', 'T'),
    TRNAMT: yuanOf(Math.abs(entry.fen)),
    BALAMT: yuanOf(entry.balanceFen),
    CURRENCY: 'RMB',
    MEMO: order ? `${summary}|${order.purpose}` : summary,
    CORRELATE_ACCTID: order?.payeeAccount ?? '',
    CORRELATE_NAME: order?.payeeName ?? '',
    CORRELATE_BANKNAME: order?.bankDesc ?? '',
    CORRELATE_BANKCODE: order?.bankNum ?? '',
    ATTACHINFO: `${shanghaiDate(entry.businessMs).replaceAll('-', '')}${entry.no}`,
    HXJYLSBH: entry.no,
    SUMMNAME: summary,
    SUMMDESC: entry.kind === 'return' ? `${summary}:${RETURN_TEXT[reason] ?? '其他'}` : '',
    PURPOSE: order?.purpose ?? '',
    BIZREF: entry.trnuid ?? '',
    TEXT1: reason,
  };
}
