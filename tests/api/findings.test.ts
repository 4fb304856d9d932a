import { afterAll, beforeAll, expect, test } from 'vitest';
import { startClaimWorld, type ClaimWorld } from './claim-world.ts';
import { claimBody, invoice, PDF } from './support.ts';

let world: ClaimWorld;
beforeAll(async () => {
  world = await startClaimWorld();
  world.relay();
  await world.work();
  await world.giveRole({ employee: 'E4', unit: 'SJZ', role: 'hr' });
  await world.giveRole({ employee: 'E3', unit: 'SJZ', role: 'operator' });
});
afterAll(() => world?.close());

const read = (number: string, what: string, as = 'E1') => world.call({ url: `/v1/claims/${number}/${what}`, as });
const post = (number: string, what: string, body: unknown, as = 'E1') => world.call({ method: 'POST', url: `/v1/claims/${number}/${what}`, body, as });
const overNewYear = () => ({ invoices: [invoice({ issuedOn: '2026-01-02' })], visit: { no: `V${Math.random()}`, start: '2025-12-30', end: '2026-01-02' } });

test('what the review found is told to the employee with what to do; a person is asked for, overrules it, and is named beside it', async () => {
  const number = await world.submit(overNewYear());
  await world.reached(number, 'PENDED_INFO');
  const found = (await read(number, 'findings')).json();
  expect(found.review).toMatchObject({ no: 1, rulebook: { id: '130100-310' } });
  expect(found.items[0]).toEqual({
    ...{ code: 'SPANS_YEARS', about: null, blocking: true, mendedBy: 'employee', lineNo: null, document: null, documentId: null, invoiceNo: null },
    ...{ claimed: null, found: null, overruled: null },
    text: { zh: '费用跨年度，请分单申报', en: 'The costs belong to two years: claim each on its own' },
    next: { zh: '请按年度拆分后分别提交', en: 'Split the claim by year and submit both' },
  });
  const progress = (await read(number, 'progress')).json();
  expect(progress.toMend).toMatchObject([{ code: 'SPANS_YEARS', next: { zh: '请按年度拆分后分别提交' } }]);
  expect(progress.nextStep.text.zh).toMatch(/^请在.*前补充或更正（费用跨年度，请分单申报），完成后点击“材料已齐”$/);
  expect(progress.nextStep.actions.map(({ action }: { action: string }) => action)).toEqual([
    'add-documents',
    'materials-complete',
    'ask-for-person',
    'withdraw',
  ]);

  // an operator keeps things going, and has no business with what somebody is ill of
  expect((await read(number, 'findings', 'E3')).json().code).toBe('FORBIDDEN');
  expect((await post(number, 'review-request', { reason: '一次结算' }, 'E2')).json().code).toBe('FORBIDDEN');
  expect((await post(number, 'review-request', {})).json().code).toBe('VALIDATION_FAILED');
  expect((await post(number, 'review-request', { reason: '一次结算' })).json()).toMatchObject({ state: 'SUBMITTED' });
  expect((await post(number, 'review-request', { reason: '一次结算' })).json().code).toBe('CLAIM_STATE_CONFLICT');
  const task = await world.openTask(number, 'PRE_REVIEW');
  const decision = { method: 'POST', url: `/v1/tasks/${task.id}/decision`, as: 'E4', headers: { 'if-match': `"${task.version}"` } } as const;
  expect((await world.call({ ...decision, body: { choice: 'OVERRULE', comment: null } })).json().code).toBe('COMMENT_REQUIRED');
  expect((await world.call({ ...decision, body: { choice: 'OVERRULE', comment: '医院一次结算' } })).statusCode).toBe(200);
  await world.reached(number, 'SENT_TO_BUREAU');
  const after = (await read(number, 'findings')).json();
  expect(after.review.no).toBe(2);
  expect(after.items.find(({ code }: { code: string }) => code === 'SPANS_YEARS').overruled).toMatchObject({
    ...{ by: { type: 'person', id: world.employeeIds.E4 }, comment: '医院一次结算' },
  });
});

test('a wrong document is replaced by one of its kind while the claim waits for it, stays with the claim, and counts no more', async () => {
  const number = await world.submit(overNewYear());
  await world.reached(number, 'PENDED_INFO');
  const brought = (await world.call({ url: `/v1/claims/${number}`, as: 'E1' }))
    .json()
    .documents.find(({ kind }: { kind: string }) => kind === 'FEE_LIST').documentId;
  const { id: documentId } = (await world.upload({ content: Buffer.concat([PDF, Buffer.from('\n% another')]) })).json();
  const replacing = (kind: string, replaces: string) => post(number, 'documents', { documents: [{ documentId, kind, replaces }] });
  // of another kind; of no claim; itself
  expect((await replacing('INVOICE', brought)).json().code).toBe('DOCUMENT_UNKNOWN');
  expect((await replacing('FEE_LIST', '00000000-0000-4000-8000-000000000000')).json().code).toBe('DOCUMENT_UNKNOWN');
  expect((await replacing('FEE_LIST', documentId)).json().code).toBe('DOCUMENT_UNKNOWN');
  const answer = await replacing('FEE_LIST', brought);
  expect(answer.statusCode).toBe(201);
  const lists = answer.json().documents.filter(({ kind }: { kind: string }) => kind === 'FEE_LIST');
  // the clock stands still here: neither was added before the other
  const replacedBy = new Map(lists.map((list: { documentId: string; replacedBy: string | null }) => [list.documentId, list.replacedBy]));
  expect(replacedBy).toEqual(
    new Map([
      [brought, documentId],
      [documentId, null],
    ]),
  );
  await world.call({ method: 'POST', url: `/v1/claims/${number}/withdraw`, body: {}, as: 'E1' });
});

test('a claim that nobody has looked at has no review yet, and one that lacks nothing has one without what stops it', async () => {
  const draft = (await world.call({ method: 'POST', url: '/v1/claims', as: 'E1', body: claimBody({ invoices: [invoice()], draft: true }) })).json().number;
  expect((await read(draft, 'findings')).json()).toEqual({ review: null, items: [] });
  const number = await world.submit({ invoices: [invoice()] });
  await world.reached(number, 'SENT_TO_BUREAU');
  const { review, items } = (await read(number, 'findings')).json();
  expect(review.no).toBe(1);
  expect(items.filter(({ blocking }: { blocking: boolean }) => blocking)).toEqual([]);
});
