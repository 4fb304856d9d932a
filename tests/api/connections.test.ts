import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimBody, startTestApi, type TestApi } from './support.ts';

// Whoever has a connection and waits for another waits for ever when all have one: requests outnumber the connections here.
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ poolSize: 2 });
});
afterAll(() => api?.close());

test('payouts stopped side by side', async () => {
  const answers = await Promise.all(
    ['SJZ', 'SJZ-01', 'BJ', 'HQ', '*'].map((scope) => api.call({ method: 'POST', url: '/v1/payout-stops', body: { scope, reason: '核查' } })),
  );
  expect(answers.map((answer) => answer.statusCode)).toEqual(Array(5).fill(201));
});

test('drafts confirmed, and withdrawn, side by side', async () => {
  const draft = async () => (await api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ draft: true }) })).json<{ number: string }>().number;
  const numbers = [await draft(), await draft(), await draft(), await draft(), await draft(), await draft()];
  // the first to ask after a minute reads the calendar anew
  const answers = await Promise.all(
    numbers.map((number, index) => api.call({ method: 'POST', url: `/v1/claims/${number}/${index < 3 ? 'confirm' : 'withdraw'}`, as: 'E1' })),
  );
  expect(answers.map((answer) => answer.json().state)).toEqual([...Array(3).fill('SUBMITTED'), ...Array(3).fill('WITHDRAWN')]);
});

test('events sent again side by side', async () => {
  await api.call({ method: 'POST', url: '/v1/webhook-endpoints', body: { url: 'https://hr.example.com/' } });
  await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() });
  const { items } = (await api.call({ url: '/v1/webhook-deliveries' })).json<{ items: { id: string }[] }>();
  const id = items[0]?.id ?? '';
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.call({ method: 'POST', url: `/v1/webhook-deliveries/${id}/resend` })));
  expect(answers.map((answer) => answer.statusCode)).toEqual(Array(5).fill(202));
});
