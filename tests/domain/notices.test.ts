import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DOCUMENT_KIND_CODES } from '#domain/claim/completeness.ts';
import { MOVE_TYPES, mayMove } from '#domain/claim/moves.ts';
import { CLAIM_STATES } from '#domain/claim/states.ts';
import { TASK_KINDS } from '#domain/claim/tasks.ts';
import { LOCALES } from '#domain/locale.ts';
import { NOTICE_TEMPLATES, type NoticeContext, type NoticeParams, noticesFor, type NoticeTemplate, overdueNotices } from '#domain/notices/notice.ts';
import { renderNotice, titleOf } from '#domain/notices/render.ts';

const CLAIM = 'YB20261118-00000007';
const render = (template: NoticeTemplate, params: NoticeParams = {}, locale: 'zh' | 'en' = 'zh') =>
  renderNotice({ template, params, locale, claimNumber: CLAIM, recipientName: '王芳', link: 'https://claims.example/c/7?a=1&b=2' });

describe('the words', () => {
  test('of an approval are those that employees were promised', () => {
    const { subject, text } = render('APPROVED', { benefit: '34522.00', amount: '34522.00' });
    expect(subject).toBe(`报销申请审核通过 · ${CLAIM}`);
    expect(text).toContain('您的报销申请已通过医保局审核,资金将在2个工作日内到账');
    expect(text).toContain('报销金额：34522.00元');
  });

  test('say what a message is about without anything that is filled in, and give an unknown template its name', () => {
    for (const template of NOTICE_TEMPLATES) for (const locale of LOCALES) expect(titleOf(template)[locale]).toMatch(/^(?!.*undefined).{4,60}$/);
    expect(titleOf('APPROVED')).toEqual({ zh: '报销申请审核通过', en: expect.stringMatching(/approved/i) });
    expect(titleOf('toString')).toEqual({ zh: 'toString', en: 'toString' });
  });

  test('promise no money of ours where the bureau pays', () => {
    for (const template of ['APPROVED', 'PARTIALLY_APPROVED', 'APPEAL_GRANTED'] as const) {
      expect(render(template, { benefit: '10.00', amount: '0.00' }).text).not.toContain('2个工作日');
      expect(render(template, { benefit: '10.00', amount: '0.00' }, 'en').text).not.toContain('2 working days');
    }
  });

  test('of a partial approval name every cut with its reason', () => {
    const params = {
      submitted: '500.00',
      benefit: '345.22',
      cuts: [
        { lineNo: 1, amount: '54.78', reason: 'COINSURANCE' },
        { lineNo: 2, amount: '100.00', reason: 'X-99' },
      ],
      until: '2027-01-20T15:59:59Z',
    };
    expect(render('PARTIALLY_APPROVED', params).text).toContain('- 第1项：54.78元，按比例自付\n- 第2项：100.00元，医保局说明，详见申请页面');
    expect(render('PARTIALLY_APPROVED', params, 'en').text).toContain('- Line 1: CNY 54.78, Your share of the cost');
    expect(render('PARTIALLY_APPROVED', params).text).toContain('可在2027年1月20日前在申请页面申请复核');
  });

  test('of a denial give reason, next step, and until when to appeal', () => {
    const { text } = render('DENIED', { reasons: ['29'], until: '2027-01-20T15:59:59Z' });
    expect(text).toContain('原因：超过报销时限。');
    expect(text).toContain('2027年1月20日前');
    expect(render('DENIED', { reasons: ['NO_CROSS_REGION_RECORD'] }, 'en').text).toContain('If it was filed, or an emergency, submit again with the proof.');
  });

  test('of missing material list it, with the deadline and whether that is provisional', () => {
    const params: NoticeParams = { documents: ['FEE_LIST', 'DISCHARGE_SUMMARY'], until: '2027-02-10T15:59:59Z', provisional: true };
    expect(render('MATERIALS_MISSING', params).text).toContain('（截止2027年2月10日，暂定）：\n\n- 费用清单\n- 出院小结');
    expect(render('MATERIALS_MISSING', params, 'en').text).toContain('by 10 February 2027 (provisional):\n\n- List of fees\n- Discharge summary');
  });

  test('of what else is to be mended give the reasons and what to do, with or without documents', () => {
    const { text } = render('MATERIALS_MISSING', { documents: [], reasons: ['SPANS_YEARS'], until: '2027-02-10T15:59:59Z' });
    expect(text).toContain('您的报销申请需要更正（截止2027年2月10日）。\n\n原因：费用跨年度，请分单申报。\n\n请按年度拆分后分别提交。');
    expect(render('MATERIALS_REMINDER', { documents: ['FEE_LIST'], reasons: ['DOC_WRONG'] }, 'en').text).toContain(
      'Your claim needs these documents:\n\n- List of fees\n\nReason: A document is not the one asked for.',
    );
  });

  test('of a payment show the last four digits alone', () => {
    expect(render('PAID', { amount: '345.22', accountTail: '6789' }).text).toContain('报销款项345.22元已到账（尾号6789），请查收。');
  });

  test('read well in both languages however little is known, and say whose claim by its number alone', () => {
    const params: fc.Arbitrary<NoticeParams> = fc.record(
      {
        documents: fc.subarray(DOCUMENT_KIND_CODES),
        until: fc.constantFrom('2026-12-01T15:59:59Z', 'soon'),
        provisional: fc.boolean(),
        submitted: fc.constant('2.00'),
        benefit: fc.constant('1.00'),
        amount: fc.constantFrom('0.00', '1.00'),
        accountTail: fc.constant('6789'),
        reasons: fc.array(fc.constantFrom('18', 'DEDUCTIBLE', 'X', '')),
        cuts: fc.array(fc.record({ lineNo: fc.nat(), amount: fc.constant('1.00'), reason: fc.constantFrom('2', 'Y') })),
        task: fc.constantFrom(...TASK_KINDS),
        level: fc.nat(3),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...NOTICE_TEMPLATES), params, fc.constantFrom(...LOCALES), (template, given, locale) => {
        const { subject, text, html } = render(template, given, locale);
        for (const part of [subject, text, html]) {
          expect(part).not.toMatch(/undefined|null|NaN|\[object|Invalid|false|true/);
          expect(part).toContain(CLAIM);
        }
        expect(subject).not.toMatch(/[\r\n]/);
        if (locale === 'en') expect(text.replace('王芳', '')).not.toMatch(/\p{Script=Han}|[，。：（]/u);
      }),
    );
  });
});

