import { afterEach, describe, expect, test } from 'vitest';
import { createBureauGateway } from '#activities/bureau/http-bureau-gateway.ts';
import type { BureauSubmission } from '#domain/bureau/gateway.ts';
import { GatewayUnavailable } from '#domain/errors.ts';
import { fen } from '#domain/money.ts';
import { ACCESS_KEY, BROKEN, SECRET, startHostileServer, type HostileServer, type Reaction } from './hostile-server.ts';

let server: HostileServer | undefined;
afterEach(() => server?.close());

const signedIn = JSON.stringify({ infcode: 0, output: { signinoutb: { sign_time: '2026-11-18 09:00:00', sign_no: 'S1' } } });
const ok = (output: unknown): string => JSON.stringify({ infcode: 0, inf_refmsgid: 'x', err_msg: '', output });
const no = (err_msg: string): string => JSON.stringify({ infcode: -1, err_msg, output: {} });

const submission: BureauSubmission = {
  messageId: 'DZ1301000001202611180930000001',
  claimNumber: 'YB20261118-00000007',
  version: 1,
  appealsDecisionNo: null,
  diagnoses: [{ code: 'J18.900', name: '肺炎' }],
  person: { personNo: '13010000000001', name: '张三', identityNo: '13010219900101123X', personType: '11', insuranceType: '310' },
  insuredRegion: '130102',
  treatedRegion: '110105',
  medicalType: '11',
  hospital: { code: 'H11010500001', name: '北京朝阳医院' },
  visitStart: '2026-11-16',
  visitEnd: '2026-11-17',
  totalFen: fen(6_429),
  lines: [{ lineNo: 1, itemCode: 'XA01', itemName: '阿司匹林', itemClass: '01', quantity: '2', unitPriceFen: fen(3_214), amountFen: fen(6_429) }],
  invoices: [{ type: '3', code: '', number: '26112000000000000001', checkCode: '', amountFen: fen(6_429), issuedOn: '2026-11-17' }],
  documents: [{ kind: 'INVOICE', fileName: '发票.pdf', sm3: 'a'.repeat(64), sizeBytes: 1234 }],
};
const decision = (claimNumber: string, no: string) => ({
  dcsn_no: no,
  corr_id: claimNumber,
  osubmit_msgid: submission.messageId,
  rslt_type: '3',
  dcsn_time: '2026-11-20 09:00:00',
  lines: [
    {
      feedetl_sn: '1',
      det_item_fee_sumamt: '64.29',
      inscp_scp_amt: '0.00',
      act_pay_dedc: '0.00',
      pay_amt: '0.00',
      adjustments: [{ resn_code: '96', amt: '64.29' }],
    },
  ],
  setldetail: [],
});

/** Signs in as it should be, then reacts as given. */
const signsInAnd =
  (reaction: Reaction) =>
  (name: string): Reaction =>
    name === '9001' ? signedIn : reaction;

async function gateway(react: (name: string, count: number) => Reaction, more: { timeoutSeconds?: number; signal?: AbortSignal } = {}) {
  server = await startHostileServer(({ name }, count) => react(name, count));
  const unreadable: string[] = [];
  const bureau = createBureauGateway(
    {
      code: '130100',
      name: { zh: '石家庄市医疗保障局', en: 'Shijiazhuang' },
      url: server.url,
      accessKey: ACCESS_KEY,
      secret: SECRET,
      callbackAccessKey: 'sjz',
      callbackSecret: SECRET,
      ratePerSecond: 20,
      timeoutSeconds: more.timeoutSeconds ?? 10,
      capabilities: { callbacks: true, partialApproval: true, batchQuery: true, withdraw: true, invoiceStates: true },
      pollEverySeconds: 60,
    },
    { code: 'DZ1301000001', name: '到账示范集团' },
    { now: () => new Date(), signal: () => more.signal, onUnreadable: ({ why }) => unreadable.push(why) },
  );
  return { bureau, received: server.received, unreadable };
}

