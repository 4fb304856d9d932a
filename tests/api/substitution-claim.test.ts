import { afterAll, beforeAll, expect, test } from 'vitest';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { invoice, NOW } from './support.ts';

let world: ClaimWorld;
beforeAll(async () => {
  world = await startClaimWorld();
  world.relay();
  await world.work();
});
afterAll(() => world?.close());

test('B decides for A: recorded under both, shown so, and neither of them signs the second time', async () => {
  const ids: Record<string, string> = {};
  for (const no of ['A', 'B', 'C', 'D']) {
    const { rows } = await world.database.query<{ id: string }>(
      'INSERT INTO employee (employee_no, unit_id, name, insured_region) VALUES ($1, $2, $1, $3) RETURNING id',
      [no, world.unitIds.SJZ, '130100'],
    );
    ids[no] = rows[0]?.id ?? '';
  }
  await world.giveRole({ employee: 'A', unit: 'SJZ', role: 'hr' });
  await world.giveRole({ employee: 'C', unit: 'SJZ', role: 'hr' });
  const until = new Date(NOW.getTime() + 86_400_000).toISOString();
  for (const substituteNo of ['B', 'D']) {
    const made = await world.call({ method: 'POST', url: '/v1/substitutions', body: { substituteNo, validTo: until }, as: 'A' });
    expect(made.statusCode, made.body).toBe(201);
  }

  const bill = invoice();
  const first = await world.submit({ invoices: [bill] });
  await world.reached(first, 'SENT_TO_BUREAU');
  const number = await world.submit({ invoices: [bill] });
  await world.reached(number, 'PENDED_DUPLICATE');
  const decide = async (kind: string, choice: string, as: string) => {
    const { id, version } = await world.openTask(number, kind);
    const body = { choice, comment: '核对票据' };
    return world.call({ method: 'POST', url: `/v1/tasks/${id}/decision`, body, as, headers: { 'if-match': `"${version}"` } });
  };
  const denied = await decide('DUPLICATE_REVIEW', 'DUPLICATE', 'B');
  expect(denied.json()).toMatchObject({ state: 'DENIED' });

  const { rows } = await world.database.query<{ actor: unknown; decidedBy: unknown }>(
    `SELECT e.actor, t.decided_by AS "decidedBy" FROM claim_event e JOIN task t ON t.claim_number = e.claim_number AND t.kind = 'DUPLICATE_REVIEW'
     WHERE e.claim_number = $1 AND e.type = 'DECIDED'`,
    [number],
  );
  const signed = { type: 'person', id: ids['B'], onBehalfOf: ids['A'], via: expect.any(String) };
  expect(rows).toEqual([{ actor: signed, decidedBy: { ...signed, employeeId: ids['B'] } }]);
  const label = async (as?: string) => {
    const { items } = (await world.call({ url: `/v1/claims/${number}/history`, ...(as !== undefined && { as }) })).json();
    return items.find((event: { type: string }) => event.type === 'DECIDED').actorLabel;
  };
  for (const reader of ['C', undefined]) expect(await label(reader)).toEqual({ zh: 'B（代A）', en: 'B for A' });
  expect(await label('E1')).toEqual({ zh: '单位经办人（代同事）', en: 'A colleague in charge for a colleague who is away' });

  const appealed = await world.call({ method: 'POST', url: `/v1/claims/${number}/appeal`, body: { reason: '不是同一张票据' }, as: 'E1' });
  expect(appealed.statusCode, appealed.body).toBe(200);
  for (const again of ['A', 'B', 'D']) expect((await decide('APPEAL_REVIEW', 'UPHOLD', again)).json().code).toBe('SECOND_PERSON_REQUIRED');
  expect((await decide('APPEAL_REVIEW', 'UPHOLD', 'C')).json()).toMatchObject({ state: 'DENIED' });
});
