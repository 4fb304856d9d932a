import { describe, expect, test } from 'vitest';
import {
  account,
  call,
  control,
  fox,
  inquire,
  instructions,
  notices,
  order,
  PAYER,
  post,
  processing,
  receiver,
  SIGN_ON,
  statement,
  today,
  transfer,
  type Fields,
} from './bank-world.ts';
import { headersFor, OUT, until } from './client.ts';

describe('transfer', () => {
  test('paid: debit, statement, inquiry and a signed notice agree', async () => {
    const { TRNUID, STATUS, XFERRS } = await order('T1', { amount: '345.22', name: '王 &amp; &#33459;' });
    expect({ TRNUID, STATUS }).toEqual({ TRNUID: 'T1', STATUS: { CODE: '0', SEVERITY: 'INFO', MESSAGE: '' } });
    expect(XFERRS).toMatchObject({
      CLIENTREF: 'T1',
      XFERINFO: { TRNAMT: '345.22', PURPOSE: '医疗费报销', ACCTTO: { $INTERBANK: 'N', ACCTID: '6217001' } },
      XFERPRCSTS: { XFERPRCCODE: 'PAYOUT', REASON: '' },
    });
    expect(await inquire('T1')).toMatchObject({
      $MORE: 'Y',
      XFER: { SRVRTID: XFERRS.SRVRID, XFERINFO: { TRNAMT: '345.22' }, XFERPRCSTS: { XFERPRCCODE: 'PAYOUT' } },
    });
    const day = await today();
    const { entries, balance, more } = await statement(day, day, { side: 0 });
    expect({ balance, more }).toEqual({ balance: '654.78', more: 'N' });
    expect(entries).toMatchObject([
      {
        TRNTYPE: 'DEBIT',
        TRNAMT: '345.22',
        BALAMT: '654.78',
        BIZREF: 'T1',
        SRVRTID: XFERRS.SRVRID,
        CORRELATE_ACCTID: '6217001',
        SUMMNAME: '转账汇款',
        DTACCT: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      },
    ]);
    const notice = await until(() => notices()[0]);
    expect(receiver.calls[0]).toMatchObject({ name: 'DZXFERNTFRQ', signatureRight: true });
    expect(notice).toMatchObject({ CLIENTREF: 'T1', XFER: { SRVRTID: XFERRS.SRVRID, XFERPRCSTS: { XFERPRCCODE: 'PAYOUT' } } });
    expect(notice.TRNUID.length).toBeLessThanOrEqual(30);
  });

  test('the same TRNUID pays once however often and however quickly it comes; other content under it is refused', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => order('T1')));
    expect(new Set(answers.map(({ XFERRS }) => XFERRS.SRVRID)).size).toBe(1);
    for (const change of [{ amount: '100.01' }, { account: '6217002' }, { name: '李四' }, { purpose: '' }])
      expect((await order('T1', change)).STATUS).toMatchObject({ CODE: '1002', SEVERITY: 'ERROR' });
    expect((await account()).balance).toBe('900.00');
    expect((await account()).entries).toHaveLength(2);
  });

  test('in flight, then final after the delay; unknown until then or for ever', async () => {
    await control('PUT', '/settings', { plan: { delayMs: 400 } });
    expect(await processing('T1')).toMatchObject({ XFERPRCCODE: 'SUBMIT_SUCC' });
    expect((await account()).balance).toBe('1000.00');
    await until(async () => (await inquire('T1')).XFER.XFERPRCSTS.XFERPRCCODE === 'PAYOUT');
    expect((await account()).balance).toBe('900.00');
    expect(await inquire('T2')).toEqual({ $MORE: 'N', FROM: '', TO: '-1' });
  });

  test('accounts that cannot be paid, names that differ, and our own account too short fail with their reason', async () => {
    const payees: [object, string][] = [
      [{ account: 'A1', state: 'closed' }, '44'],
      [{ account: 'A2', state: 'frozen' }, '45'],
      [{ account: 'A3', state: 'missing' }, '42'],
      [{ account: 'A4', name: '李四' }, '49'],
    ];
    for (const [index, [payee, reason]] of payees.entries()) {
      await control('PUT', '/payees', payee);
      const sent = await processing(`T${index}`, { account: `A${index + 1}` });
      expect(sent).toMatchObject({ XFERPRCCODE: 'FAIL', REASON: reason });
    }
    expect(await processing('T5', { amount: '1000.01' })).toMatchObject({ XFERPRCCODE: 'FAIL', REASON: '46' });
    await control('PUT', `/accounts/${PAYER}`, { balance: '1000.01' });
    expect(await processing('T5', { amount: '1000.01' })).toMatchObject({ XFERPRCCODE: 'FAIL', REASON: '46' });
    expect(await processing('T6', { amount: '1000.01' })).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    expect((await account()).balance).toBe('0.00');
    await control('PUT', '/payees', { account: 'A1', state: 'open' });
    await control('PUT', `/accounts/${PAYER}`, { balance: '500.00' });
    expect(await processing('T7', { account: 'A1' })).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
  });

  test('wrong fields are named and leave no instruction', async () => {
    const wrong: [Fields, string][] = [
      [{ amount: '0.00' }, 'TRNAMT'],
      [{ amount: '-1.00' }, 'TRNAMT'],
      [{ amount: '1.001' }, 'TRNAMT'],
      [{ amount: '1' }, 'TRNAMT'],
      [{ amount: '1e3' }, 'TRNAMT'],
      [{ account: '卡' }, 'ACCTTO/ACCTID'],
      [{ account: '1'.repeat(33) }, 'ACCTTO/ACCTID'],
      [{ name: '' }, 'ACCTTO/NAME'],
      [{ name: '长'.repeat(61) }, 'ACCTTO/NAME'],
      [{ purpose: ' ' }, 'PURPOSE'],
      [{ bankDesc: '' }, 'ACCTTO/BANKDESC'],
    ];
    for (const [fields, field] of wrong) {
      const { STATUS, XFERRS } = await order('T1', fields);
      expect([fields, STATUS.CODE, STATUS.MESSAGE, XFERRS]).toEqual([fields, '1001', `${field} is missing or wrong`, undefined]);
    }
    for (const trnuid of ['', 'T'.repeat(31), 'T 1']) expect((await order(trnuid)).STATUS.CODE).toBe('1001');
    expect((await order('T1', { payer: '999' })).STATUS.CODE).toBe('1003');
    expect(await instructions()).toEqual([]);
    expect((await order('T1')).STATUS.CODE).toBe('0');
  });
});

