import { describe, expect, test } from 'vitest';
import { readQueryResults } from '#platform/bureau-calls.ts';
import { parseBureauCallback, readDecision } from '#platform/bureau-codec.ts';
import { acknowledgeBureauCallback, decodeResponse } from '#platform/bureau-envelope.ts';

const decision = {
  dcsn_no: '130100D0000000001',
  corr_id: 'YB20261118-00000007',
  osubmit_msgid: 'DZ1301000001202611180930000001',
  rslt_type: '2',
  dcsn_time: '2026-11-20 00:15:00',
  remark: '部分支付',
  resn: [{ code: '96', text: '目录外' }],
  missing: [],
  lines: [
    {
      feedetl_sn: '1',
      det_item_fee_sumamt: '526.00',
      inscp_scp_amt: '500.5',
      act_pay_dedc: '0.00',
      pay_amt: '400.40',
      adjustments: [
        { resn_code: '2', amt: '100.10' },
        { resn_code: 'SJZ-07', amt: '25.50' },
      ],
    },
  ],
  setldetail: [
    { fund_pay_type: '310100', fund_payamt: '300.40' },
    { fund_pay_type: '330100', fund_payamt: '60.00' },
    { fund_pay_type: '370100', fund_payamt: '40.00' },
  ],
};
const [line] = decision.lines;
const [fund] = decision.setldetail;

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const callback = (infno: string, input: unknown) => ({ infno, msgid: '130100000000202611200015000001', infver: 'V1.0', input });

test('a decision, in fen and UTC', () => {
  expect(parseBureauCallback(bytes(callback('DZ11', { decision })))).toEqual({
    ok: true,
    message: {
      kind: 'decision',
      infno: 'DZ11',
      messageId: '130100000000202611200015000001',
      claimNumber: 'YB20261118-00000007',
      raw: decision,
      answer: {
        kind: 'decision',
        decisionNo: '130100D0000000001',
        claimNumber: 'YB20261118-00000007',
        answersMessageId: 'DZ1301000001202611180930000001',
        outcome: 'PARTIALLY_APPROVED',
        decidedAt: '2026-11-19T16:15:00.000Z',
        remark: '部分支付',
        reasons: [{ code: 'NOT_IN_CATALOGUE', text: '目录外' }],
        lines: [
          {
            lineNo: 1,
            submittedFen: 52_600,
            eligibleFen: 50_050,
            deductibleFen: 0,
            benefitFen: 40_040,
            adjustments: [
              { code: 'COINSURANCE', amountFen: 10_010 },
              { code: 'SJZ-07', amountFen: 2_550 },
            ],
          },
        ],
        funding: [
          { source: 'bureau_fund', amountFen: 30_040 },
          { source: 'large_amount', amountFen: 6_000 },
          { source: 'employer_plan', amountFen: 4_000 },
        ],
      },
    },
  });
});

test('material missing', () => {
  const told = { ...decision, rslt_type: '4', lines: [], setldetail: [], missing: [{ file_type: 'DISCHARGE_SUMMARY', remark: '请补' }] };
  expect(readDecision(told)).toMatchObject({
    ok: true,
    value: { kind: 'information-needed', missing: [{ documentKind: 'DISCHARGE_SUMMARY', remark: '请补' }] },
  });
});