describe('HTML', () => {
  test('shows names and links, and obeys neither', () => {
    const { html, text } = renderNotice({
      template: 'TASK_WAITING',
      params: {},
      locale: 'en',
      claimNumber: CLAIM,
      recipientName: `<img src=x onerror='a("&")'>`,
      link: 'https://c.example/"><script>',
    });
    expect(html).toContain('Dear &lt;img src=x onerror=&#39;a(&quot;&amp;&quot;)&#39;&gt;,');
    expect(html).not.toMatch(/<img|<script/);
    expect(text).toContain('<img');
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', '', null])('a link %j is left out', (link) => {
    const { html, text } = renderNotice({ template: 'PAID', params: {}, locale: 'en', claimNumber: CLAIM, recipientName: 'A', link });
    expect(html).not.toContain('<a ');
    expect(text).not.toContain('See the claim');
  });
});

describe('who is told', () => {
  const context = (change: Partial<NoticeContext> = {}): NoticeContext => ({
    unitId: 'branch',
    fromState: 'IN_REVIEW',
    params: { benefit: '1.00', until: 'x' },
    tasks: [],
    ...change,
  });
  const templates = (...args: Parameters<typeof noticesFor>) => noticesFor(...args).map(({ template }) => template);

  test.each<[Parameters<typeof noticesFor>[0], Parameters<typeof noticesFor>[1], Partial<NoticeContext>, NoticeTemplate[]]>([
    ['CREATED', 'DRAFT', { fromState: null }, ['DRAFT_TO_CONFIRM']],
    ['CREATED', 'SUBMITTED', { fromState: null }, ['CLAIM_SUBMITTED']],
    ['DECIDED', 'PARTIALLY_APPROVED', {}, ['PARTIALLY_APPROVED']],
    ['DECIDED', 'APPROVED', { fromState: 'APPEAL_REVIEW' }, ['APPEAL_GRANTED']],
    ['DECIDED', 'DENIED', { fromState: 'APPEAL_REVIEW' }, ['DENIED']],
    ['APPEAL_GRANTED', 'SUBMITTED', { fromState: 'APPEAL_REVIEW' }, ['DENIAL_LIFTED']],
    ['PAID', 'PAID', { fromState: 'PAYMENT_IN_PROCESS' }, ['PAID']],
    ['PAID', 'PAID', { fromState: 'APPROVED' }, ['PAID_DIRECTLY']],
    ['REMINDED', 'PENDED_INFO', {}, ['MATERIALS_REMINDER']],
    ['REMINDED', 'PAYMENT_FAILED', {}, ['ACCOUNT_REMINDER']],
    ['REMINDED', 'IN_REVIEW', {}, ['BUREAU_SLOW']],
    ['PAYMENT_FAILED', 'PAYMENT_FAILED', {}, ['PAYMENT_FAILED']],
    ['PAYMENT_FAILED', 'PAYMENT_FAILED', { tasks: [{ kind: 'PAYOUT_ATTENTION', role: 'finance', unitId: 'branch' }] }, ['PAYMENT_DELAYED', 'TASK_WAITING']],
    ['PAYOUT_BLOCKED', 'APPROVED', { params: { cause: 'NO_ACCOUNT' } }, ['ACCOUNT_NEEDED']],
    ['PAYOUT_BLOCKED', 'APPROVED', { params: { cause: 'STOPPED' } }, []],
    ['CLEARED', 'PAID', { fromState: 'PAID' }, []],
    ['BUREAU_OUTAGE', 'SENT_TO_BUREAU', {}, []],
  ])('%s to %s', (type, to, change, expected) => expect(templates(type, to, context(change))).toEqual(expected));

  test('an escalation goes to its decider alone, without what is the claimant’s', () => {
    const tasks = [{ kind: 'ESCALATION' as const, role: 'approver' as const, unitId: 'group', level: 2, until: '2026-12-01T15:59:59Z' }];
    expect(noticesFor('ESCALATED', 'IN_REVIEW', context({ tasks }))).toEqual([
      {
        template: 'ESCALATED',
        params: { task: 'ESCALATION', level: 2, until: '2026-12-01T15:59:59Z' },
        recipient: { kind: 'role', role: 'approver', unitId: 'group' },
      },
    ]);
  });

  test('of an appeal that the employer hears its own people are reminded, and nobody is sent after the bureau', () => {
    expect(templates('REMINDED', 'APPEAL_REVIEW', context({ params: { task: 'APPEAL_REVIEW' } }))).toEqual([]);
    const seats = [
      { kind: 'APPROVAL', role: 'approver', assignees: ['P1'] } as const,
      ...Array.from({ length: 2 }, () => ({ kind: 'APPROVAL', role: 'hr' }) as const),
    ];
    expect(overdueNotices(seats, 'branch').map(({ recipient }) => recipient)).toEqual([
      { kind: 'employee', employeeId: 'P1' },
      { kind: 'role', role: 'hr', unitId: 'branch' },
    ]);
  });

  test('a duplicate’s claimant and HR both hear, HR of the task', () => {
    const tasks = [{ kind: 'DUPLICATE_REVIEW' as const, role: 'hr' as const, unitId: 'branch' }];
    expect(
      noticesFor('DUPLICATE_SUSPECTED', 'PENDED_DUPLICATE', context({ params: {}, tasks })).map(({ template, recipient }) => [template, recipient.kind]),
    ).toEqual([
      ['DUPLICATE_CHECK', 'claimant'],
      ['TASK_WAITING', 'role'],
    ]);
  });

  test('every change of the stage or note that an employee sees is told', () => {
    const silent = MOVE_TYPES.flatMap((type) =>
      CLAIM_STATES.flatMap((from) =>
        CLAIM_STATES.filter((to) => to !== from && mayMove(type, from, to) && templates(type, to, context({ fromState: from })).length === 0).map(
          (to) => `${type} ${to}`,
        ),
      ),
    );
    // what goes on by itself within a stage, or back to where the employee thinks it is
    expect([...new Set(silent)].sort()).toEqual([
      'BUREAU_ACCEPTED IN_REVIEW',
      'DUPLICATE_CLEARED SUBMITTED',
      'MATERIALS_COMPLETED SUBMITTED',
      'RESUBMITTED_TO_BUREAU APPEAL_REVIEW',
      'RESUBMITTED_TO_BUREAU SENT_TO_BUREAU',
      'REVIEW_REQUESTED SUBMITTED',
    ]);
  });
});