test('submits what the interface asks for, under the message id it was given', async () => {
  const { bureau, received } = await gateway(signsInAnd(ok({ acpt_no: 'A1', acpt_time: '2026-11-18 09:30:05' })));
  expect(await bureau.submit(submission)).toEqual({ kind: 'accepted', acceptanceNo: 'A1', acceptedAt: '2026-11-18T01:30:05.000Z' });
  expect(received.map(({ name }) => name)).toEqual(['9001', 'DZ01']);
  expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({
    infno: 'DZ01',
    msgid: 'DZ1301000001202611180930000001',
    mdtrtarea_admvs: '110105',
    insuplc_admdvs: '130102',
    fixmedins_code: 'DZ1301000001',
    sign_no: 'S1',
    input: {
      claim: {
        corr_id: 'YB20261118-00000007',
        subm_no: 1,
        prev_dcsn_no: '',
        begntime: '2026-11-16 00:00:00',
        medfee_sumamt: '64.29',
        diseinfo: [{ diag_srt_no: 1, diag_code: 'J18.900', diag_name: '肺炎' }],
        feedetail: [{ feedetl_sn: '1', cnt: '2', pric: '32.14', det_item_fee_sumamt: '64.29' }],
        invoices: [{ elecSetlCertType: '3', billAmt: '64.29', billDate: '2026-11-17' }],
      },
    },
  });
});

test('signs in once for calls side by side, and again when the gateway has forgotten', async () => {
  const { bureau, received } = await gateway((name, count) => {
    if (name === '9001') return ok({ signinoutb: { sign_time: '', sign_no: `S${count}` } });
    return count <= 2 ? no('[DZ-SIGN] 请重新签到') : ok({ acpt_no: 'A1', acpt_time: '2026-11-18 09:30:05' });
  });
  const [first, second] = await Promise.all([bureau.submit(submission), bureau.submit(submission)]);
  expect([first.kind, second.kind]).toEqual(['accepted', 'accepted']);
  expect(received.filter(({ name }) => name === '9001')).toHaveLength(2);
  const submitted = received.filter(({ name }) => name === 'DZ01').map(({ body }) => JSON.parse(body) as { msgid: string; sign_no: string });
  expect(submitted.map(({ sign_no }) => sign_no)).toEqual(['S1', 'S1', 'S2', 'S2']);
  expect(new Set(submitted.map(({ msgid }) => msgid))).toEqual(new Set([submission.messageId]));
});

test('a sign-in that fails is tried again by the next call', async () => {
  const { bureau } = await gateway((name, count) => {
    if (name === '9001') return count === 1 ? { status: 500 } : signedIn;
    return ok({ wdr_stas: '1' });
  });
  await expect(bureau.withdraw({ claimNumber: 'C1' })).rejects.toThrow(GatewayUnavailable);
  expect(await bureau.withdraw({ claimNumber: 'C1' })).toBe('withdrawn');
});

test('a gateway that never accepts a sign-in is not asked for ever', async () => {
  const { bureau, received } = await gateway(signsInAnd(no('[DZ-SIGN] 请重新签到')));
  await expect(bureau.submit(submission)).rejects.toThrow(GatewayUnavailable);
  expect(received.map(({ name }) => name)).toEqual(['9001', 'DZ01', '9001', 'DZ01']);
});

test.each([
  ['[DZ-INVOICE] 发票已报销', { kind: 'refused', code: 'DZ-INVOICE', text: '发票已报销' }],
  ['[DZ-PERSON] ', { kind: 'refused', code: 'DZ-PERSON', text: '' }],
])('refused: %s', async (text, result) => {
  const { bureau } = await gateway(signsInAnd(no(text)));
  expect(await bureau.submit(submission)).toEqual(result);
});

test('trouble of the gateway’s own is an outage, not an answer about the claim', async () => {
  const { bureau } = await gateway(signsInAnd(no('系统繁忙,请稍后再试')));
  await expect(bureau.submit(submission)).rejects.toThrow(GatewayUnavailable);
});

test.each([
  ['1', 'withdrawn'],
  ['2', 'already-decided'],
  ['3', 'unknown'],
])('withdrawal %s', async (stas, result) => {
  const { bureau } = await gateway(signsInAnd(ok({ wdr_stas: stas })));
  expect(await bureau.withdraw({ claimNumber: 'C1' })).toBe(result);
});

