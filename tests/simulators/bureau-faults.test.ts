import { describe, expect, test } from 'vitest';
import { acknowledged, answerWith, bureau, call, claim, CODE, decisions, envelope, fault, instruct, plan, post, query, receiver } from './bureau-world.ts';
import { headersFor, until } from './client.ts';

describe('fault switches on callbacks', () => {
  test('lost: only the poll tells', async () => {
    await fault({ mode: 'lost', on: 'DZ11', key: 'C1' });
    await call('DZ01', claim('C1'));
    await call('DZ01', claim('C2'));
    await until(() => decisions()[0]);
    expect(decisions().map((each) => each.corr_id)).toEqual(['C2']);
    expect(await query('C1')).toMatchObject([{ corr_id: 'C1', rslt_type: '2' }]);
  });

  test('repeated: the same bytes again, or with another body under the same id, to which 409 is the end', async () => {
    await fault({ mode: 'repeated', on: 'DZ11', key: 'C1', times: 2, count: 1 });
    await fault({ mode: 'repeated', on: 'DZ11', key: 'C2', altered: true, count: 1 });
    await call('DZ01', claim('C1'));
    await until(() => receiver.calls.length === 3);
    expect(new Set(receiver.calls.map(({ body }) => body)).size).toBe(1);
    answerWith((received, index) => (index === 4 ? { status: 409, body: '' } : acknowledged(received)));
    await call('DZ01', claim('C2'));
    await until(() => receiver.calls.length === 5);
    const [first, second] = receiver.calls.slice(3).map(({ body }) => JSON.parse(body));
    expect(second).toEqual({ ...first, opter: 'another' });
    await until(async () => (await bureau.control('GET', '/ledger?kind=attempted')).body.entries.at(-1)?.result === 'refused');
    expect((await bureau.control('GET', '/callbacks')).body.callbacks[1]).toMatchObject({ state: 'acknowledged', attempts: 2 });
  });

  test('out of order: the first is held until the next has gone', async () => {
    await fault({ mode: 'out-of-order', on: 'DZ11', count: 1, ms: 60_000 });
    await instruct('C1', { outcome: 'missing' }, { outcome: 'approve' });
    await call('DZ01', claim('C1'));
    await until(() => decisions().length === 2);
    expect(decisions().map((each) => each.rslt_type)).toEqual(['2', '4']);
    expect((await query('C1')).map((each) => each.rslt_type)).toEqual(['4', '2']);
  });

  test('wrong signature and garbage are each sent once, then the right call, until it is acknowledged', async () => {
    await fault({ mode: 'wrong-signature', on: 'DZ11', count: 1 });
    await fault({ mode: 'garbage', on: 'DZ11', count: 2 });
    answerWith((received, index) => {
      if (!received.signatureRight) return { status: 401, body: '' };
      if (!received.body.startsWith('{')) return { status: 400, body: '' };
      return index < 4 ? { status: 503, body: '' } : acknowledged(received);
    });
    await call('DZ01', claim('C1'));
    await until(async () => (await bureau.control('GET', '/callbacks')).body.callbacks[0]?.state === 'acknowledged');
    expect(receiver.calls.map(({ signatureRight }) => signatureRight)).toEqual([false, true, true, true, true]);
    const { entries } = (await bureau.control('GET', '/ledger?kind=attempted')).body;
    expect(entries.map((each) => [each.result, each.note])).toEqual([
      ['failed', 'HTTP 401'],
      ['failed', 'HTTP 400'],
      ['failed', 'HTTP 503'],
      ['failed', 'HTTP 503'],
      ['acknowledged', 'HTTP 200'],
    ]);
  });

  test('an acknowledgement of something else is none', async () => {
    answerWith((received, index) => (index === 0 ? { status: 200, body: '{"infcode":0,"inf_refmsgid":"other"}' } : acknowledged(received)));
    await call('DZ01', claim('C1'));
    await until(() => receiver.calls.length === 2);
  });

  test('late: after one that was decided later; strays and visits are called as documented', async () => {
    await fault({ mode: 'late', on: 'DZ11', key: 'C1', ms: 1_500 });
    await call('DZ01', claim('C1'));
    await bureau.control('POST', `/bureaus/${CODE}/strays`, { corr_id: 'nobody-knows' });
    await bureau.control('POST', `/bureaus/${CODE}/visits`, { visit_no: 'V1', psn_no: 'P1', medfee_sumamt: '1.00' });
    await until(() => receiver.calls.length === 3);
    expect(decisions().map((each) => each?.corr_id)).toEqual(expect.arrayContaining(['nobody-knows', 'C1', undefined]));
    expect(decisions().at(-1)?.corr_id).toBe('C1');
    const visit = receiver.calls.find(({ name }) => name === 'DZ13');
    expect(JSON.parse(visit?.body ?? '').input).toEqual({ visit: { visit_no: 'V1', psn_no: 'P1', medfee_sumamt: '1.00' } });
  });
});

