/** A bureau with two regions and an employer's end for every test of the file that imports this. */
import { afterEach, beforeEach, expect } from 'vitest';
import { headersFor, OUT, type Received, type Simulator, sm3, startReceiver, startSimulator } from './client.ts';

/** What a bureau answers, as far as a test looks at it. */
export type Decision = { corr_id: string; dcsn_no: string; rslt_type: string; stas?: string };
export type GatewayAnswer = {
  infcode: number;
  err_msg: string;
  output: {
    signinoutb: { sign_no: string };
    baseinfo: object;
    insuinfo: object[];
    results: Decision[];
    wdr_stas: string;
    reimFlag: string;
  };
};

export const CODE = '130100';
export let bureau: Simulator;
export let receiver: Awaited<ReturnType<typeof startReceiver>>;
let answer: (call: Received, index: number) => { status: number; body: string };
let sequence = 0;

let signNo = '';

/** What the employer says to callbacks from now on, in this test. */
export const answerWith = (next: typeof answer) => (answer = next);

export const acknowledged = ({ body }: Received) => {
  const { msgid } = JSON.parse(body) as { msgid: string };
  return { status: 200, body: JSON.stringify({ infcode: 0, inf_refmsgid: msgid, err_msg: '', output: {} }) };
};

beforeEach(async () => {
  answerWith(acknowledged);
  receiver = await startReceiver((call, index) => answer(call, index));
  bureau = await startSimulator('bureau', (secrets) => ({
    bureaus: [
      { code: CODE, accessKey: OUT.key, callbackAccessKey: 'gateway-1', callbackUrl: receiver.url, ...secrets, plan: { delayMs: 0 } },
      { code: '110000', accessKey: OUT.key, callbackAccessKey: 'gateway-1', ...secrets },
    ],
    firstRetryMs: 10,
    lastRetryMs: 50,
  }));
  await signIn();
});

afterEach(async () => {
  await bureau.stop();
  await receiver.stop();
});

export function envelope(infno: string, input: object, msgid?: string) {
  sequence += 1;
  return {
    infno,
    msgid: msgid ?? `DZ130100000120261118093000${String(sequence).padStart(4, '0')}`,
    mdtrtarea_admvs: CODE,
    insuplc_admdvs: CODE,
    recer_sys_code: 'HSA',
    signtype: 'SM3',
    infver: 'V1.0',
    opter_type: '1',
    opter: 'daozhang',
    opter_name: '到账',
    inf_time: '2026-11-18 09:30:00',
    fixmedins_code: 'DZ1301000001',
    fixmedins_name: '到账示范集团',
    sign_no: signNo,
    input,
  };
}

export async function post(name: string, body: string, headers: Record<string, string> = headersFor(name, body), code = CODE) {
  return fetch(`${bureau.url}/hsa/${code}`, { method: 'POST', headers, body, signal: AbortSignal.timeout(30_000) });
}

/** The next envelopes carry the `sign_no` that this brings. */
export async function signIn() {
  const signed = await call('9001', { signIn: { opter_no: '1', mac: '', ip: '127.0.0.1' } });
  signNo = signed.output.signinoutb.sign_no;
  return signNo;
}

export async function call(infno: string, input: object, msgid?: string) {
  const response = await post(infno, JSON.stringify(envelope(infno, input, msgid)));
  expect(response.status).toBe(200);
  return (await response.json()) as GatewayAnswer;
}

/** 153.33 yuan: class 甲 100.00, 乙 33.33, 丙 20.00. */
export function claim(corrId: string, changes: object = {}) {
  const line = (sn: string, level: string, amount: string) => ({
    feedetl_sn: sn,
    med_list_codg: `M${sn}`,
    med_list_name: `项目${sn}`,
    chrgitm_lv: level,
    cnt: '1',
    pric: amount,
    det_item_fee_sumamt: amount,
  });
  return {
    claim: {
      corr_id: corrId,
      subm_no: 1,
      prev_dcsn_no: '',
      psn_no: 'P1',
      psn_name: '王芳',
      certno: '130102199001010000',
      psn_type: '11',
      insutype: '310',
      insuplc_admdvs: '130102',
      mdtrtarea_admvs: '110105',
      med_type: '11',
      fixmedins_code: 'H11010500001',
      fixmedins_name: '北京某医院',
      begntime: '2026-11-01 08:00:00',
      endtime: '2026-11-01 09:00:00',
      medfee_sumamt: '153.33',
      feedetail: [line('1', '01', '100.00'), line('2', '02', '33.33'), line('3', '03', '20.00')],
      invoices: [invoice(corrId)],
      attachments: [{ file_type: 'INVOICE', file_name: 'a.pdf', sm3: sm3('a'), size: 1 }],
      ...changes,
    },
  };
}

export const invoice = (no: string) => ({
  elecSetlCertType: '1',
  elecSetlCertCode: '13060124',
  elecSetlCertNo: no,
  elecSetlCertChkcode: 'abc123',
  billAmt: '153.33',
  billDate: '2026-11-01',
});

export const decisions = () => receiver.calls.map(({ body }) => (JSON.parse(body) as { input: { decision: Decision } }).input.decision);
export const plan = (settings: object) => bureau.control('PUT', `/bureaus/${CODE}`, { plan: settings });
export const fault = (settings: object) => bureau.control('POST', '/faults', settings);
export const instruct = (corrId: string, ...rulings: object[]) => bureau.control('PUT', `/bureaus/${CODE}/claims/${corrId}`, { rulings });
export const decide = (corrId: string, ruling: object) => bureau.control('POST', `/bureaus/${CODE}/claims/${corrId}/decide`, ruling);
export const query = async (...ids: string[]) => (await call('DZ02', { corr_ids: ids })).output.results;
