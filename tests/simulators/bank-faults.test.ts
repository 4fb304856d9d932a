import { describe, expect, test } from 'vitest';
import {
  account,
  acknowledged,
  answerWith,
  bank,
  control,
  fault,
  inquire,
  instructions,
  notices,
  order,
  post,
  processing,
  receiver,
  statement,
  today,
  transfer,
} from './bank-world.ts';
import { until } from './client.ts';

describe('fault switches', () => {
  test('commit then time-out, garbage and 5xx with commit have paid; plain 5xx has not', async () => {
    await fault({ mode: 'commit-then-timeout', key: 'T1', cut: true, count: 1 });
    await fault({ mode: 'garbage', on: 'XFERTRNRQ', key: 'T2', count: 1 });
    await fault({ mode: '5xx', account: '6217003', commit: true, count: 1 });
    await fault({ mode: '5xx', key: 'T4', count: 1 });
    await expect(post('XFERTRNRQ', transfer('T1'))).rejects.toThrow();
    expect(await (await post('XFERTRNRQ', transfer('T2'))).text()).not.toContain('</FOX>');
    expect((await post('XFERTRNRQ', transfer('T3', { account: '6217003' }))).status).toBe(503);
    expect((await post('XFERTRNRQ', transfer('T4'))).status).toBe(503);
    expect((await instructions()).map((each) => each.trnuid)).toEqual(['T1', 'T2', 'T3']);
    for (const trnuid of ['T1', 'T2', 'T4']) expect(await processing(trnuid)).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    expect((await account()).balance).toBe('600.00');
  });

  test("processing until it is released, as told or by the account's state", async () => {
    await fault({ mode: 'processing', count: 2, code: 'AUDITING' });
    expect(await processing('T1')).toMatchObject({ XFERPRCCODE: 'AUDITING' });
    expect(await processing('T1')).toMatchObject({ XFERPRCCODE: 'AUDITING' });
    expect(await processing('T2')).toMatchObject({ XFERPRCCODE: 'AUDITING' });
    expect(await processing('T3')).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    await control('POST', '/instructions/T1/release', {});
    await control('POST', '/instructions/T2/release', { code: 'CANCEL' });
    expect((await control('POST', '/instructions/T2/release', {})).status).toBe(409);
    expect(await processing('T1')).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    expect(await processing('T2')).toMatchObject({ XFERPRCCODE: 'CANCEL' });
    expect((await account()).balance).toBe('800.00');
  });

  test('a wrong amount is booked, or only said; a rejection fails the instruction, or refuses the order', async () => {
    await fault({ mode: 'wrong-amount', key: 'T1', amount: '10.00' });
    await fault({ mode: 'wrong-amount', key: 'T2', amount: '10.00', reportOnly: true });
    await fault({ mode: 'reject', key: 'T3', code: '49' });
    await fault({ mode: 'reject', key: 'T4', code: '1001' });
    for (const trnuid of ['T1', 'T2']) expect((await order(trnuid)).XFERRS.XFERINFO.TRNAMT).toBe('10.00');
    const day = await today();
    const debits = (await statement(day, day, { side: 0 })).entries;
    expect(debits.map((each) => each.TRNAMT)).toEqual(['10.00', '100.00']);
    expect(await processing('T3')).toMatchObject({ XFERPRCCODE: 'FAIL', REASON: '49', MESSAGE: '户名不符' });
    expect((await order('T4')).STATUS.CODE).toBe('1001');
    expect((await inquire('T4')).$MORE).toBe('N');
  });

  test('return after success comes by itself, once', async () => {
    await fault({ mode: 'return-after-success', account: '6217001', ms: 100, code: '45', count: 1 });
    expect(await processing('T1')).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    await until(async () => (await instructions())[0]?.returned?.reason === '45');
    expect((await account()).balance).toBe('1000.00');
  });

  test('notices are lost, repeated, forged or garbage', async () => {
    const name = 'DZXFERNTFRQ';
    await fault({ mode: 'lost', on: name, key: 'T1' });
    await fault({ mode: 'repeated', on: name, key: 'T2', times: 1 });
    await fault({ mode: 'wrong-signature', on: name, key: 'T3', count: 1 });
    await fault({ mode: 'garbage', on: name, key: 'T4', count: 1 });
    answerWith((received) => (received.signatureRight && received.body.startsWith('<') ? acknowledged(received) : { status: 401, body: '' }));
    for (const [index, calls] of [0, 2, 4, 6].entries()) {
      await order(`T${index + 1}`, { amount: '1.00' });
      await until(() => receiver.calls.length >= calls);
    }
    await until(async () => (await control('GET', '/callbacks')).body.callbacks.every((each) => each.state !== 'pending'));
    expect(receiver.calls.map(({ signatureRight }) => signatureRight)).toEqual([true, true, false, true, true, true]);
    expect(receiver.calls[0]?.body).toBe(receiver.calls[1]?.body);
    expect((await control('GET', '/callbacks')).body.callbacks[0]?.state).toBe('lost');
  });
});

describe('killed at any moment', () => {
  test('what was paid stays paid once, what was in flight goes on, balances and returns stay', async () => {
    await order('T1');
    await control('POST', '/instructions/T1/return', {});
    await fault({ mode: 'commit-then-timeout', key: 'T2', cut: true });
    await expect(post('XFERTRNRQ', transfer('T2'))).rejects.toThrow();
    await fault({ mode: 'processing', key: 'T3' });
    await order('T3');
    await control('PUT', '/settings', { plan: { delayMs: 1_000 } });
    await order('T4');
    const before = await account();
    await bank.killAndRestart();
    await control('DELETE', '/faults');
    expect(await processing('T2')).toMatchObject({ XFERPRCCODE: 'PAYOUT' });
    expect(await processing('T3')).toMatchObject({ XFERPRCCODE: 'PENDING' });
    await until(async () => (await processing('T4'))['XFERPRCCODE'] === 'PAYOUT');
    await control('POST', '/instructions/T3/release', {});
    const after = await account();
    expect(after.entries.slice(0, before.entries.length)).toEqual(before.entries);
    // 1 000.00 − T1 + its return − T2 − T4 − T3
    expect(after.balance).toBe('700.00');
    expect(after.entries.map((each) => each.amount)).toEqual(['1000.00', '-100.00', '100.00', '-100.00', '-100.00', '-100.00']);
  });

  test('kills in a row while orders pour in: every answered order is booked, none twice', async () => {
    const answered = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const pouring = Array.from({ length: 15 }, async (_, index) => {
        const trnuid = `R${round}-${index}`;
        const response = await post('XFERTRNRQ', transfer(trnuid, { amount: '1.00' })).catch(() => undefined);
        const text = await response?.text().catch(() => undefined);
        if (text?.includes('PAYOUT')) answered.add(trnuid);
      });
      await until(() => answered.size > round * 5);
      await bank.killAndRestart();
      await Promise.all(pouring);
    }
    const debits = (await account()).entries.filter((each) => each.kind === 'transfer');
    const booked = debits.map((each) => each.trnuid);
    expect(new Set(booked).size).toBe(booked.length);
    for (const trnuid of answered) expect(booked).toContain(trnuid);
    expect((await account()).balance).toBe(`${1000 - booked.length}.00`);
    await until(async () => (await control('GET', '/callbacks')).body.callbacks.every((each) => each.state === 'acknowledged'));
    expect(new Set(notices().map((notice) => notice.CLIENTREF))).toEqual(new Set(booked));
  });
});
