import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimBody, invoice, PDF, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.giveRole({ employee: 'E4', unit: 'SJZ', role: 'approver' });
});
afterAll(() => api?.close());

async function submitted(): Promise<string> {
  const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody() });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ number: string }>().number;
}

async function document(): Promise<string> {
  const answer = await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\nstartxref\n0\n%%EOF\n`)]) });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
}

describe('resubmission', () => {
  const resubmit = (number: string, body = claimBody()) => {
    const { employeeNo: _, ...content } = body;
    return api.call({ method: 'POST', url: `/v1/claims/${number}/resubmit`, body: content });
  };
  const end = (number: string, state: string) => api.database.query('UPDATE claim SET state = $2 WHERE number = $1', [number, state]);

  test('a denied claim is taken up once by a new one that points at it', async () => {
    const number = await submitted();
    expect((await resubmit(number)).json()).toMatchObject({ code: 'PRIOR_CLAIM_INVALID', params: { state: 'SUBMITTED' } });
    await end(number, 'DENIED');
    const next = await resubmit(number);
    expect(next.statusCode, next.body).toBe(201);
    expect(next.json()).toMatchObject({ priorClaim: number, resubmissionNo: 1, employeeNo: 'E1', state: 'SUBMITTED' });
    expect((await resubmit(number)).json()).toMatchObject({ code: 'PRIOR_CLAIM_INVALID', params: { resubmittedAs: next.json().number } });
    const { items } = (await api.call({ url: `/v1/claims/${next.json().number}/history` })).json();
    expect(items[0].remark).toEqual({ zh: `已重新提交，原申请${number}`, en: `Submitted again, after ${number}` });
  });

  test('a chain ends where the unit says: three times by default', async () => {
    let number = await submitted();
    for (let no = 1; no <= 3; no += 1) {
      await end(number, 'WITHDRAWN');
      const next = await resubmit(number);
      expect(next.json()).toMatchObject({ resubmissionNo: no });
      number = next.json().number;
    }
    await end(number, 'DENIED');
    const before = await api.countRows();
    expect((await resubmit(number)).json()).toMatchObject({ status: 409, code: 'RESUBMISSION_LIMIT', params: { limit: 3 } });
    expect(await api.countRows()).toEqual(before);
  });

  test('two at once with different keys: one', async () => {
    const number = await submitted();
    await end(number, 'DENIED');
    const answers = await Promise.all(Array.from({ length: 5 }, () => resubmit(number)));
    expect(answers.map((answer) => answer.statusCode).toSorted()).toEqual([201, 422, 422, 422, 422]);
  });
});

describe('adding documents', () => {
  test('each once, audited; not to a claim that is over', async () => {
    const number = await submitted();
    const documentId = await document();
    const add = (documents: unknown) => api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents } });
    const first = await add([{ documentId, kind: 'PRESCRIPTION_OR_RECORD' }]);
    expect(first.statusCode, first.body).toBe(201);
    expect(first.json().documents).toEqual([
      {
        documentId,
        kind: 'PRESCRIPTION_OR_RECORD',
        fileName: 'invoice.pdf',
        mediaType: 'application/pdf',
        sizeBytes: expect.any(Number),
        addedAt: '2026-11-18T01:30:00.000Z',
        replacedBy: null,
      },
    ]);
    expect((await add([{ documentId, kind: 'OTHER' }])).json().documents).toEqual(first.json().documents);
    const { rows } = await api.database.query(`SELECT action, actor->>'type' AS type FROM audit_entry WHERE claim_number = $1 ORDER BY id`, [number]);
    expect(rows.map((row) => row['action'])).toEqual(['CREATED', 'DOCUMENTS_ADDED', 'DOCUMENTS_ADDED']);

    for (const bad of [[], 'x', [{ documentId }], [{ documentId, kind: 'SELFIE' }]]) expect((await add(bad)).statusCode).toBe(400);
    await api.database.query('UPDATE claim SET closed_at = now() WHERE number = $1', [number]);
    expect((await add([{ documentId, kind: 'OTHER' }])).json().code).toBe('CLAIM_CLOSED');
  });

  test('whoever decides on a claim files a paper with it, and takes none away', async () => {
    const number = await submitted();
    const { documents } = (await api.call({ url: `/v1/claims/${number}` })).json<{ documents: { documentId: string }[] }>();
    const letter = await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\nstartxref\n0\n%%EOF\n`)]), as: 'E4' });
    const documentId: string = letter.json().id;
    const add = (as: string, more = {}) =>
      api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents: [{ documentId, kind: 'OTHER', ...more }] }, as });
    await api.database.query(`UPDATE claim SET state = 'PENDED_INFO' WHERE number = $1`, [number]);
    expect((await add('E4', { replaces: documents[0]?.documentId ?? documentId })).json().code).toBe('FORBIDDEN');
    expect((await add('E3')).json().code).toBe('FORBIDDEN');
    expect((await add('E4')).statusCode).toBe(201);
    expect((await api.call({ method: 'POST', url: `/v1/claims/${number}/materials-complete`, body: {}, as: 'E4' })).json().code).toBe('FORBIDDEN');
  });

  test('what was replaced counts again for those alone who may replace, and two documents do not take the place of each other', async () => {
    const [number, one, other] = [await submitted(), await document(), await document()];
    await api.database.query(`UPDATE claim SET state = 'PENDED_INFO' WHERE number = $1`, [number]);
    const add = (as: string, documents: { documentId: string; replaces?: string }[]) => {
      const body = { documents: documents.map((each) => ({ kind: 'FEE_LIST', ...each })) };
      return api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body, as });
    };
    const replacedBy = async (): Promise<(string | null)[]> => {
      const { documents } = (await api.call({ url: `/v1/claims/${number}` })).json<{ documents: { documentId: string; replacedBy: string | null }[] }>();
      return [one, other].map((id) => documents.find(({ documentId }) => documentId === id)?.replacedBy ?? null);
    };
    await add('E1', [{ documentId: one }]);
    expect((await add('E1', [{ documentId: other, replaces: one }])).statusCode).toBe(201);
    expect((await add('E4', [{ documentId: one }])).statusCode).toBe(201);
    expect(await replacedBy()).toEqual([other, null]);
    expect((await add('E1', [{ documentId: one, replaces: other }])).statusCode).toBe(201);
    expect(await replacedBy()).toEqual([null, one]);
    const both = [
      { documentId: one, replaces: other },
      { documentId: other, replaces: one },
    ];
    expect((await add('E1', both)).json()).toMatchObject({ code: 'DOCUMENT_UNKNOWN', params: { documents: [other, one] } });
    expect(await replacedBy()).toEqual([null, one]);
  });

  test('whatever the role, a colleague’s file is not put into the own claim', async () => {
    await api.giveRole({ employee: 'E3', unit: 'SJZ', role: 'hr' });
    const brought = await api.upload({ content: Buffer.concat([PDF, Buffer.from(`%${randomUUID()}\nstartxref\n0\n%%EOF\n`)]), as: 'E1' });
    const documentId: string = brought.json().id;
    const documents = [{ documentId, kind: 'OTHER' }];
    const draft = (employeeNo: string, more = {}) =>
      api.call({ method: 'POST', url: '/v1/claims', body: claimBody({ employeeNo, draft: true, invoices: [invoice()], ...more }), as: employeeNo });
    const { number } = (await draft('E4')).json<{ number: string }>();
    const refused = { status: 422, code: 'DOCUMENT_UNKNOWN', params: { documents: [documentId] } };
    expect((await api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents }, as: 'E4' })).json()).toMatchObject(refused);
    expect((await draft('E4', { documents })).json()).toMatchObject(refused);
    expect((await api.call({ url: `/v1/documents/${documentId}/content`, as: 'E4' })).json().code).toBe('FORBIDDEN');
    // into the claim of whose it is HR puts it all the same
    const theirs = (await draft('E1')).json<{ number: string }>().number;
    expect((await api.call({ method: 'POST', url: `/v1/claims/${theirs}/documents`, body: { documents }, as: 'E3' })).statusCode).toBe(201);
  });

  test('no more than fifty to one claim, in however many requests', async () => {
    const number = await submitted();
    const add = (ids: string[]) =>
      api.call({ method: 'POST', url: `/v1/claims/${number}/documents`, body: { documents: ids.map((documentId) => ({ documentId, kind: 'OTHER' })) } });
    const ids = await Promise.all(Array.from({ length: 51 }, () => document()));
    expect((await add(ids)).statusCode).toBe(400);
    expect((await add(ids.slice(0, 50))).statusCode).toBe(201);
    expect((await add(ids.slice(50))).statusCode).toBe(400);
    const { rows } = await api.database.query('SELECT count(*) FROM claim_document WHERE claim_number = $1', [number]);
    expect(rows).toEqual([{ count: 50 }]);
  });
});
