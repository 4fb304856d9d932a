import { businessNow, shanghaiDate } from '../shared/clock.ts';
import type { Faults, Target } from '../shared/faults.ts';
import { type Answer, type GatewayCall, type Outcome, plain, underFaults } from '../shared/http.ts';
import { type Credentials, verify } from '../shared/signing.ts';
import type { BankEntry, Books } from './books.ts';
import type { Counter } from './counter.ts';
import { answerDocument, header, inquiryAnswer, OK, statementAnswer, type Status, transferAnswer } from './documents.ts';
import { orderOf } from './orders.ts';
import { type Content, type Element, find, parseXml, textOf, XmlError } from './xml.ts';

const TYPE = 'application/x-fox; charset=utf-8';
const GARBAGE: Answer = { status: 200, type: TYPE, body: '<FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CO' };

type Handled = { content: Content; status: Status; repeated?: true; about?: object };

/** `POST` of one `FOX` document: signature, sign-on, fault switches, transaction, one entry in the ledger, answer. */
export function createGateway(options: {
  books: Books;
  counter: Counter;
  faults: Faults;
  credentials: Credentials;
  customer: { customerId: string; userId: string };
  record: (entry: BankEntry) => void;
}): (call: GatewayCall) => Promise<Outcome> {
  const { books, faults, record } = options;
  const answer = (signOn: Status, transaction?: Content): Answer => {
    const now = businessNow(books.clock);
    return { status: 200, type: TYPE, body: answerDocument({ now, signOn, ...(transaction && { transaction }) }) };
  };
  const refuse = (code: string, message: string) => {
    record({ kind: 'refused', why: `${code} ${message}` });
    return answer({ code, message });
  };

  return async ({ headers, body }) => {
    const verified = verify({ headers, body, credentials: options.credentials, nowMs: Date.now() });
    if (!verified.ok) {
      record({ kind: 'refused', why: `401 ${verified.why}` });
      return plain(401, verified.why);
    }
    const opened = openDocument(body);
    if (!opened.ok) return refuse('1001', opened.why);
    const { request, target, cid, userId } = opened;
    if (request.name !== verified.name) return refuse('1001', '_api_name is not the transaction');
    if (cid !== options.customer.customerId || userId !== options.customer.userId) return refuse('1005', 'customer or user unknown');

    const work = (): Answer => {
      const { content, status, repeated, about } = handle({ ...options, request });
      const trnuid = textOf(request, 'TRNUID');
      const entry = { kind: 'transaction' as const, name: request.name, trnuid, status: status.code };
      record({ ...entry, ...(repeated && { repeated }), ...(about && { about }) });
      return answer(OK, content);
    };
    return underFaults({ faults, target, garbage: GARBAGE, work });
  };
}

type Opened = { ok: true; request: Element; target: Target; cid: string; userId: string } | { ok: false; why: string };

