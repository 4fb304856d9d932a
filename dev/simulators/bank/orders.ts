import { fenOf } from '../shared/money.ts';
import type { Order } from './books.ts';
import { type Element, find, textOf } from './xml.ts';

/** Reads `XFERINFO`; a wrong or missing field is named (`STATUS/CODE` 1001). */
export function orderOf(info: Element | undefined): { ok: true; order: Order } | { ok: false; wrong: string } {
  const payer = find(info, 'ACCTFROM');
  const payee = find(info, 'ACCTTO');
  const order: Order = {
    payerAccount: textOf(payer, 'ACCTID'),
    payerName: textOf(payer, 'NAME'),
    payeeAccount: textOf(payee, 'ACCTID'),
    payeeName: textOf(payee, 'NAME'),
    interbank: payee?.attributes['INTERBANK'] ?? '',
    local: payee?.attributes['LOCAL'] ?? '',
    bankDesc: textOf(payee, 'BANKDESC'),
    bankNum: textOf(payee, 'BANKNUM'),
    city: textOf(payee, 'CITY'),
    fen: fenOf(textOf(info, 'TRNAMT')) ?? 0,
    purpose: textOf(info, 'PURPOSE'),
    memo: textOf(info, 'MEMO'),
  };
  const checks: [string, boolean][] = [
    ['ACCTFROM/ACCTID', isText(order.payerAccount, 1, 32)],
    ['ACCTFROM/NAME', isText(order.payerName, 1, 60)],
    ['ACCTTO/@INTERBANK', /^[YN]$/.test(order.interbank)],
    ['ACCTTO/@LOCAL', /^[YN]$/.test(order.local)],
    ['ACCTTO/ACCTID', /^[A-Za-z0-9-]{1,32}$/.test(order.payeeAccount)],
    ['ACCTTO/NAME', isText(order.payeeName, 1, 60)],
    ['ACCTTO/BANKDESC', isText(order.bankDesc, order.interbank === 'N' ? 1 : 0, 50)],
    ['ACCTTO/BANKNUM', /^(\d{12})?$/.test(order.bankNum)],
    ['ACCTTO/CITY', isText(order.city, 0, 30)],
    ['CURSYM', ['', 'RMB'].includes(textOf(info, 'CURSYM'))],
    ['TRNAMT', order.fen > 0],
    ['PURPOSE', isText(order.purpose, 1, 60)],
    ['MEMO', isText(order.memo, 0, 60)],
  ];
  const wrong = checks.find(([, right]) => !right);
  return wrong ? { ok: false, wrong: wrong[0] } : { ok: true, order };
}

/** Lengths count characters, not UTF-16 units. */
function isText(text: string, least: number, most: number) {
  const length = Array.from(text).length;
  return length >= least && length <= most;
}
