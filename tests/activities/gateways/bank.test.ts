import { afterEach, describe, expect, test } from 'vitest';
import { createBankGateway } from '#activities/bank/http-bank-gateway.ts';
import { GatewayUnavailable } from '#domain/errors.ts';
import { fen } from '#domain/money.ts';
import type { TransferOrder } from '#domain/payout/gateway.ts';
import { ACCESS_KEY, BROKEN, SECRET, startHostileServer, type HostileServer, type Reaction, type Received } from './hostile-server.ts';

let server: HostileServer | undefined;
afterEach(() => server?.close());

const order: TransferOrder = {
  reference: 'P202611180000000701',
  amountFen: fen(3_452_200),
  payee: { holderName: '张三 <&>', accountNo: '6222 0202 0000 1234', bankName: '中国工商银行石家庄分行', bankCode: '102121000015' },
  purpose: '医疗费用报销',
};

const status = (code: string, message = '') =>
  `<STATUS><CODE>${code}</CODE><SEVERITY>${code === '0' ? 'INFO' : 'ERROR'}</SEVERITY><MESSAGE>${message}</MESSAGE></STATUS>`;
const frame = (transaction: string, signOn = '0') =>
  `<?xml version="1.0" encoding="UTF-8"?><FOX><SIGNONMSGSRSV1><SONRS>${status(signOn)}<DTSERVER>2026-11-18 09:30:00</DTSERVER></SONRS></SIGNONMSGSRSV1>${transaction && `<SECURITIES_MSGSRSV1>${transaction}</SECURITIES_MSGSRSV1>`}</FOX>`;

type Told = { code?: string; amount?: string; account?: string; currency?: string; memo?: string; reason?: string; time?: string };
const info = (told: Told) =>
  `<XFERINFO><ACCTFROM><ACCTID>117010100100000177</ACCTID><NAME>到账示范集团</NAME></ACCTFROM><ACCTTO INTERBANK="N" LOCAL="N"><ACCTID>${told.account ?? '6222020200001234'}</ACCTID><NAME>张三</NAME></ACCTTO><CURSYM>${told.currency ?? 'RMB'}</CURSYM><TRNAMT>${told.amount ?? '34522.00'}</TRNAMT><PURPOSE/><MEMO>${told.memo ?? order.reference}</MEMO></XFERINFO>`;
const state = (told: Told) =>
  `<XFERPRCSTS><XFERPRCCODE>${told.code ?? 'PAYOUT'}</XFERPRCCODE><DTXFERPRC>${told.time ?? '2026-11-18 09:30:02'}</DTXFERPRC><MESSAGE>已处理</MESSAGE><REASON>${told.reason ?? ''}</REASON></XFERPRCSTS>`;
const transferBody = (told: Told, clientRef = order.reference) =>
  `<XFERRS><SRVRID>S1</SRVRID>${info(told)}${state(told)}<CLIENTREF>${clientRef}</CLIENTREF></XFERRS>`;
const transferred = (told: Told = {}, ids: { trnuid?: string; clientRef?: string; status?: string } = {}) =>
  frame(`<XFERTRNRS><TRNUID>${ids.trnuid ?? order.reference}</TRNUID>${status(ids.status ?? '0')}${transferBody(told, ids.clientRef)}</XFERTRNRS>`);
const refused = (code: string) => frame(`<XFERTRNRS><TRNUID>${order.reference}</TRNUID>${status(code, 'ACCTTO/ACCTID is wrong')}</XFERTRNRS>`);

const idOf = (call: Received) => /<TRNUID>([^<]+)<\/TRNUID>/.exec(call.body)?.[1] ?? '';
const inquired = (call: Received, list: string, code = '0') =>
  frame(`<XFERINQTRNRS><TRNUID>${idOf(call)}</TRNUID>${status(code)}<XFERINQRS>${list}</XFERINQRS></XFERINQTRNRS>`);
const record = (told: Told = {}) => `<XFER><SRVRTID>S1</SRVRTID>${info(told)}${state(told)}</XFER>`;
const one = (told: Told = {}) => `<XFERLIST MORE="Y"><FROM>S1</FROM><TO>S1</TO>${record(told)}</XFERLIST>`;
const none = '<XFERLIST MORE="N"><FROM></FROM><TO>-1</TO></XFERLIST>';

