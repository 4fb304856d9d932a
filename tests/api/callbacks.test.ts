import { randomUUID } from 'node:crypto';
import { readInboxBody, readPaymentResult } from '#prisma/queries/inbox.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// The simulators' own signature, which shares no code with the one that is tested.
import { signedHeaders } from '#dev/simulators/shared/signing.ts';
import { messageBodyOf } from '#prisma/queries/sealed.ts';
import { giveConsents } from '../setup/consents.ts';
import { claimBody, invoice, NOW, startTestApi, type TestApi } from './support.ts';

/** Temporal is away in all of this: nothing that is told us depends on it. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const SECRET = String.fromCharCode(7).repeat(32);
type Sent = {
  to?: string;
  name?: string;
  accessKey?: string;
  secret?: string;
  nowMs?: number;
  type?: string;
  signed?: string;
  headers?: Record<string, string>;
};

function send(
  body: string,
  {
    to = 'bureaus/130100',
    name = 'DZ11',
    accessKey = 'in-130100',
    secret = SECRET,
    nowMs = NOW.getTime(),
    type = 'application/json; charset=utf-8',
    signed = body,
    headers,
  }: Sent = {},
) {
  const signature = signedHeaders({ name, body: signed, credentials: { accessKey, secret }, nowMs });
  return api.app.inject({ method: 'POST', url: `/v1/callbacks/${to}`, payload: body, headers: { 'content-type': type, ...signature, ...headers } });
}

let messages = 0;
const messageId = () => `DZ130100000120261118093000${String((messages += 1)).padStart(4, '0')}`;
const envelope = (infno: string, input: unknown, msgid = messageId()) => JSON.stringify({ infno, msgid, inf_time: '2026-11-18 09:30:00', input });

function decision(claimNumber: string, more: Record<string, unknown> = {}) {
  return {
    ...{
      dcsn_no: 'J2026-1',
      corr_id: claimNumber,
      osubmit_msgid: 'DZ1301000001202611180930000001',
      rslt_type: '1',
      dcsn_time: '2026-11-18 09:00:00',
      remark: '',
    },
    lines: [
      {
        feedetl_sn: '1',
        det_item_fee_sumamt: '500.00',
        inscp_scp_amt: '500.00',
        act_pay_dedc: '0.00',
        pay_amt: '400.00',
        adjustments: [{ resn_code: '2', amt: '100.00' }],
      },
      {
        feedetl_sn: '2',
        det_item_fee_sumamt: '26.00',
        inscp_scp_amt: '0.00',
        act_pay_dedc: '0.00',
        pay_amt: '0.00',
        adjustments: [{ resn_code: '96', amt: '26.00' }],
      },
    ],
    setldetail: [{ fund_pay_type: '310100', fund_payamt: '400.00' }],
    ...more,
  };
}

async function submitted(body: Record<string, unknown> = {}): Promise<string> {
  const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ invoices: [invoice()], ...body }) });
  return answer.json().number;
}
const signals = async (claimNumber: string) => {
  const { rows } = await api.database.query<{ signal: string; payload: unknown }>(
    `SELECT signal, payload FROM workflow_command WHERE claim_number = $1 AND kind = 'SIGNAL' ORDER BY id`,
    [claimNumber],
  );
  return rows;
};
const audits = async (action: string) => {
  const { rows } = await api.database.query<{ detail: Record<string, unknown> }>('SELECT detail FROM audit_entry WHERE action = $1 ORDER BY id', [action]);
  return rows.map((row) => row.detail);
};

describe('decisions', () => {
  test('stored once, told once, acknowledged with the same bytes however often it comes', async () => {
    const number = await submitted();
    const body = envelope('DZ11', { decision: decision(number) });
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(body)));
    expect(answers.map((answer) => answer.statusCode)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
    const { msgid } = JSON.parse(body);
    expect(answers[0]?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answers[0]?.json()).toMatchObject({ infcode: 0, inf_refmsgid: msgid });
    expect(await signals(number)).toEqual([{ signal: 'bureauDecision', payload: { source: '130100', messageId: msgid } }]);
    const { rows } = await api.database.query('SELECT claim_number AS number, type FROM inbox_message WHERE message_id = $1', [msgid]);
    expect(rows).toEqual([{ number, type: 'decision' }]);
    const stored = await api.database.write((tx) => readInboxBody(tx, { source: '130100', messageId: msgid }));
    expect(stored).toMatchObject({ answer: { kind: 'decision', claimNumber: number, outcome: 'APPROVED' } });

    api.time.now = new Date(NOW.getTime() + 60_000);
    expect((await send(body, { nowMs: api.time.now.getTime() })).body).toBe(answers[0]?.body);
    api.time.now = NOW;
  });

  test('the same message id with another body is refused', async () => {
    const number = await submitted();
    const id = messageId();
    expect((await send(envelope('DZ11', { decision: decision(number) }, id))).statusCode).toBe(200);
    const other = await send(envelope('DZ11', { decision: decision(number, { dcsn_no: 'J2026-2' }) }, id));
    expect(other.statusCode).toBe(409);
    expect(other.json().code).toBe('MESSAGE_REPLAYED');
    expect(await signals(number)).toHaveLength(1);
  });

  test('for a claim that is not there, or that another bureau has: kept, acknowledged, and told nobody', async () => {
    const beijing = await submitted({ employeeNo: 'E2' });
    for (const number of ['YB20261118-09999999', beijing]) {
      const body = envelope('DZ11', { decision: decision(number) });
      expect((await send(body)).json()).toMatchObject({ infcode: 0 });
      expect(await audits('unknown-claim')).toContainEqual({ messageId: JSON.parse(body).msgid, claimNumber: number });
      expect(await signals(number)).toEqual([]);
    }
    const { rows } = await api.database.query('SELECT 1 FROM inbox_message WHERE claim_number = $1', [beijing]);
    expect(rows).toEqual([]);
  });

  const body = envelope('DZ11', { decision: decision('YB20261118-00000001') });
  test.each<[string, string, Sent]>([
    ['another secret', body, { secret: 'x'.repeat(32) }],
    ['another body than was signed', body.replace('400.00', '500.00'), { signed: body }],
    ['a key that may not call here', body, { accessKey: 'in-110000' }],
    ['a key for the other direction', body, { accessKey: 'out-130100' }],
    ['31 minutes old', body, { nowMs: NOW.getTime() - 31 * 60_000 }],
    ['31 minutes ahead', body, { nowMs: NOW.getTime() + 31 * 60_000 }],
    ['no signature', body, { headers: { _api_signature: '' } }],
    ['a bureau that nobody knows', body, { to: 'bureaus/999999' }],
  ])('%s: 401, and nothing is stored', async (_what, sent, how) => {
    const before = await api.countRows();
    const answer = await send(sent, how);
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe('SIGNATURE_INVALID');
    expect(await api.countRows()).toEqual(before);
  });

  test.each<[string, string, Sent]>([
    ['no JSON', '{"infno":', {}],
    ['half a message', envelope('DZ11', {}), {}],
    [
      'amounts that are numbers',
      envelope('DZ11', { decision: decision('YB20261118-00000001', { setldetail: [{ fund_pay_type: '310100', fund_payamt: 400 }] }) }),
      {},
    ],
    ['NUL in a text', envelope('DZ11', { decision: decision('YB20261118-00000001', { remark: 'a\u0000b' }) }), {}],
    ['a transaction that is no callback', envelope('DZ01', { decision: decision('YB20261118-00000001') }), { name: 'DZ01' }],
    ['another transaction than was signed', body, { name: 'DZ13' }],
  ])('signed, but %s: the sender is told, and nothing is stored', async (_what, sent, how) => {
    const before = await api.countRows();
    const answer = await send(sent, how);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ infcode: -1, err_msg: expect.stringContaining('[DZ-FORMAT]') });
    expect(await api.countRows()).toEqual(before);
  });

  test('another content type, and a body without end', async () => {
    expect((await send(body, { type: 'text/plain' })).json().code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await send(' '.repeat(2_000_000))).json().code).toBe('BODY_TOO_LARGE');
  });
});

describe('visits', () => {
  const bill = (more = {}) => {
    const { code, number, checkCode } = invoice() as Record<string, string>;
    return {
      elecSetlCertType: '1',
      elecSetlCertCode: code,
      elecSetlCertNo: number,
      elecSetlCertChkcode: checkCode,
      billAmt: '526.00',
      billDate: '2026-11-10',
      ...more,
    };
  };
  const visit = (more: Record<string, unknown> = {}) => ({
    ...{ visit_no: `V-${randomUUID().slice(0, 8)}`, psn_no: 'PE1', insuplc_admdvs: '130102', mdtrtarea_admvs: '110000', med_type: '11' },
    ...{
      fixmedins_code: 'H11010100001',
      fixmedins_name: '北京协和医院',
      begntime: '2026-11-10 08:00:00',
      endtime: '2026-11-10 09:00:00',
      medfee_sumamt: '526.00',
    },
    feedetail: [
      {
        feedetl_sn: '1',
        med_list_codg: 'XB05BBF271B002',
        med_list_name: '葡萄糖注射液',
        chrgitm_lv: '01',
        cnt: '2',
        pric: '250.00',
        det_item_fee_sumamt: '500.00',
      },
      {
        feedetl_sn: '2',
        med_list_codg: '001101000010000',
        med_list_name: '普通门诊诊察费',
        chrgitm_lv: '02',
        cnt: '1',
        pric: '26.00',
        det_item_fee_sumamt: '26.00',
      },
    ],
    invoices: [bill()],
    ...more,
  });
  const tell = (content: unknown, msgid?: string) => send(envelope('DZ13', { visit: content }, msgid), { name: 'DZ13' });
  const drafts = async (visitNo: string) => {
    const { rows } = await api.database.query<{ number: string }>('SELECT number FROM claim WHERE visit_no = $1', [visitNo]);
    return rows.map((row) => row.number);
  };

  test('a visit becomes a draft that the employee confirms', async () => {
    const content = visit();
    expect((await tell(content)).json()).toMatchObject({ infcode: 0 });
    const [number = ''] = await drafts(content.visit_no);
    const claim = (await api.call({ url: `/v1/claims/${number}` })).json();
    expect(claim).toMatchObject({
      state: 'DRAFT',
      source: 'VISIT',
      employeeNo: 'E1',
      kind: 'OUTPATIENT',
      submittedAmount: '526.00',
      bureauCode: '130100',
      turn: 'employee',
    });
    expect(claim.lines).toMatchObject([{ amount: '500.00' }, { amount: '26.00' }]);
    expect(claim.createdBy).toEqual({ type: 'bureau', id: '130100' });
    const { rows } = await api.database.query<{ template: string }>('SELECT template FROM notice WHERE claim_number = $1', [number]);
    expect(rows).toEqual([{ template: 'DRAFT_TO_CONFIRM' }]);
    const confirmed = await api.call({ method: 'POST', url: `/v1/claims/${number}/confirm`, as: 'E1' });
    expect(confirmed.json()).toMatchObject({ state: 'SUBMITTED' });
  });

  test.each<[string, string]>([
    ['somebody who has not consented', 'PE4'],
    ['somebody whom we do not know', 'NOBODY'],
  ])('of %s no more is kept than that it was told', async (_, person) => {
    await giveConsents(api.database, [api.employeeIds.E4], { purposes: ['SHARING_BUREAU'], kind: 'WITHDRAWN' });
    const msgid = messageId();
    const content = visit({ psn_no: person });
    expect((await tell(content, msgid)).json()).toMatchObject({ infcode: 0 });
    expect(await drafts(content.visit_no)).toEqual([]);
    const { rows } = await api.database.query<{ body: Buffer; digest: string }>('SELECT body, body_digest AS digest FROM inbox_message WHERE message_id = $1', [
      msgid,
    ]);
    const place = messageBodyOf({ source: '130100', messageId: msgid });
    expect(JSON.parse((await api.database.vault.openInstallation(place, rows[0]?.body ?? Buffer.alloc(0))).toString())).toEqual({
      withheld: 'consent-missing',
    });
    expect(rows[0]?.digest).toMatch(/^[0-9a-f]{64}$/);
    // the same message again is acknowledged, another body under its id is not
    expect((await tell(content, msgid)).json()).toMatchObject({ infcode: 0 });
    expect((await tell(visit({ psn_no: person }), msgid)).statusCode).toBe(409);
  });

  test('the same visit under other message ids, at once: one draft', async () => {
    const content = visit();
    const answers = await Promise.all(Array.from({ length: 5 }, () => tell(content)));
    expect(answers.every((answer) => answer.json().infcode === 0)).toBe(true);
    expect(await drafts(content.visit_no)).toHaveLength(1);
    expect((await audits('visit-ignored')).filter(({ why }) => why === 'told-before')).toHaveLength(4);
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['person-unknown', () => ({ psn_no: 'NOBODY' })],
    ['person-unknown', () => ({ psn_no: 'PE9' })],
    ['another-bureau', () => ({ psn_no: 'PE2', insuplc_admdvs: '110000' })],
    ['kind-unknown', () => ({ med_type: '99' })],
    ['amounts-do-not-add-up', () => ({ medfee_sumamt: '527.00' })],
    ['amounts-do-not-add-up', () => ({ invoices: [bill({ billAmt: '525.99' })] })],
    ['invoice-unreadable', () => ({ invoices: [bill({ elecSetlCertCode: '1' })] })],
    ['days-out-of-order', () => ({ endtime: '2026-11-09 09:00:00' })],
    ['consent-missing', () => ({ psn_no: 'PE4', insuplc_admdvs: '130100' })],
  ])('%s: acknowledged, kept, no draft', async (why, more) => {
    const content = visit(more());
    const msgid = messageId();
    expect((await tell(content, msgid)).json()).toMatchObject({ infcode: 0 });
    expect(await drafts(content.visit_no)).toEqual([]);
    expect(await audits('visit-ignored')).toContainEqual({ messageId: msgid, why });
  });
});

describe('the bank', () => {
  const notice = (reference: string, id: string = randomUUID().slice(0, 20), amount = '400.00') =>
    `<?xml version="1.0" encoding="UTF-8"?><FOX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>2026-11-18 09:30:02</DTCLIENT><CID>C1</CID><USERID>bank</USERID><GENUSERKEY>N</GENUSERKEY></SONRQ></SIGNONMSGSRQV1><SECURITIES_MSGSRQV1><DZXFERNTFRQ><TRNUID>${id}</TRNUID><CLIENTREF>${reference}</CLIENTREF><XFER><SRVRTID>S1</SRVRTID><XFERINFO><ACCTTO INTERBANK="N" LOCAL="N"><ACCTID>6222</ACCTID><NAME>员工E1</NAME></ACCTTO><CURSYM>RMB</CURSYM><TRNAMT>${amount}</TRNAMT><PURPOSE/><MEMO>${reference}</MEMO></XFERINFO><XFERPRCSTS><XFERPRCCODE>PAYOUT</XFERPRCCODE><DTXFERPRC>2026-11-18 09:30:02</DTXFERPRC><MESSAGE/><REASON/></XFERPRCSTS></XFER></DZXFERNTFRQ></SECURITIES_MSGSRQV1></FOX>`;
  const bank: Sent = { to: 'banks/CIB', name: 'DZXFERNTFRQ', accessKey: 'in-CIB', type: 'application/x-fox; charset=utf-8' };

  async function paid(): Promise<{ number: string; reference: string }> {
    const number = await submitted();
    const reference = `${number}-1-1`;
    await api.database.query(
      `WITH d AS (INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at)
         VALUES ($1, 1, 'BUREAU', 'J1', 'APPROVED', 52600, 40000, 40000, '{}', now()) RETURNING id)
       INSERT INTO payment_instruction (reference, claim_number, decision_id, attempt, amount_fen, account_id, bank_code, status)
       SELECT $2, $1, d.id, 1, 40000, gen_random_uuid(), 'CIB', 'IN_FLIGHT' FROM d`,
      [number, reference],
    );
    return { number, reference };
  }

  test('a result is stored, told once, and acknowledged with the same bytes', async () => {
    const { number, reference } = await paid();
    const body = notice(reference, 'N-1');
    const answers = [await send(body, bank), await send(body, bank)];
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200]);
    expect(answers[0]?.headers['content-type']).toBe('application/x-fox; charset=utf-8');
    expect(answers[0]?.body).toContain('<DZXFERNTFRS><TRNUID>N-1</TRNUID><STATUS><CODE>0</CODE>');
    expect(answers[1]?.body).toBe(answers[0]?.body);
    expect(await signals(number)).toEqual([{ signal: 'paymentNews', payload: { reference } }]);
    const { rows } = await api.database.query('SELECT type, reference, result FROM inbox_message WHERE claim_number = $1', [number]);
    expect(rows).toEqual([{ type: 'payment-result', reference, result: 'succeeded' }]);
    const stored = await api.database.write((tx) => readPaymentResult(tx, { claimNumber: number, reference }));
    expect(stored).toMatchObject({ reference, status: { kind: 'succeeded', amountFen: 40_000 } });
    expect((await send(notice(reference, 'N-1', '399.00'), bank)).json().code).toBe('MESSAGE_REPLAYED');
  });

  test('of an instruction that we never made: kept, acknowledged, and told nobody', async () => {
    const reference = 'YB20261118-09999999-1-1';
    expect((await send(notice(reference, 'N-2'), bank)).statusCode).toBe(200);
    expect(await audits('unknown-claim')).toContainEqual({ messageId: 'N-2', reference });
  });

  test('what cannot be read or is not signed', async () => {
    const { reference } = await paid();
    const before = await api.countRows();
    expect((await send('<FOX><a></FOX>', bank)).body).toContain('<STATUS><CODE>1001</CODE>');
    expect((await send(`<!DOCTYPE FOX [<!ENTITY x "y">]>${notice(reference)}`, bank)).body).toContain('<CODE>1001</CODE>');
    expect((await send(notice(reference), { ...bank, name: 'XFERTRNRQ' })).body).toContain('<CODE>1001</CODE>');
    expect((await send(notice(reference), { ...bank, secret: 'x'.repeat(32) })).json().code).toBe('SIGNATURE_INVALID');
    expect((await send(notice(reference), { ...bank, accessKey: 'in-130100' })).json().code).toBe('SIGNATURE_INVALID');
    expect(await api.countRows()).toEqual(before);
  });
});
