import type { Locale } from '../locale.ts';
import type { NoticeParams, NoticeTemplate } from './notice.ts';
import { before, type Words } from './words.ts';

type ApprovalTemplate = Extract<NoticeTemplate, `APPROVAL_${string}`>;

/** The words of an approval's messages. Whose claim it is, and what about, stands on its page. */
export const APPROVAL_TEMPLATES: Record<ApprovalTemplate, Record<Locale, (params: NoticeParams) => Words>> = {
  APPROVAL_REQUESTED: {
    zh: (p) => ({ subject: '请审批报销申请', body: [`${asked(p, 'zh')}请您审批${step(p, 'zh')}。`] }),
    en: (p) => ({ subject: 'A claim waits for your approval', body: [`${asked(p, 'en')}Please decide it${step(p, 'en')}.`] }),
  },
  APPROVAL_PROGRESS: {
    zh: (p) => ({ subject: '单位审批有进展', body: [`一位审批人已同意您的报销申请${step(p, 'zh')}。审批尚未结束，结果会通知您，无需另行询问。`] }),
    en: (p) => ({
      subject: 'Your claim moved on in the approval',
      body: [`One of the approvers agreed to your claim${step(p, 'en')}. The approval is not over yet; you will hear the result, there is no need to ask.`],
    }),
  },
  APPROVAL_NOT_NEEDED: {
    zh: () => ({ subject: '审批已由他人处理', body: ['以下报销申请已不需要您审批，待办已取消。'] }),
    en: () => ({ subject: 'Your approval is no longer needed', body: ['This claim no longer waits for your approval; the task was cancelled.'] }),
  },
  APPROVAL_REFUSED: {
    zh: (p) => ({ subject: '报销申请被拒绝', body: [`您参与审批的报销申请已被拒绝${step(p, 'zh')}。`] }),
    en: (p) => ({ subject: 'A claim was refused', body: [`A claim in whose approval you take part was refused${step(p, 'en')}.`] }),
  },
  APPROVAL_RETURNED: {
    zh: (p) => ({
      subject: '报销申请被退回，请补充',
      body: [`审批人将您的报销申请退回补充${before(p, 'zh')}。请在申请页面查看说明，补齐后点击“材料已齐”，审批将从退回的一步继续。逾期未补，申请将被退回。`],
    }),
    en: (p) => ({
      subject: 'Your claim was returned to you',
      body: [
        `An approver returned your claim to you for completion${before(p, 'en')}. See the claim's page for what is missing, and press “materials complete” when you have added it: the approval goes on with the step that returned it. Without it the claim will be denied.`,
      ],
    }),
  },
  APPROVAL_URGED: {
    zh: (p) => ({ subject: '催办：请审批报销申请', body: [`有一份报销申请等待您审批${step(p, 'zh')}，请尽快处理。`] }),
    en: (p) => ({ subject: 'Reminder: a claim waits for your approval', body: [`A claim waits for your approval${step(p, 'en')}. Please see to it soon.`] }),
  },
  APPROVAL_COPIED: {
    zh: () => ({ subject: '抄送：报销申请', body: ['以下报销申请抄送给您，仅供查阅，无需处理。'] }),
    en: () => ({ subject: 'For your information: a claim', body: ['This claim is sent to you for your information; there is nothing to decide.'] }),
  },
};

/** How the approval came to whom the message is for. */
const ASKED: Readonly<Record<string, Record<Locale, string>>> = {
  NEXT: { zh: '上一步审批已通过，现由您审批。', en: 'The step before has agreed, and it is your turn. ' },
  TRANSFERRED: { zh: '一份报销申请的审批已转交给您。', en: 'The approval of a claim was passed on to you. ' },
  ADDED: { zh: '一份报销申请的审批人请您加签。', en: 'An approver of a claim asks for your decision as well. ' },
  RETURNED: { zh: '一份报销申请被退回，需重新审批。', en: 'A claim went back and has to be decided anew. ' },
  RECALLED: { zh: '一份报销申请的审批已撤回，需重新审批。', en: 'An approval of a claim was taken back, and it is open again. ' },
  RESUMED: { zh: '申请人已补充被退回的报销申请。', en: 'The employee has completed the claim that was returned. ' },
  NOBODY_ELSE: { zh: '按审批流未找到审批人，转由您处理。', en: 'The approval flow found nobody else, so it comes to you. ' },
};

function asked({ cause = '' }: NoticeParams, locale: Locale): string {
  return (
    (Object.hasOwn(ASKED, cause) ? ASKED[cause]?.[locale] : undefined) ??
    { zh: '一份报销申请已提交审批。', en: 'A claim was put to you for approval. ' }[locale]
  );
}

function step({ step: no, steps }: NoticeParams, locale: Locale): string {
  if (no === undefined || steps === undefined) return '';
  return locale === 'zh' ? `（第${no}步，共${steps}步）` : ` (step ${no} of ${steps})`;
}