async function gateway(react: (call: Received, count: number) => Reaction, timeoutSeconds = 10) {
  server = await startHostileServer(react);
  return createBankGateway(
    {
      code: 'CIB',
      name: { zh: '兴业银行', en: 'Industrial Bank' },
      url: server.url,
      accessKey: ACCESS_KEY,
      secret: SECRET,
      callbackAccessKey: 'cib',
      callbackSecret: SECRET,
      ratePerSecond: 20,
      timeoutSeconds,
      payerAccount: '117010100100000177',
      payerName: '到账示范集团',
      customerId: '1100343164',
      userId: 'daozhang',
      returnWindowSeconds: 86_400,
      queryAfterSeconds: 900,
      clearingPrefix: '309',
    },
    { now: () => new Date() },
  );
}

describe('transfer', () => {
  test('sends the order as the link wants it', async () => {
    const bank = await gateway(() => transferred());
    expect(await bank.transfer(order)).toEqual({ kind: 'succeeded', amountFen: 3_452_200, bankStatus: 'PAYOUT', settledAt: '2026-11-18T01:30:02.000Z' });
    const [call] = server?.received ?? [];
    expect(call?.name).toBe('XFERTRNRQ');
    for (const part of [
      '<CID>1100343164</CID><USERID>daozhang</USERID><GENUSERKEY>N</GENUSERKEY>',
      '<XFERTRNRQ><TRNUID>P202611180000000701</TRNUID><XFERRQ><XFERINFO>',
      '<ACCTFROM><ACCTID>117010100100000177</ACCTID><NAME>到账示范集团</NAME></ACCTFROM>',
      '<ACCTTO INTERBANK="N" LOCAL="N"><ACCTID>6222020200001234</ACCTID><NAME>张三 &lt;&amp;&gt;</NAME><BANKDESC>中国工商银行石家庄分行</BANKDESC><BANKNUM>102121000015</BANKNUM></ACCTTO>',
      '<CURSYM>RMB</CURSYM><TRNAMT>34522.00</TRNAMT><PURPOSE>医疗费用报销</PURPOSE><MEMO>P202611180000000701</MEMO>',
    ]) {
      expect(call?.body).toContain(part);
    }
  });

  test('an account at the same bank is told by its clearing number', async () => {
    const bank = await gateway(() => transferred());
    await bank.transfer({ ...order, payee: { ...order.payee, bankCode: '309391000011' } });
    expect(server?.received[0]?.body).toContain('<ACCTTO INTERBANK="Y"');
  });

  test.each(['SUBMIT_SUCC', 'AUDITING', 'AUDITED', 'PENDING', 'WAIT_FOR_AUDIT', 'PROCESSING', 'SEND_BACK'])('%s is in flight', async (code) => {
    const bank = await gateway(() => transferred({ code }));
    expect(await bank.transfer(order)).toEqual({ kind: 'in-flight', bankStatus: code });
  });

  test.each([
    ['FAIL', '42', '42'],
    ['CANCEL', '', 'CANCEL'],
    ['EXPIRED', '', 'EXPIRED'],
  ])('%s is final', async (code, reason, told) => {
    const bank = await gateway(() => transferred({ code, reason }));
    expect(await bank.transfer(order)).toEqual({ kind: 'failed', bankStatus: code, code: told, text: '已处理' });
  });

  test.each<[string, string, string]>([
    ['one fen less', transferred({ amount: '34521.99' }), 'AMOUNT_DIFFERS'],
    ['one fen more', transferred({ amount: '34522.01' }), 'AMOUNT_DIFFERS'],
    ['another amount that failed', transferred({ code: 'FAIL', amount: '1.00' }), 'AMOUNT_DIFFERS'],
    ['another payee', transferred({ account: '6222020200001235' }), 'PAYEE_DIFFERS'],
    ['another TRNUID', transferred({}, { trnuid: 'P202611180000000702' }), 'REFERENCE_DIFFERS'],
    ['another CLIENTREF', transferred({}, { clientRef: 'P202611180000000702' }), 'REFERENCE_DIFFERS'],
    ['another one’s failure', transferred({ code: 'FAIL' }, { clientRef: 'P202611180000000702' }), 'REFERENCE_DIFFERS'],
    ['another memo', transferred({ memo: 'P202611180000000702' }), 'REFERENCE_DIFFERS'],
    ['PART_PAYOUT, which is for batches', transferred({ code: 'PART_PAYOUT' }), 'STATUS_PART_PAYOUT'],
    ['a status nobody knows', transferred({ code: 'DONE' }), 'STATUS_DONE'],
    ['a status in small letters', transferred({ code: 'payout' }), 'UNREADABLE'],
    ['no status', transferred({ code: '' }), 'UNREADABLE'],
    ['dollars', transferred({ currency: 'USD' }), 'UNREADABLE'],
    ['three decimals', transferred({ amount: '34522.000' }), 'UNREADABLE'],
    ['a negative amount', transferred({ amount: '-34522.00' }), 'UNREADABLE'],
    ['no amount', transferred({ amount: '' }), 'UNREADABLE'],
    ['two amounts', transferred({ amount: '34522.00</TRNAMT><TRNAMT>34522.00' }), 'UNREADABLE'],
    ['no time', transferred({ time: '2026-11-31 09:30:02' }), 'UNREADABLE'],
    ['paid and refused at once', transferred({}, { status: '1003' }), 'REFUSED_1003'],
    ['a code nobody knows', refused('9999'), 'REFUSED_9999'],
    ['the payer account is not ours', refused('1003'), 'REFUSED_1003'],
    ['customer unknown', frame('', '1005'), 'SIGN_ON_REFUSED_1005'],
    ['a transaction under a refused sign-on', transferred().replace('<CODE>0</CODE>', '<CODE>1005</CODE>'), 'SIGN_ON_REFUSED_1005'],
    ['no transaction', frame(''), 'UNREADABLE'],
    ['another transaction', frame(`<XFERINQTRNRS><TRNUID>${order.reference}</TRNUID>${status('0')}</XFERINQTRNRS>`), 'UNREADABLE'],
    ['accepted, and nothing more', frame(`<XFERTRNRS><TRNUID>${order.reference}</TRNUID>${status('0')}</XFERTRNRS>`), 'UNREADABLE'],
    ['garbage', 'Bad Gateway', 'UNREADABLE'],
    ['nothing', '', 'UNREADABLE'],
    ['half a document', transferred().slice(0, -40), 'UNREADABLE'],
    ['two documents', transferred() + transferred(), 'UNREADABLE'],
    ['something after the document', `${transferred()}oops`, 'UNREADABLE'],
    ['JSON', '{"XFERPRCCODE":"PAYOUT"}', 'UNREADABLE'],
    ['a DOCTYPE', transferred().replace('<FOX>', '<!DOCTYPE FOX [<!ENTITY a "b">]><FOX>'), 'UNREADABLE'],
    ['a prototype', transferred().replace('<SRVRID>S1</SRVRID>', '<__proto__>1</__proto__>'), 'UNREADABLE'],
    ['ten thousand levels', frame('<A>'.repeat(10_000) + '</A>'.repeat(10_000)), 'UNREADABLE'],
    ['a control character', transferred().replace('已处理', '\u0001'), 'UNREADABLE'],
  ])('is unknown: %s', async (_, answer, cause) => {
    const bank = await gateway(() => answer);
    expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause });
  });

  test.each(BROKEN)('is unknown: %s', async (_, reaction, cause) => {
    const bank = await gateway(() => reaction, cause === 'TIMEOUT' ? 0.2 : 10);
    expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause });
  });

  test('is unknown: nobody there', async () => {
    const bank = await gateway(() => '');
    await server?.close();
    expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause: 'CONNECTION' });
  });

  describe('a field is wrong (1001): a failure only where the bank knows of no such instruction', () => {
    const answering = (inquiry: (call: Received) => Reaction) => gateway((call) => (call.name === 'XFERTRNRQ' ? refused('1001') : inquiry(call)));

    test('it knows of none', async () => {
      const bank = await answering((call) => inquired(call, none));
      expect(await bank.transfer(order)).toEqual({ kind: 'failed', bankStatus: 'REFUSED', code: '1001', text: 'ACCTTO/ACCTID is wrong' });
    });
    test('an earlier sending was paid', async () => {
      const bank = await answering((call) => inquired(call, one()));
      expect(await bank.transfer(order)).toMatchObject({ kind: 'succeeded', amountFen: 3_452_200 });
    });
    test('the question is not answered', async () => {
      const bank = await answering(() => ({ status: 503 }));
      expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause: 'HTTP_503' });
    });
  });

  describe('the reference was used with other content (1002): never a failure', () => {
    const answering = (list: string) => gateway((call) => (call.name === 'XFERTRNRQ' ? refused('1002') : inquired(call, list)));

    test('the first one paid another amount', async () => {
      const bank = await answering(one({ amount: '100.00' }));
      expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause: 'AMOUNT_DIFFERS' });
    });
    test('the first one paid what was ordered', async () => {
      const bank = await answering(one());
      expect(await bank.transfer(order)).toMatchObject({ kind: 'succeeded' });
    });
    test('the bank contradicts itself', async () => {
      const bank = await answering(none);
      expect(await bank.transfer(order)).toEqual({ kind: 'unknown', cause: 'REFUSED_1002' });
    });
  });
});

