/** A bank with one account and an employer's end for every test of the file that imports this. */
import { afterEach, beforeEach, expect } from 'vitest';
import { headersFor, OUT, readXml, type Received, type Simulator, startReceiver, startSimulator } from './client.ts';

export const PAYER = '622909000000000001';
export let bank: Simulator;
export let receiver: Awaited<ReturnType<typeof startReceiver>>;
let answer: (call: Received, index: number) => { status: number; body: string };

/** What the employer says to notices from now on, in this test. */
export const answerWith = (next: typeof answer) => (answer = next);

export const acknowledged = ({ body }: Received) => {
  const { TRNUID } = readXml(body).FOX.SECURITIES_MSGSRQV1.DZXFERNTFRQ;
  const notice = `<DZXFERNTFRS><TRNUID>${TRNUID}</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS></DZXFERNTFRS>`;
  return { status: 200, body: `<FOX><SECURITIES_MSGSRSV1>${notice}</SECURITIES_MSGSRSV1></FOX>` };
};

beforeEach(async () => {
  answerWith(acknowledged);
  receiver = await startReceiver((call, index) => answer(call, index));
  bank = await startSimulator('bank', (secrets) => ({
    customerId: '1100343164',
    userId: 'daozhang',
    accessKey: OUT.key,
    callbackAccessKey: 'gateway-1',
    callbackUrl: receiver.url,
    ...secrets,
    accounts: [{ acctid: PAYER, name: '到账示范集团', balance: '1000.00' }],
    plan: { delayMs: 0 },
    firstRetryMs: 10,
    lastRetryMs: 50,
  }));
});
afterEach(async () => {
  await bank.stop();
  await receiver.stop();
});

export const SIGN_ON =
  '<SIGNONMSGSRQV1><SONRQ><DTCLIENT>2026-11-18 09:30:00</DTCLIENT><CID>1100343164</CID><USERID>daozhang</USERID><GENUSERKEY>N</GENUSERKEY></SONRQ></SIGNONMSGSRQV1>';
export const fox = (transaction: string, signOn = SIGN_ON) =>
  `<?xml version="1.0" encoding="UTF-8"?><FOX>${signOn}<SECURITIES_MSGSRQV1>${transaction}</SECURITIES_MSGSRQV1></FOX>`;

export type Fields = { amount?: string; account?: string; name?: string; purpose?: string; bankDesc?: string; payer?: string };
export function transfer(trnuid: string, fields: Fields = {}) {
  const { amount = '100.00', account = '6217001', name = '王芳', purpose = '医疗费报销', bankDesc = '建设银行' } = fields;
  return fox(`<XFERTRNRQ><TRNUID>${trnuid}</TRNUID><XFERRQ><XFERINFO>
    <ACCTFROM><ACCTID>${fields.payer ?? PAYER}</ACCTID><NAME>到账示范集团</NAME></ACCTFROM>
    <ACCTTO INTERBANK="N" LOCAL="Y"><ACCTID>${account}</ACCTID><NAME>${name}</NAME><BANKDESC>${bankDesc}</BANKDESC></ACCTTO>
    <CURSYM>RMB</CURSYM><TRNAMT>${amount}</TRNAMT><PURPOSE>${purpose}</PURPOSE>
  </XFERINFO></XFERRQ></XFERTRNRQ>`);
}

export const post = (name: string, body: string, headers: Record<string, string> = headersFor(name, body)) =>
  fetch(`${bank.url}/fox`, { method: 'POST', headers, body, signal: AbortSignal.timeout(30_000) });

export async function call(name: string, body: string) {
  const response = await post(name, body);
  expect(response.status).toBe(200);
  return readXml(await response.text()).FOX;
}
export const order = async (trnuid: string, fields?: Fields) => (await call('XFERTRNRQ', transfer(trnuid, fields))).SECURITIES_MSGSRSV1.XFERTRNRS;
export const processing = async (trnuid: string, fields?: Fields) => (await order(trnuid, fields)).XFERRS.XFERPRCSTS;

export async function inquire(trnuid: string) {
  const request = fox(`<XFERINQTRNRQ><TRNUID>Q1</TRNUID><XFERINQRQ><CLIENTREF>${trnuid}</CLIENTREF></XFERINQRQ></XFERINQTRNRQ>`);
  return (await call('XFERINQTRNRQ', request)).SECURITIES_MSGSRSV1.XFERINQTRNRS.XFERINQRS.XFERLIST;
}
export async function statement(start: string, end: string, more: { page?: number; seltype?: number; side?: number } = {}) {
  const { page = 1, seltype = 1, side = 2 } = more;
  const period = `<DTSTART>${start}</DTSTART><DTEND>${end}</DTEND><PAGE>${page}</PAGE><TRNTYPE>${side}</TRNTYPE>`;
  const query = `<VERSION>2.0</VERSION><ACCTFROM><ACCTID>${PAYER}</ACCTID></ACCTFROM><INCTRAN>${period}</INCTRAN><SELTYPE>${seltype}</SELTYPE>`;
  const request = fox(`<SCUSTSTMTTRNRQ><TRNUID>Q2</TRNUID><SCUSTSTMTRQ>${query}</SCUSTSTMTRQ></SCUSTSTMTTRNRQ>`);
  const { STATUS, SCUSTSTMTRS } = (await call('SCUSTSTMTTRNRQ', request)).SECURITIES_MSGSRSV1.SCUSTSTMTTRNRS;
  const list = SCUSTSTMTRS?.TRANLIST;
  return { code: STATUS.CODE, more: list?.$MORE, entries: [list?.STMTTRN ?? []].flat(), balance: SCUSTSTMTRS?.LEDGERBAL.BALAMT };
}

export const control = (method: string, path: string, body?: unknown) => bank.control(method, path, body);
export const fault = (settings: object) => control('POST', '/faults', settings);
export const today = async () => (await control('GET', '/clock')).body.now.slice(0, 10);
export async function account() {
  const [only] = (await control('GET', '/accounts')).body.accounts;
  if (!only) throw new Error('the bank has no account');
  return only;
}
export const instructions = async () => (await control('GET', '/instructions')).body.instructions;
export const notices = () => receiver.calls.map(({ body }) => readXml(body).FOX?.SECURITIES_MSGSRQV1.DZXFERNTFRQ);