function openDocument(body: Buffer): Opened {
  try {
    const fox = parseXml(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const signOn = find(fox, 'SIGNONMSGSRQV1', 'SONRQ');
    const requests = find(fox, 'SECURITIES_MSGSRQV1')?.children ?? [];
    const [request] = requests;
    if (fox.name !== 'FOX' || !signOn || !request || requests.length !== 1) return { ok: false, why: 'not a FOX document with one transaction' };
    refuseRepetitions(request);
    return { ok: true, request, target: targetOf(request), cid: textOf(signOn, 'CID'), userId: textOf(signOn, 'USERID') };
  } catch (error) {
    if (error instanceof XmlError || error instanceof TypeError) return { ok: false, why: error.message };
    throw error;
  }
}

/** No request has two elements of one name side by side: which of them would count? */
function refuseRepetitions(element: Element) {
  for (const child of element.children) {
    find(element, child.name);
    refuseRepetitions(child);
  }
}

type Context = { books: Books; counter: Counter; faults: Faults; request: Element };

function handle(context: Context): Handled {
  const { request, books } = context;
  const trnuid = textOf(request, 'TRNUID');
  switch (request.name) {
    case 'XFERTRNRQ':
      return transfer(context, trnuid);
    case 'XFERINQTRNRQ': {
      const reference = textOf(request, 'XFERINQRQ', 'CLIENTREF');
      const found = books.instructions.get(reference);
      return { content: inquiryAnswer(trnuid, books, found), status: OK, about: { reference, found: found !== undefined } };
    }
    case 'SCUSTSTMTTRNRQ':
      return statement(context, trnuid);
    default: {
      const status = { code: '1001', message: 'no such transaction' };
      return { content: { [`${request.name.replace(/RQ$/, '')}RS`]: header(trnuid, status) }, status };
    }
  }
}

function transfer({ books, counter, faults, request }: Context, trnuid: string): Handled {
  const refuse = (status: Status): Handled => ({ content: transferAnswer(trnuid, status, books), status });
  if (!/^[A-Za-z0-9_-]{1,30}$/.test(trnuid)) return refuse({ code: '1001', message: 'TRNUID is missing or wrong' });
  const read = orderOf(find(request, 'XFERRQ', 'XFERINFO'));
  const first = books.instructions.get(trnuid);
  if (first) {
    if (!read.ok || JSON.stringify(read.order) !== JSON.stringify(first.order))
      return refuse({ code: '1002', message: 'this TRNUID was used with other content' });
    return { content: transferAnswer(trnuid, OK, books, first), status: OK, repeated: true };
  }
  if (!read.ok) return refuse({ code: '1001', message: `${read.wrong} is missing or wrong` });
  const account = books.accounts.get(read.order.payerAccount);
  if (!account || account.name !== read.order.payerName) return refuse({ code: '1003', message: "the payer account is not the customer's" });
  const rejected = faults.take('reject', targetOf(request));
  if (rejected?.code?.length === 4) return refuse({ code: rejected.code, message: 'refused (fault switch)' });
  const failsWith = rejected ? (rejected.code ?? '59') : undefined;
  return { content: transferAnswer(trnuid, OK, books, counter.accept(trnuid, read.order, failsWith)), status: OK };
}

function statement({ books, request }: Context, trnuid: string): Handled {
  const refuse = (code: string, message: string): Handled => {
    const status = { code, message };
    return { content: statementAnswer({ trnuid, status, books }), status };
  };
  const query = find(request, 'SCUSTSTMTRQ');
  const account = books.accounts.get(textOf(query, 'ACCTFROM', 'ACCTID'));
  if (!account) return refuse('1003', "the account is not the customer's");
  const period = find(query, 'INCTRAN');
  if (!period) return { content: statementAnswer({ trnuid, status: OK, books, account }), status: OK };

  const start = textOf(period, 'DTSTART');
  const end = textOf(period, 'DTEND');
  const page = Number(textOf(period, 'PAGE') || '1');
  const side = textOf(period, 'TRNTYPE') || '2';
  const returnsOnly = textOf(query, 'SELTYPE') === '3';
  if (!isDate(start) || !isDate(end) || !Number.isSafeInteger(page) || page < 1 || !/^[012]$/.test(side)) return refuse('1001', 'INCTRAN is wrong');
  const today = shanghaiDate(businessNow(books.clock));
  if (start > end || (start !== end && end >= today)) return refuse('1004', 'one day, or a period that ended before today');

  const { pageSize } = books.settings.plan;
  const matching = account.entries.filter((entry) => {
    const day = shanghaiDate(entry.businessMs);
    const sideFits = side === '2' || (side === '0') === entry.fen < 0;
    return day >= start && day <= end && sideFits && (!returnsOnly || entry.kind === 'return');
  });
  const entries = matching.slice((page - 1) * pageSize, page * pageSize);
  const shown = { start, end, entries, more: matching.length > page * pageSize };
  const about = { start, end, page, entries: entries.length };
  return { content: statementAnswer({ trnuid, status: OK, books, account, period: shown }), status: OK, about };
}

const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text);

/** Whom a document concerns, for fault switches: the transfer's TRNUID (of an inquiry: the one asked for), the payee. */
function targetOf(request: Element): Target {
  const reference = textOf(request, 'XFERINQRQ', 'CLIENTREF');
  const account = textOf(request, 'XFERRQ', 'XFERINFO', 'ACCTTO', 'ACCTID');
  const keys = [reference === '' ? textOf(request, 'TRNUID') : reference];
  return { on: request.name, keys, account: account === '' ? undefined : account };
}