describe('a decision that could be misread is not read', () => {
  const { corr_id: _corr, ...noClaim } = decision;
  const bad: [string, unknown][] = [
    ['three decimals', { ...decision, lines: [{ ...line, pay_amt: '400.405' }] }],
    ['a negative amount', { ...decision, lines: [{ ...line, pay_amt: '-400.40' }] }],
    ['minus nothing', { ...decision, lines: [{ ...line, pay_amt: '-0.00' }] }],
    ['a number for an amount', { ...decision, lines: [{ ...line, pay_amt: 400.4 }] }],
    ['NaN', { ...decision, lines: [{ ...line, pay_amt: 'NaN' }] }],
    ['an exponent', { ...decision, setldetail: [{ ...fund, fund_payamt: '3e2' }] }],
    ['an amount beyond counting', { ...decision, lines: [{ ...line, pay_amt: '99999999999999.00' }] }],
    ['thousands separators', { ...decision, lines: [{ ...line, pay_amt: '1,400.40' }] }],
    ['a fund nobody knows', { ...decision, setldetail: [{ ...fund, fund_pay_type: '999900' }] }],
    ['a fund called constructor', { ...decision, setldetail: [{ ...fund, fund_pay_type: 'constructor' }] }],
    ['another amount beside the known ones', { ...decision, lines: [{ ...line, clawback_amt: '100.00' }] }],
    ['an unknown field of an adjustment', { ...decision, lines: [{ ...line, adjustments: [{ resn_code: '2', amt: '125.60', group: 'OA' }] }] }],
    ['an unknown outcome', { ...decision, rslt_type: '5' }],
    ['a line without a number', { ...decision, lines: [{ ...line, feedetl_sn: '01' }] }],
    ['an approval that also asks for material', { ...decision, missing: [{ file_type: 'INVOICE', remark: '' }] }],
    ['a request for material that also pays', { ...decision, rslt_type: '4', missing: [{ file_type: 'INVOICE', remark: '' }] }],
    ['a request for no material', { ...decision, rslt_type: '4', lines: [], setldetail: [], missing: [] }],
    ['no lines', { ...decision, lines: [] }],
    ['no claim', noClaim],
    ['a decision number of 41', { ...decision, dcsn_no: 'x'.repeat(41) }],
    ['30 February', { ...decision, dcsn_time: '2026-02-30 10:00:00' }],
    ['25 o’clock', { ...decision, dcsn_time: '2026-11-20 25:00:00' }],
    ['null', null],
    ['a list', [decision]],
  ];
  test.each(bad)('%s', (_, told) => {
    expect(readDecision(told).ok).toBe(false);
    expect(parseBureauCallback(bytes(callback('DZ11', { decision: told })))).toMatchObject({
      ok: false,
      messageId: '130100000000202611200015000001',
    });
  });

  test('the reason names fields and no values', () => {
    const read = readDecision({ ...decision, osubmit_msgid: '张三 13010219900101123X', lines: [{ ...line, pay_amt: '6222 0202' }] });
    expect(read).toMatchObject({ ok: false, why: expect.stringContaining('lines.0.pay_amt') });
    expect(JSON.stringify(read)).not.toMatch(/张三|6222/);
  });
});

describe('a callback that is no message', () => {
  const bad: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['half a message', bytes(JSON.stringify(callback('DZ11', { decision })).slice(0, -9))],
    ['bytes that are no UTF-8', Buffer.concat([bytes('{"msgid":"'), Buffer.from([0xff, 0xfe]), bytes('"}')])],
    ['U+0000, which PostgreSQL cannot store', bytes(callback('DZ11', { decision: { ...decision, remark: 'a\0b' } }))],
    ['half a surrogate pair', bytes(callback('DZ11', { decision: { ...decision, remark: 'a\ud800b' } }))],
    ['a hundred thousand brackets', bytes('['.repeat(100_000) + ']'.repeat(100_000))],
    ['no message id', bytes({ infno: 'DZ11', input: { decision } })],
    ['a message id of 31', bytes({ ...callback('DZ11', { decision }), msgid: 'x'.repeat(31) })],
    ['an empty input', bytes(callback('DZ11', {}))],
    ['a transaction that is no callback', bytes(callback('DZ01', { claim: {} }))],
    ['an infno that is a list', bytes({ ...callback('DZ11', { decision }), infno: ['DZ11'] })],
  ];
  test.each(bad)('%s', (_, body) => {
    expect(parseBureauCallback(body)).toMatchObject({ ok: false });
  });
});

