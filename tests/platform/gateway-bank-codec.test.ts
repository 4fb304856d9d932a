import { describe, expect, test } from 'vitest';
import { acknowledgeBankCallback, parseBankCallback } from '#platform/bank-codec.ts';

const notice = (told: { amount?: string; code?: string; memo?: string; reference?: string } = {}) =>
  `<?xml version="1.0" encoding="UTF-8"?><FOX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>2026-11-18 09:30:02</DTCLIENT><CID>1100343164</CID><USERID>bank</USERID><GENUSERKEY>N</GENUSERKEY></SONRQ></SIGNONMSGSRQV1><SECURITIES_MSGSRQV1><DZXFERNTFRQ><TRNUID>N1</TRNUID><CLIENTREF>${told.reference ?? 'P1'}</CLIENTREF><XFER><SRVRTID>S1</SRVRTID><XFERINFO><ACCTTO INTERBANK="N" LOCAL="N"><ACCTID>6222</ACCTID><NAME>张三</NAME></ACCTTO><CURSYM>RMB</CURSYM><TRNAMT>${told.amount ?? '526.00'}</TRNAMT><PURPOSE/><MEMO>${told.memo ?? 'P1'}</MEMO></XFERINFO><XFERPRCSTS><XFERPRCCODE>${told.code ?? 'PAYOUT'}</XFERPRCCODE><DTXFERPRC>2026-11-18 09:30:02</DTXFERPRC><MESSAGE>账号已冻结</MESSAGE><REASON>45</REASON></XFERPRCSTS></XFER></DZXFERNTFRQ></SECURITIES_MSGSRQV1></FOX>`;

test('a notice of a payment', () => {
  const raw = notice();
  expect(parseBankCallback(Buffer.from(raw))).toEqual({
    ok: true,
    message: {
      kind: 'payment-result',
      messageId: 'N1',
      reference: 'P1',
      status: { kind: 'succeeded', amountFen: 52_600, bankStatus: 'PAYOUT', settledAt: '2026-11-18T01:30:02.000Z' },
      record: { amountFen: 52_600, accountNo: '6222' },
      raw,
    },
  });
});

test.each([
  [{ code: 'FAIL' }, { kind: 'failed', bankStatus: 'FAIL', code: '45', text: '账号已冻结' }],
  [{ code: 'PENDING' }, { kind: 'in-flight', bankStatus: 'PENDING' }],
  [{ code: 'OK' }, { kind: 'unknown', cause: 'STATUS_OK' }],
  [
    { code: 'FAIL', memo: 'P2' },
    { kind: 'unknown', cause: 'REFERENCE_DIFFERS' },
  ],
])('a notice of %o', (told, status) => {
  expect(parseBankCallback(Buffer.from(notice(told)))).toMatchObject({ ok: true, message: { status } });
});

describe('no notice', () => {
  test.each([
    ['nothing', ''],
    ['half a notice', notice().slice(0, -20)],
    ['a DOCTYPE', notice().replace('<FOX>', '<!DOCTYPE FOX SYSTEM "file:///etc/passwd"><FOX>')],
    ['three decimals', notice({ amount: '526.000' })],
    ['nothing paid', notice({ amount: '0.00' })],
    ['two transactions', notice().replace('</DZXFERNTFRQ>', '</DZXFERNTFRQ><DZXFERNTFRQ></DZXFERNTFRQ>')],
    ['a reference of 31', notice({ reference: 'P'.repeat(31) })],
    ['a reference with markup', notice({ reference: 'P&lt;1' })],
    ['an answer of a bank', notice().replaceAll('RQV1', 'RSV1')],
    ['U+0000', notice().replace('张三', '\0')],
  ])('%s', (_, body) => {
    expect(parseBankCallback(Buffer.from(body))).toMatchObject({ ok: false, messageId: null });
  });

  test('GB2312, which the manual’s client would send', () => {
    const [before = '', after = ''] = notice().split('张三');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]), Buffer.from(after)]);
    expect(parseBankCallback(body).ok).toBe(false);
  });

  test('the reason names fields and no values', () => {
    const parsed = parseBankCallback(Buffer.from(notice({ amount: '6222 0202' })));
    expect(parsed).toMatchObject({ ok: false, why: expect.stringContaining('TRNAMT') });
    expect(JSON.stringify(parsed)).not.toContain('6222');
  });
});

test('the acknowledgement names the notice', () => {
  const taken = acknowledgeBankCallback({ messageId: 'N1', at: new Date('2026-11-18T01:30:05Z') });
  expect(taken).toEqual({
    mediaType: 'application/x-fox; charset=utf-8',
    body: '<?xml version="1.0" encoding="UTF-8"?><FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY><MESSAGE></MESSAGE></STATUS><DTSERVER>2026-11-18 09:30:05</DTSERVER></SONRS></SIGNONMSGSRSV1><SECURITIES_MSGSRSV1><DZXFERNTFRS><TRNUID>N1</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY><MESSAGE></MESSAGE></STATUS></DZXFERNTFRS></SECURITIES_MSGSRSV1></FOX>',
  });
  const refused = acknowledgeBankCallback({ messageId: null, at: new Date(), refusal: 'FOX: <b>' });
  expect(refused.body).toContain('<TRNUID></TRNUID><STATUS><CODE>1001</CODE><SEVERITY>ERROR</SEVERITY><MESSAGE>FOX: &lt;b&gt;</MESSAGE></STATUS>');
});
