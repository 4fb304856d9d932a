import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acknowledged, answerWith, bureau, call, claim, decisions, envelope, fault, plan, post, query, receiver, type GatewayAnswer } from './bureau-world.ts';
import { until } from './client.ts';

describe('killed at any moment', () => {
  test('everything told to anybody is still known, and what was due comes', async () => {
    answerWith(() => ({ status: 503, body: '' }));
    const first = await call('DZ01', claim('C1'), 'DZ1301000001202611180930008888');
    await until(() => receiver.calls.length > 0);
    const [told] = decisions();
    await plan({ delayMs: 1_000 });
    await call('DZ01', claim('C2'));
    await fault({ mode: '5xx', on: 'DZ01', count: 2 });
    await post('DZ01', JSON.stringify(envelope('DZ01', claim('C3'))));
    await bureau.control('PUT', '/clock', { offsetMs: 86_400_000 });

    await bureau.killAndRestart(() => appendFile(join(bureau.data, 'bureau.jsonl'), '{"n":99,"kind":"deci'));
    answerWith(acknowledged);
    expect((await bureau.control('GET', '/clock')).body.offsetMs).toBe(86_400_000);
    expect((await bureau.control('GET', '/faults')).body.faults).toMatchObject([{ used: 1 }]);
    await bureau.control('DELETE', '/faults');
    const again = await call('DZ01', claim('C1'), 'DZ1301000001202611180930008888');
    expect(again.output).toEqual(first.output);
    await until(async () => (await query('C2'))[0]?.rslt_type === '2');
    await until(() => decisions().some((each) => each.corr_id === 'C2'));
    expect(await query('C1')).toEqual([told]);
    await until(async () => (await bureau.control('GET', '/callbacks')).body.callbacks.every((each) => each.state === 'acknowledged'));
    const lines = (await readFile(join(bureau.data, 'bureau.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(lines.map((_, index) => index + 1));
  });

  test('kills in a row while claims pour in lose no accepted claim and decide none twice', async () => {
    const accepted: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const pouring = Array.from({ length: 15 }, async (_, index) => {
        const corrId = `R${round}-${index}`;
        const response = await post('DZ01', JSON.stringify(envelope('DZ01', claim(corrId)))).catch(() => undefined);
        const answered = (await response?.json().catch(() => undefined)) as GatewayAnswer | undefined;
        if (answered?.infcode === 0) accepted.push(corrId);
      });
      await until(() => accepted.length > round * 5);
      await bureau.killAndRestart();
      await Promise.all(pouring);
    }
    const results = await until(async () => {
      const found = await query(...accepted);
      return found.every((each) => each.rslt_type === '2') ? found : undefined;
    });
    expect(results.map((each) => each.corr_id)).toEqual(accepted);
    expect(new Set(results.map((each) => each.dcsn_no)).size).toBe(accepted.length);
  });
});
