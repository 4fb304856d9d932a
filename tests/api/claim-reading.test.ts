import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimBody, startTestApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

async function submitted(overrides: Record<string, unknown> = {}): Promise<string> {
  const answer = await api.call({ method: 'POST', url: '/v1/claims', body: claimBody(overrides) });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ number: string }>().number;
}

const numbers = (answer: { json(): { items: { number: string }[] } }): string[] => answer.json().items.map((item) => item.number);
const list = (query: string, token?: string) => api.call({ url: `/v1/claims?${query}`, ...(token !== undefined && { token }) });

describe('the list', () => {
  test('newest first, every claim once, page by page, while claims of the same moment come in', async () => {
    const made: string[] = [];
    for (let count = 0; count < 7; count += 1) made.push(await submitted());
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list(`limit=3&employeeNo=E1${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(page.statusCode, page.body).toBe(200);
      seen.push(...numbers(page));
      // newer than where the reader is: must not shift the pages
      if (cursor === null) await submitted();
      cursor = page.json<{ nextCursor: string | null }>().nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(made.toReversed());
  });

  test('each filter keeps what fits, and the subtree of the key always counts', async () => {
    const mine = await submitted();
    const other = await submitted({ employeeNo: 'E2' });
    const fits = async (query: string, number: string, token?: string) => numbers(await list(`limit=100&${query}`, token)).includes(number);
    expect(
      await Promise.all(
        [
          'unitCode=SJZ',
          'unitCode=SJZ-01',
          'employeeNo=E1',
          'bureau=130100',
          'region=130102',
          'state=SUBMITTED',
          'stage=SUBMITTED',
          'onHold=false',
          'escalationLevel=0',
          'overdue=false',
          'submittedFrom=2026-11-18T01:30:00Z',
          'submittedTo=2026-11-18T09:30:00%2B08:00',
        ].map((query) => fits(query, mine)),
      ),
    ).toEqual(Array(12).fill(true));
    expect(
      await Promise.all(
        [
          'unitCode=BJ',
          'unitCode=NONE',
          'employeeNo=E2',
          'bureau=110000',
          'region=130100',
          'state=PAID',
          'stage=APPROVED',
          'onHold=true',
          'escalationLevel=1',
          'overdue=true',
          'submittedFrom=2026-11-18T01:30:00.001Z',
          'submittedTo=2026-11-18T01:29:59Z',
        ].map((query) => fits(query, mine)),
      ),
    ).toEqual(Array(12).fill(false));
    expect(await fits('', other, api.tokens.SJZ)).toBe(false);
    expect(await fits('unitCode=BJ', other, api.tokens.SJZ)).toBe(false);
    await api.database.query(`UPDATE claim SET due_at = $2, on_hold = true, submission_version = 1 WHERE number = $1`, [
      mine,
      new Date('2026-11-18T01:29:59Z'),
    ]);
    expect(await Promise.all(['overdue=true', 'onHold=true', 'stage=BUREAU_REVIEW'].map((query) => fits(query, mine)))).toEqual([true, true, true]);
    expect(await fits('stage=SUBMITTED', mine)).toBe(false);
  });

  test.each([
    ['limit=0', 'VALIDATION_FAILED'],
    ['limit=101', 'VALIDATION_FAILED'],
    ['limit=ten', 'VALIDATION_FAILED'],
    ['state=LOST', 'VALIDATION_FAILED'],
    ['onHold=yes', 'VALIDATION_FAILED'],
    ['surprise=1', 'VALIDATION_FAILED'],
    ['state=PAID&state=DENIED', 'VALIDATION_FAILED'],
    ['submittedFrom=yesterday', 'VALIDATION_FAILED'],
    ['submittedFrom=0000-01-01T00:00:00Z', 'VALIDATION_FAILED'],
    ['employeeNo=%00', 'VALIDATION_FAILED'],
    ['cursor=nonsense', 'CURSOR_INVALID'],
    [`cursor=${Buffer.from('{"createdAt":"now()","number":"x"}').toString('base64url')}`, 'CURSOR_INVALID'],
    [`cursor=${Buffer.from('{"createdAt":"2026-11-18T01:30:00Z","number":"\\u0000"}').toString('base64url')}`, 'CURSOR_INVALID'],
  ])('refuses ?%s', async (query, code) => {
    const answer = await list(query);
    expect([answer.statusCode, answer.json().code]).toEqual([400, code]);
  });
});

describe('progress', () => {
  type Step = { type: string; toState: string; at: string; actor?: unknown; remark?: string; params?: Record<string, unknown> };

  /** Writes a history as the workflow would, and the head that goes with it. */
  async function withHistory(steps: Step[], head: Record<string, unknown>): Promise<string> {
    const number = await submitted();
    for (const [index, step] of steps.entries()) {
      await api.database.query(
        `INSERT INTO claim_event (claim_number, seq, type, to_state, at, actor, remark, remark_params) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [number, index + 2, step.type, step.toState, step.at, step.actor ?? { type: 'system', id: 'daozhang' }, step.remark ?? step.type, step.params ?? {}],
      );
    }
    const columns = Object.keys(head);
    await api.database.query(`UPDATE claim SET ${columns.map((column, index) => `${column} = $${index + 2}`).join(', ')} WHERE number = $1`, [
      number,
      ...Object.values(head),
    ]);
    return number;
  }
  const read = async (number: string) => (await api.call({ url: `/v1/claims/${number}/progress` })).json();
  const day = (date: string) => `2026-11-${date}T02:00:00.000Z`;
  const toBureau: Step[] = [
    { type: 'INTAKE_PASSED', toState: 'SENT_TO_BUREAU', at: day('18') },
    { type: 'BUREAU_ACCEPTED', toState: 'IN_REVIEW', at: day('19'), actor: { type: 'bureau', id: '130100' }, params: { acceptanceNo: 'A7' } },
  ];
  const statuses = (progress: { stages: { status: string }[] }) => progress.stages.map((stage) => stage.status);

  test('with the bureau: whose turn, since when, until when', async () => {
    const number = await withHistory(toBureau, { state: 'IN_REVIEW', seq: 3, submission_version: 1, turn: 'bureau', turn_since: day('18') });
    const progress = await read(number);
    expect(statuses(progress)).toEqual(['done', 'current', 'upcoming', 'upcoming', 'upcoming']);
    expect(progress.stages[1]).toEqual({
      stage: 'BUREAU_REVIEW',
      label: { zh: '医保局审核中', en: 'Under review by the bureau' },
      status: 'current',
      at: day('18'),
      updatedAt: day('19'),
      actor: { zh: '石家庄市医疗保障局', en: 'Shijiazhuang bureau' },
      remark: { zh: '医保局已受理，受理号A7', en: 'Accepted by the bureau, number A7' },
    });
    // 20 working days after Wednesday 2026-11-18: four weeks without a holiday, to Wednesday 2026-12-16, end of the day in Shanghai
    expect(progress).toMatchObject({
      turn: { party: 'bureau', label: { zh: '医保局', en: 'The bureau' }, since: day('18') },
      expectedBy: '2026-12-16T15:59:59.000Z',
      expectedInWorkingDays: 20,
      provisional: false,
      nextStep: {
        text: { zh: '无需操作，等待医保局审核' },
        actions: [{ action: 'add-documents' }, { action: 'withdraw', method: 'POST', path: `/v1/claims/${number}/withdraw` }],
      },
    });
  });

  test('documents missing: which, until when, and what to call', async () => {
    const asked: Step = { type: 'INFO_REQUESTED', toState: 'PENDED_INFO', at: day('18'), params: { documents: 'FEE_LIST,DIAGNOSIS_CERTIFICATE' } };
    const number = await withHistory([asked], { state: 'PENDED_INFO', seq: 2, turn: 'employee', turn_since: day('18') });
    const progress = await read(number);
    expect(statuses(progress)).toEqual(['current', 'upcoming', 'upcoming', 'upcoming', 'upcoming']);
    expect(progress.note).toEqual({ code: 'MATERIALS_MISSING', label: { zh: '待补材料', en: 'Material needed' } });
    expect(progress.missingDocuments.map((missing: { kind: string }) => missing.kind)).toEqual(['FEE_LIST', 'DIAGNOSIS_CERTIFICATE']);
    // 15 working days after 2026-11-18: Wednesday 2026-12-09
    expect([progress.expectedBy, progress.expectedInWorkingDays]).toEqual(['2026-12-09T15:59:59.000Z', 15]);
    expect(progress.nextStep.text.zh).toMatch(/2026年12月9日前.*费用清单、诊断证明.*材料已齐/);
    expect(progress.nextStep.text.en).toMatch(/by 9 December 2026.*List of fees, Diagnosis certificate.*materials complete/);
    expect(progress.nextStep.actions.map((action: { action: string }) => action.action)).toEqual([
      ...['add-documents', 'materials-complete', 'ask-for-person', 'withdraw'],
    ]);
  });

  test('money arrived: all five are done', async () => {
    const steps: Step[] = [
      ...toBureau,
      { type: 'DECIDED', toState: 'APPROVED', at: day('20'), remark: 'DECIDED_APPROVED', params: { benefit: '400.00' } },
      { type: 'PAYOUT_ORDERED', toState: 'PAYMENT_IN_PROCESS', at: day('20') },
      { type: 'PAID', toState: 'PAID', at: day('21'), params: { amount: '400.00' } },
    ];
    const head = { state: 'PAID', seq: 6, submission_version: 1, turn: null, approved_fen: 40_000, payable_fen: 40_000, paid_fen: 40_000 };
    const progress = await read(await withHistory(steps, head));
    expect(statuses(progress)).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(progress.stages.map((stage: { at: string }) => stage.at)).toEqual(['2026-11-18T01:30:00.000Z', day('18'), day('20'), day('20'), day('21')]);
    expect(progress.stages[4].remark).toEqual({ zh: '已到账400.00元', en: 'The money has arrived: CNY 400.00' });
    expect(progress).toMatchObject({ turn: null, expectedBy: null, amounts: { submitted: '526.00', approved: '400.00', payable: '400.00', paid: '400.00' } });
  });

  test('denied: ended at the bureau, the rest not reached, and what is left to do', async () => {
    const denied: Step = { type: 'DECIDED', toState: 'DENIED', at: day('20'), remark: 'DECIDED_DENIED', params: { reasons: 'NOT_INSURED' } };
    const number = await withHistory([...toBureau, denied], { state: 'DENIED', seq: 4, submission_version: 1, turn: null, turn_since: day('20') });
    await api.database.query(
      `INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
       VALUES ($1, 1, 'BUREAU', 'D1', 'DENIED', 52600, 0, 0, '{"type":"bureau","id":"130100"}', $2, $2)`,
      [number, day('20')],
    );
    api.time.now = new Date(day('21'));
    const progress = await read(number);
    expect(statuses(progress)).toEqual(['done', 'ended', 'not-reached', 'not-reached', 'not-reached']);
    expect(progress.stages[1].remark.zh).toBe('审核未通过：未查到参保信息');
    // 45 working days after 2026-11-20 run into 2027, whose holidays nobody has published
    expect(progress.appealableUntil).toMatch(/^2027-01-/);
    expect(progress.nextStep.actions.map((action: { path: string }) => action.path)).toEqual([`/v1/claims/${number}/appeal`, `/v1/claims/${number}/resubmit`]);
    api.time.now = new Date('2027-06-01T00:00:00Z');
    expect(await read(number)).toMatchObject({ appealableUntil: null, nextStep: { actions: [{ action: 'resubmit' }] } });
    api.time.now = new Date('2026-11-18T01:30:00.000Z');
  });

  test('a partial approval may be appealed against once it is paid, also after the claim was closed, and not before', async () => {
    const decided: Step = { type: 'DECIDED', toState: 'PARTIALLY_APPROVED', at: day('20'), remark: 'DECIDED_PARTIALLY', params: { benefit: '400.00' } };
    const number = await withHistory([...toBureau, decided], { state: 'PARTIALLY_APPROVED', seq: 4, submission_version: 1, turn: null, approved_fen: 40_000 });
    await api.database.query(
      `INSERT INTO decision (claim_number, no, source, source_no, outcome, submitted_fen, benefit_fen, payable_fen, decided_by, decided_at, recorded_at)
       VALUES ($1, 1, 'BUREAU', 'D2', 'PARTIALLY_APPROVED', 52600, 40000, 40000, '{"type":"bureau","id":"130100"}', $2, $2)`,
      [number, day('20')],
    );
    api.time.now = new Date(day('25'));
    expect(await read(number)).toMatchObject({ appealableUntil: null, nextStep: { actions: [] } });
    await api.database.query(`UPDATE claim SET state = 'PAID', paid_fen = 40000, closed_at = $2, cleared_at = $2 WHERE number = $1`, [number, day('24')]);
    expect(await read(number)).toMatchObject({
      appealableUntil: expect.stringMatching(/^2027-01-/),
      nextStep: { actions: [{ action: 'appeal', method: 'POST', path: `/v1/claims/${number}/appeal` }] },
    });
    api.time.now = new Date('2027-06-01T00:00:00Z');
    expect(await read(number)).toMatchObject({ appealableUntil: null, nextStep: { actions: [] } });
    api.time.now = new Date('2026-11-18T01:30:00.000Z');
  });

  test('an appeal brings the claim back to the bureau: later stages count anew', async () => {
    const steps: Step[] = [
      ...toBureau,
      { type: 'DECIDED', toState: 'PARTIALLY_APPROVED', at: day('20') },
      { type: 'PAYOUT_ORDERED', toState: 'PAYMENT_IN_PROCESS', at: day('20') },
      { type: 'PAID', toState: 'PAID', at: day('21') },
      { type: 'APPEALED', toState: 'APPEAL_REVIEW', at: day('23') },
    ];
    const progress = await read(await withHistory(steps, { state: 'APPEAL_REVIEW', seq: 7, submission_version: 2, turn: 'bureau', turn_since: day('23') }));
    expect(statuses(progress)).toEqual(['done', 'current', 'upcoming', 'upcoming', 'upcoming']);
    expect(progress.stages.map((stage: { at: string | null }) => stage.at)).toEqual(['2026-11-18T01:30:00.000Z', day('18'), null, null, null]);
    expect(progress).toMatchObject({ note: { code: 'APPEAL' }, stages: [{}, { updatedAt: day('23'), remark: { zh: '已申请复核' } }, {}, {}, {}] });
  });
});