describe('documents and signatures', () => {
  test('unsigned or altered documents are 401, hostile ones refused at sign-on, none is an instruction', async () => {
    const body = transfer('T1');
    const attempts: [string, Record<string, string>][] = [
      [body, headersFor('XFERTRNRQ', body, { ...OUT, secret: 'guess' })],
      [body.replace('100.00', '900.00'), headersFor('XFERTRNRQ', body)],
      [body, { 'content-type': 'text/plain' }],
    ];
    for (const [sent, headers] of attempts) expect((await post('XFERTRNRQ', sent, headers)).status).toBe(401);

    const hostile = [
      '',
      '{}',
      body.slice(0, -5),
      `${body}<FOX/>`,
      body.replace('?>', '?><!DOCTYPE FOX [<!ENTITY a "100.00">]>'),
      body.replace('100.00', '&a;'),
      body.replace('100.00', '&#0;'),
      body.replace('王芳', '王 & 芳'),
      body.replace('<PURPOSE>', '<PURPOSE>x</PURPOSE><PURPOSE>').replace('<XFERRQ>', '<XFERRQ><XFERINFO/>'),
      fox(''),
      fox('<A>'.repeat(5_000) + '</A>'.repeat(5_000)),
    ];
    for (const sent of hostile) {
      const fox = await call('XFERTRNRQ', sent);
      expect(fox.SIGNONMSGSRSV1.SONRS.STATUS).toMatchObject({ CODE: '1001', SEVERITY: 'ERROR' });
      expect(fox.SECURITIES_MSGSRSV1).toBeUndefined();
    }
    const stranger = fox('<XFERTRNRQ/>', SIGN_ON.replace('1100343164', '1'));
    expect((await call('XFERTRNRQ', stranger)).SIGNONMSGSRSV1.SONRS.STATUS.CODE).toBe('1005');
    const twice = transfer('T1').replace('<TRNAMT>', '<TRNAMT>1.00</TRNAMT><TRNAMT>');
    expect((await call('XFERTRNRQ', twice)).SIGNONMSGSRSV1.SONRS.STATUS.CODE).toBe('1001');
    expect(await instructions()).toEqual([]);
  });
});

describe('statement', () => {
  test('a return is a credit of its own on the day it comes, and leaves PAYOUT standing', async () => {
    const first = await today();
    await order('T1', { amount: '345.22' });
    await order('T2');
    await control('PUT', '/clock', { offsetMs: 86_400_000 });
    const second = await today();
    expect(second > first).toBe(true);
    expect((await control('POST', '/instructions/T1/return', { reason: '44' })).status).toBe(200);
    expect((await control('POST', '/instructions/T1/return', {})).status).toBe(409);
    const returned = {
      TRNTYPE: 'CREDIT',
      TRNAMT: '345.22',
      BALAMT: '900.00',
      SUMMNAME: '汇出退回',
      BIZREF: 'T1',
      TEXT1: '44',
      SUMMDESC: '汇出退回:账号已销户',
    };
    expect((await statement(second, second)).entries).toMatchObject([returned]);
    expect((await statement(second, second, { seltype: 3 })).entries).toHaveLength(1);
    expect((await statement(first, first, { seltype: 3 })).entries).toEqual([]);
    expect((await statement(first, first, { side: 0 })).entries).toHaveLength(2);
    expect((await inquire('T1')).XFER.XFERPRCSTS.XFERPRCCODE).toBe('PAYOUT');
    expect((await statement(first, second)).code).toBe('1004');
    expect((await statement(second, first)).code).toBe('1004');
    expect((await statement('2026-1-1', first)).code).toBe('1001');
  });

  test('pages hold every entry once', async () => {
    await control('PUT', '/settings', { plan: { pageSize: 2 } });
    for (const trnuid of ['T1', 'T2', 'T3', 'T4']) await order(trnuid, { amount: '1.00' });
    const day = await today();
    const pages = [1, 2, 3].map((page) => statement(day, day, { page }));
    const [one, two, three] = await Promise.all(pages);
    expect([one?.more, two?.more, three?.more]).toEqual(['Y', 'Y', 'N']);
    const entries = [one, two, three].flatMap((page) => page?.entries ?? []);
    expect(entries.map(({ BIZREF }) => BIZREF)).toEqual(['', 'T1', 'T2', 'T3', 'T4']);
    expect(new Set(entries.map(({ ATTACHINFO }) => ATTACHINFO)).size).toBe(5);
  });
});