describe('inquire', () => {
  const answer = async (list: string, code?: string) => {
    const bank = await gateway((call) => inquired(call, list, code));
    return bank.inquire(order);
  };

  test('asks by reference, under an id of its own', async () => {
    expect(await answer(one())).toEqual({ kind: 'succeeded', amountFen: 3_452_200, bankStatus: 'PAYOUT', settledAt: '2026-11-18T01:30:02.000Z' });
    const [call] = server?.received ?? [];
    expect(call?.body).toContain('<XFERINQRQ><CLIENTREF>P202611180000000701</CLIENTREF></XFERINQRQ>');
    expect(call && idOf(call)).toMatch(/^Q[0-9a-f]{29}$/);
  });
  test.each([
    ['another amount', one({ amount: '34521.99' }), 'AMOUNT_DIFFERS'],
    ['another payee', one({ account: '6222020200001235' }), 'PAYEE_DIFFERS'],
    ['another payee that failed', one({ code: 'FAIL', account: '6222020200001235' }), 'PAYEE_DIFFERS'],
  ])('is unknown: %s', async (_, list, cause) => {
    expect(await answer(list)).toEqual({ kind: 'unknown', cause });
  });
  test('in flight', async () => {
    expect(await answer(one({ code: 'PROCESSING' }))).toEqual({ kind: 'in-flight', bankStatus: 'PROCESSING' });
  });
  test('failed', async () => {
    expect(await answer(one({ code: 'FAIL', reason: '44' }))).toEqual({ kind: 'failed', bankStatus: 'FAIL', code: '44', text: '已处理' });
  });
  test('not found, when the bank says so plainly', async () => {
    expect(await answer(none)).toEqual({ kind: 'not-found' });
  });
  test.each<[string, string, string]>([
    ['a record of another reference', one({ memo: 'P202611180000000702' }), 'REFERENCE_DIFFERS'],
    ['none, and a record', one().replace('MORE="Y"', 'MORE="N"'), 'UNREADABLE'],
    ['none, TO is -1, and yet a record', none.replace('</XFERLIST>', `${record()}</XFERLIST>`), 'UNREADABLE'],
    ['found, and no record', none.replace('MORE="N"', 'MORE="Y"'), 'UNREADABLE'],
    ['none, but TO is a number', none.replace('-1', 'S1'), 'UNREADABLE'],
    ['none, without TO', '<XFERLIST MORE="N"></XFERLIST>', 'UNREADABLE'],
    ['two records', one().replace('</XFERLIST>', '<XFER></XFER></XFERLIST>'), 'UNREADABLE'],
    ['an empty list', '<XFERLIST/>', 'UNREADABLE'],
    ['nothing', '', 'UNREADABLE'],
  ])('is unknown: %s', async (_, list, cause) => {
    expect(await answer(list)).toEqual({ kind: 'unknown', cause });
  });
  test('is unknown: refused', async () => {
    expect(await answer(none, '1001')).toEqual({ kind: 'unknown', cause: 'REFUSED_1001' });
  });
  test('is unknown: the answer to another inquiry', async () => {
    const bank = await gateway((call) => inquired(call, none).replace(idOf(call), 'Q0'));
    expect(await bank.inquire(order)).toEqual({ kind: 'unknown', cause: 'REFERENCE_DIFFERS' });
  });
  test.each(BROKEN)('is unknown: %s', async (_, reaction, cause) => {
    const bank = await gateway(() => reaction, cause === 'TIMEOUT' ? 0.2 : 10);
    expect(await bank.inquire(order)).toEqual({ kind: 'unknown', cause });
  });
});

