import { describe, expect, test } from 'vitest';
import {
  bureau,
  call,
  claim,
  CODE,
  decide,
  decisions,
  envelope,
  instruct,
  invoice,
  plan,
  post,
  query,
  receiver,
  signIn,
  type GatewayAnswer,
} from './bureau-world.ts';
import { headersFor, OUT, sm3, until } from './client.ts';

describe('envelope and signature', () => {
  test('a call that is not signed as documented is refused with 401 and remembered as refused', async () => {
    const body = JSON.stringify(envelope('DZ01', claim('C1')));
    const right = headersFor('DZ01', body);
    const { _api_signature, ...unsigned } = right;
    const attempts: [string, Record<string, string>][] = [
      [body, headersFor('DZ01', body, { ...OUT, secret: 'guess' })],
      [body, headersFor('DZ01', body, { ...OUT, key: 'stranger' })],
      [body.replace('153.33', '999.99'), right],
      [body, headersFor('DZ01', body, OUT, Date.now() - 31 * 60_000)],
      [body, headersFor('DZ01', body, OUT, Date.now() + 31 * 60_000)],
      [body, { ...right, _api_name: 'DZ03' }],
      [body, { ...right, _api_digest: sm3('other') }],
      [body, unsigned],
    ];
    for (const [sent, headers] of attempts) expect((await post('DZ01', sent, headers)).status).toBe(401);
    expect(await query('C1')).toEqual([]);
    expect((await bureau.control('GET', '/ledger?kind=refused')).body.entries).toHaveLength(attempts.length);
  });

  test('hostile envelopes are refused, never a failure of the gateway', async () => {
    const bad = (change: object) => JSON.stringify({ ...envelope('DZ01', claim('C1')), ...change });
    const badClaim = (change: object) => bad({ input: claim('C1', change) });
    const bodies = [
      '{',
      'null',
      '[]',
      bad({ msgid: 'short' }),
      bad({ fixmedins_code: 'DZ9999999999' }),
      bad({ infno: 'DZ03' }),
      bad({ input: 'text' }),
      bad({ input: { claim: null } }),
      badClaim({ medfee_sumamt: '153.330' }),
      badClaim({ medfee_sumamt: '-153.33' }),
      badClaim({ medfee_sumamt: 153.33 }),
      badClaim({ medfee_sumamt: '153.34' }),
      badClaim({ feedetail: [] }),
      badClaim({ begntime: '2026-11-01' }),
    ];
    for (const body of bodies) {
      const response = await post('DZ01', body);
      expect([body, response.status]).toEqual([body, 200]);
      const answered = (await response.json()) as GatewayAnswer;
      expect([body, answered.infcode, answered.err_msg.slice(0, 11)]).toEqual([body, -1, '[DZ-FORMAT]']);
    }
    expect(await query('C1')).toEqual([]);
    expect((await post('DZ01', '{}', headersFor('DZ01', '{}'), '999999')).status).toBe(404);
  });
});

test('sign-in, person and certificate answer as the national interface does', async () => {
  expect(await signIn()).toMatch(/^\d{10}$/);

  const asked = { data: { mdtrt_cert_type: '02', mdtrt_cert_no: '1301', psn_cert_type: '01', certno: '1301', psn_name: '王芳' } };
  const known = await call('1101', asked);
  expect(known.output.baseinfo).toEqual({ psn_no: expect.stringMatching(/^130100\d{15}$/), psn_name: '王芳' });
  expect(known.output.insuinfo[0]).toMatchObject({ insutype: '310', psn_insu_stas: '1', insuplc_admdvs: CODE });
  expect((await call('1101', asked)).output.baseinfo).toEqual(known.output.baseinfo);
  await bureau.control('PUT', `/bureaus/${CODE}/people`, { certno: '1301', known: false });
  expect(await call('1101', asked)).toMatchObject({ infcode: -1, err_msg: expect.stringMatching(/^\[DZ-PERSON\] /) });

  const { billAmt: _, billDate: __, ...certificate } = invoice('I1');
  expect((await call('5501', { data: certificate })).output).toEqual({ rhredFlag: '0', reimFlag: '0' });
  await bureau.control('PUT', `/bureaus/${CODE}/certificates`, { ...certificate, rhredFlag: '1' });
  expect((await call('5501', { data: certificate })).output).toEqual({ rhredFlag: '1', reimFlag: '0' });
});