describe('fault switches on requests', () => {
  const raw = (corrId: string, msgid: string) => post('DZ01', JSON.stringify(envelope('DZ01', claim(corrId), msgid)));
  const id = (end: string) => `DZ130100000120261118094000${end}`;

  test('5xx and 429 do nothing, 5xx with commit does it; each for its count', async () => {
    await plan({ hold: true });
    await fault({ mode: '5xx', on: 'DZ01', count: 1 });
    await fault({ mode: '429', on: 'DZ01', count: 1, key: 'C2' });
    expect((await raw('C1', id('0001'))).status).toBe(503);
    expect(await query('C1')).toEqual([]);
    expect((await raw('C2', id('0002'))).status).toBe(429);
    expect((await raw('C2', id('0002'))).status).toBe(200);
    await fault({ mode: '5xx', on: 'DZ01', count: 1, commit: true, code: '502' });
    expect((await raw('C1', id('0001'))).status).toBe(502);
    expect(await query('C1')).toHaveLength(1);
    expect((await raw('C1', id('0001'))).status).toBe(200);
  });

  test('commit then time-out: silence or a cut line, and the work is done once', async () => {
    await plan({ hold: true });
    await fault({ mode: 'commit-then-timeout', key: 'C1', count: 1 });
    await fault({ mode: 'commit-then-timeout', key: 'C2', cut: true, count: 1 });
    const body = JSON.stringify(envelope('DZ01', claim('C1'), id('0001')));
    const silent = new AbortController();
    const pending = fetch(`${bureau.url}/hsa/${CODE}`, {
      method: 'POST',
      headers: headersFor('DZ01', body),
      body,
      signal: silent.signal,
    });
    await until(async () => (await query('C1')).length === 1);
    silent.abort();
    await expect(pending).rejects.toThrow();
    await expect(raw('C2', id('0002'))).rejects.toThrow();
    expect(await query('C1', 'C2')).toHaveLength(2);
    expect((await raw('C2', id('0002'))).status).toBe(200);
    const { entries } = (await bureau.control('GET', '/ledger?kind=transaction')).body;
    expect(entries.filter((each) => each.submitted)).toHaveLength(2);
  });

  test('slow, garbage, a refused signature, a rejection by code, until cleared', async () => {
    const { body: slow } = await fault({ mode: 'slow', on: 'DZ02', ms: 200 });
    const began = performance.now();
    await query('C1');
    expect(performance.now() - began).toBeGreaterThanOrEqual(195);
    await bureau.control('DELETE', `/faults/${slow.id}`);
    await fault({ mode: 'garbage', on: 'DZ01', key: 'C1', count: 1 });
    const text = await (await raw('C1', id('0001'))).text();
    expect(() => JSON.parse(text)).toThrow();
    expect(await query('C1')).toHaveLength(1);
    await fault({ mode: 'wrong-signature', on: 'DZ01' });
    expect((await raw('C2', id('0002'))).status).toBe(401);
    await bureau.control('DELETE', '/faults');
    await fault({ mode: 'reject', on: 'DZ01', code: 'DZ-PERSON', key: 'C2', bureau: CODE });
    expect((await call('DZ01', claim('C2'))).err_msg).toBe('[DZ-PERSON] refused');
    expect(await query('C2')).toEqual([]);
  });
});