describe('statement', () => {
  const entry = (no: string, more: { type?: string; summary?: string; amount?: string; reference?: string; reason?: string } = {}) =>
    `<STMTTRN><SRVRTID>S1</SRVRTID><TRNTYPE>${more.type ?? 'DEBIT'}</TRNTYPE><TRNCODE>1187</TRNCODE><DTACCT>2026-11-18T23:59:59</DTACCT><TRNAMT>${more.amount ?? '34522.00'}</TRNAMT><BALAMT>1.00</BALAMT><CURRENCY>RMB</CURRENCY><MEMO>转账汇款|报销</MEMO><ATTACHINFO>${no}</ATTACHINFO><SUMMNAME>${more.summary ?? '转账汇款'}</SUMMNAME><SUMMDESC>${more.reason ? '账号已销户' : ''}</SUMMDESC><BIZREF>${more.reference ?? order.reference}</BIZREF><TEXT1>${more.reason ?? ''}</TEXT1></STMTTRN>`;
  const asked = (call: Received, tag: string) => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(call.body)?.[1] ?? '';
  const page = (call: Received, entries: string, more: 'Y' | 'N' = 'N', account = '117010100100000177') =>
    frame(
      `<SCUSTSTMTTRNRS><TRNUID>${idOf(call)}</TRNUID>${status('0')}<SCUSTSTMTRS><CURDEF>RMB</CURDEF><ACCTFROM><ACCTID>${account}</ACCTID><NAME/></ACCTFROM><TRANLIST MORE="${more}"><DTSTART>${asked(call, 'DTSTART')}</DTSTART><DTEND>${asked(call, 'DTEND')}</DTEND>${entries}</TRANLIST></SCUSTSTMTRS></SCUSTSTMTTRNRS>`,
    );

  test('day by day and page by page; debits and returns, no other credits', async () => {
    const bank = await gateway((call) => {
      const where = `${asked(call, 'DTSTART')}/${asked(call, 'PAGE')}`;
      if (where === '2026-11-18/1') return page(call, entry('E1') + entry('E2', { type: 'CREDIT', summary: '转账收款', reference: '' }), 'Y');
      // E1 again: a new entry has shifted the pages.
      if (where === '2026-11-18/2') return page(call, entry('E1') + entry('E3', { reference: '' }));
      if (where === '2026-11-19/1') return page(call, entry('E4', { type: 'CREDIT', summary: '汇出退回', reason: '44' }));
      return page(call, '');
    });
    expect(await bank.statement({ from: '2026-11-18', to: '2026-11-20' })).toEqual([
      { entryNo: 'E1', kind: 'DEBIT', reference: order.reference, amountFen: 3_452_200, bookedAt: '2026-11-18T15:59:59.000Z', remark: '转账汇款|报销' },
      { entryNo: 'E3', kind: 'DEBIT', reference: null, amountFen: 3_452_200, bookedAt: '2026-11-18T15:59:59.000Z', remark: '转账汇款|报销' },
      { entryNo: 'E4', kind: 'RETURN', reference: order.reference, amountFen: 3_452_200, bookedAt: '2026-11-18T15:59:59.000Z', remark: '44 账号已销户' },
    ]);
    expect(server?.received.map((call) => `${asked(call, 'DTSTART')} ${asked(call, 'DTEND')} ${asked(call, 'PAGE')}`)).toEqual([
      '2026-11-18 2026-11-18 1',
      '2026-11-18 2026-11-18 2',
      '2026-11-19 2026-11-19 1',
      '2026-11-20 2026-11-20 1',
    ]);
  });

  test.each<[string, (call: Received) => string]>([
    ['another account', (call) => page(call, '', 'N', '117010100100000178')],
    ['another first day', (call) => page(call, '').replace('<DTSTART>2026-11-18', '<DTSTART>2026-11-17')],
    ['another last day', (call) => page(call, '').replace('<DTEND>2026-11-18', '<DTEND>2026-11-19')],
    ['an entry without a number', (call) => page(call, entry(''))],
    ['an entry with three decimals', (call) => page(call, entry('E1', { amount: '1.000' }))],
    ['an entry of nothing', (call) => page(call, entry('E1', { amount: '0.00' }))],
    ['two entries with one number', (call) => page(call, entry('E1') + entry('E1', { amount: '1.00' }))],
    ['a refusal', (call) => frame(`<SCUSTSTMTTRNRS><TRNUID>${idOf(call)}</TRNUID>${status('1004')}</SCUSTSTMTTRNRS>`)],
    ['the answer to another question', (call) => page(call, '').replace(idOf(call), 'S0')],
    ['garbage', () => '<FOX>'],
  ])('is an outage: %s', async (_, answer) => {
    const bank = await gateway(answer);
    await expect(bank.statement({ from: '2026-11-18', to: '2026-11-18' })).rejects.toThrow(GatewayUnavailable);
  });

  test.each(BROKEN)('is an outage: %s', async (_, reaction, cause) => {
    const bank = await gateway(() => reaction, cause === 'TIMEOUT' ? 0.2 : 10);
    const error: unknown = await bank.statement({ from: '2026-11-18', to: '2026-11-18' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(GatewayUnavailable);
    expect(String(error)).toContain(cause);
  });
});