test('without a sign-on nothing is done, and the same message is answered after it', async () => {
  const msgid = 'DZ1301000001202611180930007777';
  await bureau.control('POST', `/bureaus/${CODE}/sign-out`);
  expect((await call('DZ01', claim('C1'), msgid)).err_msg).toMatch(/^\[DZ-SIGN\] /);
  await signIn();
  expect(await query('C1')).toEqual([]);
  expect((await call('DZ01', claim('C1'), msgid)).infcode).toBe(0);
  await bureau.killAndRestart();
  expect(await query('C1')).toHaveLength(1);
});

describe('claims', () => {
  test('the default decision adds up to the fen, is called back signed, and can be polled', async () => {
    await plan({
      ratioBasisPoints: 8_250,
      deductible: '50.00',
      funds: [
        { fund_pay_type: '310100', basisPoints: 7_000 },
        { fund_pay_type: '370100', basisPoints: 3_000 },
      ],
    });
    const sent = envelope('DZ01', claim('C1'));
    await post('DZ01', JSON.stringify(sent));
    const decision = await until(() => decisions()[0]);
    expect(receiver.calls[0]).toMatchObject({ name: 'DZ11', signatureRight: true });
    // (100.00 − 50.00) × 82.5% = 41.25; 33.33 × 82.5% = 27.49725 → 27.50; class 丙 nothing. 68.75 × 70% = 48.125 → 48.13.
    expect(decision).toMatchObject({
      corr_id: 'C1',
      osubmit_msgid: sent.msgid,
      rslt_type: '2',
      lines: [
        {
          feedetl_sn: '1',
          det_item_fee_sumamt: '100.00',
          inscp_scp_amt: '100.00',
          act_pay_dedc: '50.00',
          pay_amt: '41.25',
          adjustments: [
            { resn_code: '1', amt: '50.00' },
            { resn_code: '2', amt: '8.75' },
          ],
        },
        { inscp_scp_amt: '33.33', act_pay_dedc: '0.00', pay_amt: '27.50', adjustments: [{ resn_code: '2', amt: '5.83' }] },
        { inscp_scp_amt: '0.00', pay_amt: '0.00', adjustments: [{ resn_code: '96', amt: '20.00' }] },
      ],
      setldetail: [
        { fund_pay_type: '310100', fund_payamt: '48.13' },
        { fund_pay_type: '370100', fund_payamt: '20.62' },
      ],
    });
    expect(await query('C1', 'unknown')).toEqual([decision]);
    await until(async () => (await bureau.control('GET', '/callbacks')).body.callbacks[0]?.state === 'acknowledged');
    const { billAmt: _, billDate: __, ...certificate } = invoice('C1');
    expect((await call('5501', { data: certificate })).output.reimFlag).toBe('1');
  });

  test('the same message is answered once and for all; the same id with other content is refused', async () => {
    await plan({ hold: true });
    const msgid = 'DZ1301000001202611180930009999';
    const first = await call('DZ01', claim('C1'), msgid);
    const reordered = Object.fromEntries(Object.entries(claim('C1').claim).toReversed());
    const repeats = await Promise.all([call('DZ01', claim('C1'), msgid), call('DZ01', { claim: reordered }, msgid)]);
    for (const repeat of repeats) expect(repeat.output).toEqual(first.output);
    expect(await call('DZ01', claim('C2'), msgid)).toMatchObject({ infcode: -1, err_msg: expect.stringContaining('DZ-FORMAT') });
    expect(await query('C1', 'C2')).toEqual([{ corr_id: 'C1', stas: '1' }]);
    expect((await call('DZ01', claim('C1'))).err_msg).toContain('[DZ-FORMAT] subm_no 1');
  });

  test('people, invoices and other regions are refused by code', async () => {
    await plan({ hold: true });
    await call('DZ01', claim('C1'));
    expect((await call('DZ01', claim('C2', { invoices: [invoice('C1')] }))).err_msg).toMatch(/^\[DZ-INVOICE\]/);
    expect((await call('DZ01', claim('C3', { insuplc_admdvs: '130200' }))).err_msg).toMatch(/^\[DZ-PERSON\]/);
    await decide('C1', { outcome: 'deny' });
    expect((await call('DZ01', claim('C2', { invoices: [invoice('C1')] }))).infcode).toBe(0);
  });

  test('missing material, then a new version; a decided claim only by appeal; a higher version replaces', async () => {
    await instruct('C1', { outcome: 'missing', missing: [{ file_type: 'FEE_LIST', remark: '费用清单' }] });
    await call('DZ01', claim('C1'));
    const missing = await until(() => decisions()[0]);
    expect(missing).toMatchObject({ rslt_type: '4', missing: [{ file_type: 'FEE_LIST', remark: '费用清单' }], lines: [] });
    await call('DZ01', claim('C1', { subm_no: 2 }));
    const approved = await until(() => decisions()[1]);
    expect(await query('C1')).toEqual([missing, approved]);
    expect((await call('DZ01', claim('C1', { subm_no: 3 }))).err_msg).toMatch(/^\[DZ-DECIDED\]/);
    expect((await call('DZ01', claim('C1', { subm_no: 3, prev_dcsn_no: missing.dcsn_no }))).err_msg).toMatch(/^\[DZ-DECIDED\]/);
    expect((await call('DZ01', claim('C1', { subm_no: 3, prev_dcsn_no: approved.dcsn_no }))).infcode).toBe(0);
    expect(await until(() => decisions()[2])).toMatchObject({ rslt_type: '2' });
  });

  test('a version that was replaced, and a claim that was withdrawn, are decided no more', async () => {
    await plan({ delayMs: 300 });
    await call('DZ01', claim('C1'));
    await call('DZ01', claim('C2'));
    const second = envelope('DZ01', claim('C1', { subm_no: 2 }));
    await post('DZ01', JSON.stringify(second));
    await call('DZ03', { corr_id: 'C2', wdr_time: '2026-11-18 10:00:00' });
    await call('DZ01', claim('C3'));
    await until(() => decisions().some(({ corr_id }) => corr_id === 'C3'));
    const { entries } = (await bureau.control('GET', '/ledger?kind=decided')).body;
    expect(entries.map(({ decision }) => [decision.corr_id, decision.osubmit_msgid === second.msgid])).toEqual([
      ['C1', true],
      ['C3', false],
    ]);
  });

  test('explicit decisions: in part per line, denied with codes, approved and then rejected', async () => {
    await instruct('C1', { lines: [{ feedetl_sn: '2', pay_amt: '10.00', resn_code: '45' }] });
    await call('DZ01', claim('C1'));
    // 100.00 × 80% = 80.00, and 10.00 as told: 90.00.
    expect(await until(() => decisions()[0])).toMatchObject({
      rslt_type: '2',
      lines: [{ pay_amt: '80.00' }, { pay_amt: '10.00', adjustments: [{ resn_code: '45', amt: '23.33' }] }, {}],
      setldetail: [{ fund_payamt: '90.00' }],
    });
    await instruct('C2', { outcome: 'deny', resn: [{ code: '29', text: '超期' }] });
    await call('DZ01', claim('C2'));
    expect(await until(() => decisions()[1])).toMatchObject({
      rslt_type: '3',
      resn: [{ code: '29', text: '超期' }],
      lines: [{ adjustments: [{ resn_code: '29', amt: '100.00' }] }, {}, {}],
      setldetail: [],
    });
    await instruct('C3', { outcome: 'approve' }, { outcome: 'deny' });
    await call('DZ01', claim('C3'));
    await until(() => decisions()[3]);
    expect((await query('C3')).map((each) => each.rslt_type)).toEqual(['2', '3']);
  });

  test('withdrawn, already decided, unknown', async () => {
    await plan({ hold: true });
    await call('DZ01', claim('C1'));
    await call('DZ01', claim('C2'));
    await decide('C2', {});
    const withdraw = async (corr_id: string) => (await call('DZ03', { corr_id, wdr_time: '2026-11-18 10:00:00' })).output.wdr_stas;
    expect([await withdraw('C1'), await withdraw('C1'), await withdraw('C2'), await withdraw('C9')]).toEqual(['1', '1', '2', '3']);
    expect(await query('C1')).toEqual([]);
    expect((await call('DZ01', claim('C1', { subm_no: 2 }))).err_msg).toMatch(/^\[DZ-DECIDED\]/);
    expect((await call('DZ01', claim('C4', { invoices: [invoice('C1')] }))).infcode).toBe(0);
  });
});

test('the control API refuses what makes no sense', async () => {
  expect((await bureau.control('POST', '/faults', { mode: 'explode' })).status).toBe(400);
  expect((await bureau.control('POST', '/faults', { mode: 'slow', unknown: 1 })).status).toBe(400);
  expect((await bureau.control('DELETE', '/faults/77')).status).toBe(404);
  expect((await bureau.control('POST', '/bureaus/999999/visits', { visit_no: '1' })).status).toBe(404);
  expect((await decide('nobody', {})).status).toBe(404);
  expect((await bureau.control('GET', '/nothing')).status).toBe(404);
});