describe('the state of a bill (5501)', () => {
  const bill = { type: '1', code: '13010126', number: '0000000007', checkCode: '4f2a1c' };

  test.each([
    [ok({ rhredFlag: '0', reimFlag: '0' }), { known: true, reversed: false, claimed: 'no' }],
    [ok({ rhredFlag: '1', reimFlag: '0' }), { known: true, reversed: true, claimed: 'no' }],
    [ok({ rhredFlag: '0', reimFlag: '1' }), { known: true, reversed: false, claimed: 'yes' }],
    [ok({ rhredFlag: '0', reimFlag: '2' }), { known: true, reversed: false, claimed: 'in-progress' }],
    [no('[DZ-CERT] 查无此票'), { known: false }],
  ])('%s', async (answer, state) => {
    const { bureau, received } = await gateway(signsInAnd(answer));
    expect(await bureau.invoiceState(bill)).toEqual(state);
    expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({
      infno: '5501',
      input: { data: { elecSetlCertType: '1', elecSetlCertCode: '13010126', elecSetlCertNo: '0000000007', elecSetlCertChkcode: '4f2a1c' } },
    });
  });

  test.each([
    ['a flag that is none', ok({ rhredFlag: '2', reimFlag: '0' })],
    ['one flag of two', ok({ rhredFlag: '0' })],
    ['a number', ok({ rhredFlag: 0, reimFlag: 0 })],
    ['no output', ok(null)],
    ['a list', ok([{ rhredFlag: '0', reimFlag: '0' }])],
    ['another refusal', no('[DZ-FORMAT] 字段有误')],
    ['a refusal without a code', no('查无此票')],
    ['garbage', '<html>502 Bad Gateway</html>'],
    ['silence at once', { status: 500 }],
  ] as [string, Reaction][])('%s is no answer: the bill is neither good nor bad for it', async (_, reaction) => {
    const { bureau } = await gateway(signsInAnd(reaction));
    await expect(bureau.invoiceState(bill)).rejects.toThrow(GatewayUnavailable);
  });
});

test('a query answers for the claims that were asked for and can be read', async () => {
  const results = [{ corr_id: 'C1', stas: '0' }, { ...decision('C2', 'D1'), rslt_type: '7' }, decision('C3', 'D2'), decision('C3', 'D3'), decision('C9', 'D4')];
  const { bureau, unreadable } = await gateway(signsInAnd(ok({ results })));
  const answers = await bureau.query({ claimNumbers: ['C1', 'C2', 'C3'] });
  expect(answers.map(({ answer }) => answer.decisionNo)).toEqual(['D2', 'D3']);
  expect(answers[0]?.raw).toEqual(results[2]);
  expect(unreadable).toHaveLength(2);
});

test('nothing to ask is not asked, and more than a hundred is a mistake', async () => {
  const { bureau, received } = await gateway(signsInAnd(ok({ results: [] })));
  expect(await bureau.query({ claimNumbers: [] })).toEqual([]);
  expect(received).toEqual([]);
  await expect(bureau.query({ claimNumbers: Array.from({ length: 101 }, (_, i) => `C${i}`) })).rejects.toThrow(RangeError);
});

describe('whatever cannot be read is an outage, and says nothing personal', () => {
  const nonsense: [string, Reaction, string][] = [
    ['garbage', '<html>502 Bad Gateway</html>', 'not JSON'],
    ['half an answer', ok({ acpt_no: 'A1', acpt_time: '2026-11-18 09:30:05' }).slice(0, -5), 'not JSON'],
    ['an empty answer', '', 'not JSON'],
    ['an acceptance without a number', ok({ acpt_time: '2026-11-18 09:30:05' }), 'acpt_no'],
    ['no output', '{"infcode":0}', 'nonsense'],
    ['an unknown infcode', '{"infcode":7,"output":{}}', 'envelope'],
  ];
  test.each([...nonsense, ...BROKEN])('%s', async (_, reaction, cause) => {
    const { bureau } = await gateway(signsInAnd(reaction), { timeoutSeconds: cause === 'TIMEOUT' ? 0.2 : 10 });
    const error: unknown = await bureau.submit(submission).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(GatewayUnavailable);
    expect(String(error)).toContain('130100');
    expect(String(error)).toContain(cause);
    expect(String(error)).not.toMatch(/张三|13010219900101123X|127\.0\.0\.1/);
  });

  test('nobody there', async () => {
    const { bureau } = await gateway(() => signedIn);
    await server?.close();
    await expect(bureau.submit(submission)).rejects.toThrow('CONNECTION');
  });

  test('cancelled work ends its call', async () => {
    const controller = new AbortController();
    const silence: Reaction = () => controller.abort();
    const { bureau } = await gateway(signsInAnd(silence), { signal: controller.signal });
    await expect(bureau.submit(submission)).rejects.toThrow('CANCELLED');
  });
});