test('a visit', () => {
  const visit = {
    visit_no: 'V2026111800001',
    psn_no: '13010000000001',
    insuplc_admdvs: '130102',
    mdtrtarea_admvs: '110105',
    med_type: '11',
    fixmedins_code: 'H11010500001',
    fixmedins_name: '北京朝阳医院',
    begntime: '2026-11-18 08:00:00',
    endtime: '2026-11-18 09:00:00',
    medfee_sumamt: '64.29',
    feedetail: [{ feedetl_sn: '1', med_list_codg: 'XA01', med_list_name: '阿司匹林', chrgitm_lv: '01', cnt: '2', pric: '16.26', det_item_fee_sumamt: '32.52' }],
    invoices: [
      {
        elecSetlCertType: '3',
        elecSetlCertCode: '',
        elecSetlCertNo: '26112000000000000001',
        elecSetlCertChkcode: '',
        billAmt: '64.29',
        billDate: '2026-11-18',
      },
    ],
  };
  expect(parseBureauCallback(bytes(callback('DZ13', { visit })))).toMatchObject({
    ok: true,
    message: {
      kind: 'visit',
      claimNumber: null,
      answer: {
        visitNo: 'V2026111800001',
        visitStart: '2026-11-18',
        totalFen: 6_429,
        lines: [{ lineNo: 1, quantity: '2', unitPriceFen: 1_626, amountFen: 3_252 }],
        invoices: [{ number: '26112000000000000001', amountFen: 6_429, issuedOn: '2026-11-18' }],
      },
    },
  });
  expect(parseBureauCallback(bytes(callback('DZ13', { visit: { ...visit, medfee_sumamt: '64.295' } }))).ok).toBe(false);
  // Fields of a visit that we do not know are kept as they came, so they must be such as PostgreSQL can keep.
  const extended = JSON.stringify(callback('DZ13', { visit: { ...visit, ext: 0 } }));
  const nested = extended.replace('"ext":0', `"ext":${'['.repeat(5_000)}${']'.repeat(5_000)}`);
  expect(parseBureauCallback(bytes(nested))).toMatchObject({ ok: false, why: 'nested too deeply' });
  expect(parseBureauCallback(bytes(extended))).toMatchObject({ ok: true, message: { raw: { ext: 0 } } });
});

test('query results: what can be read is read, what cannot is named, what waits is left out', () => {
  const broken = { ...decision, dcsn_no: 'D2', rslt_type: '9' };
  const read = readQueryResults({ results: [{ corr_id: 'YB20261118-00000008', stas: '1' }, decision, broken] });
  expect(read).toMatchObject({
    ok: true,
    value: { answers: [{ answer: { decisionNo: '130100D0000000001' }, raw: decision }], unreadable: [{ raw: broken }] },
  });
  expect(readQueryResults({ results: 'none' }).ok).toBe(false);
});

test.each([
  ['{"infcode":0,"output":{"a":1}}', { kind: 'output', output: { a: 1 } }],
  ['{"infcode":"0","output":{}}', { kind: 'output', output: {} }],
  ['{"infcode":-1,"err_msg":"[DZ-PERSON] 无此人"}', { kind: 'refused', code: 'DZ-PERSON', text: '无此人' }],
  ['{"infcode":-1,"err_msg":"系统繁忙"}', { kind: 'refused', code: null, text: '系统繁忙' }],
  ['{"infcode":-1}', { kind: 'refused', code: null, text: '' }],
])('a response envelope: %s', (body, reply) => {
  expect(decodeResponse(bytes(body))).toEqual(reply);
});

test.each(['', '<html>', '{"infcode":1}', '{"infcode":null}', '{"infcode":false}', '{}', '[]', 'null', '0'])('no response envelope: %s', (body) => {
  expect(decodeResponse(bytes(body))).toMatchObject({ kind: 'unreadable' });
});

test('acknowledgements are in Shanghai’s time', () => {
  const at = new Date('2026-11-18T16:30:00.123Z');
  const taken = acknowledgeBureauCallback({ messageId: 'M1', at });
  expect(taken.mediaType).toBe('application/json; charset=utf-8');
  expect(JSON.parse(taken.body)).toEqual({
    infcode: 0,
    inf_refmsgid: 'M1',
    refmsg_time: '20261119003000123',
    respond_time: '20261119003000123',
    err_msg: '',
    output: {},
  });
  const refused = acknowledgeBureauCallback({ messageId: null, at, refusal: 'msgid: wrong' });
  expect(JSON.parse(refused.body)).toMatchObject({ infcode: -1, inf_refmsgid: '', err_msg: '[DZ-FORMAT] msgid: wrong' });
});
