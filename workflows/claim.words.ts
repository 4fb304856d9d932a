import type { ClaimState } from '#domain/claim/states.ts';
import type { ClaimView } from '#domain/claim/view.ts';

const WAITING_FOR: Record<ClaimState, string> = {
  DRAFT: 'the employee to confirm the claim · 等待本人确认',
  SUBMITTED: "the employer's approver · 等待单位审批",
  PENDED_INFO: 'documents from the employee · 等待补充材料',
  PENDED_DUPLICATE: 'HR, to say whether it is a duplicate · 等待人力资源核实是否重复',
  SENT_TO_BUREAU: 'the bureau to accept the submission · 等待医保局受理',
  IN_REVIEW: "the bureau's decision · 等待医保局审核",
  APPROVED: 'the payout · 等待付款',
  PARTIALLY_APPROVED: 'the payout · 等待付款',
  PAYMENT_IN_PROCESS: "the bank's final answer · 等待银行结果",
  PAYMENT_FAILED: 'a corrected account · 等待更正收款账户',
  PAID: "the bank statement, and the end of the bank's time for a return · 等待对账与退票期结束",
  DENIED: 'the end of the time for an appeal · 等待复核期限届满',
  APPEAL_REVIEW: 'the decision on the appeal · 等待复核结果',
  WITHDRAWN: 'nothing · 已撤回',
  REVERSED: 'nothing · 已冲正',
};

/** What a claim waits for and until when, in plain words: for the workflow's page and the status query. Nothing personal. */
export function describe(view: ClaimView): { waitingFor: string; until: string | null } {
  const parts = [
    view.onHold
      ? 'a release: the claim is on hold · 申请已暂停'
      : view.withdrawalRequested
        ? 'the bureau to let go of the claim · 等待医保局确认撤回'
        : WAITING_FOR[view.state],
  ];
  if (view.bureauOutage) parts.push('the bureau cannot be reached · 医保局系统暂不可用');
  if (view.payoutBlocked) parts.push(`the payout waits: ${view.payoutBlocked}`);
  for (const task of view.tasks) parts.push(`task ${task.kind}${task.level ? ` level ${task.level}` : ''} is open for ${task.role}`);
  const until = [view.remindAt, view.actAt].filter((at) => at !== null).toSorted()[0] ?? null;
  return { waitingFor: parts.join('; '), until };
}

/** The same as Markdown, with all that an operator asks first. */
export function detailsOf(view: ClaimView): string {
  const { waitingFor, until } = describe(view);
  const lines = [`**${view.state}**${view.escalationLevel ? ` · escalation level ${view.escalationLevel}` : ''}`, `Waits for ${waitingFor}.`];
  if (until) lines.push(`Until ${until}${view.provisional ? ' (provisional: holidays of that year are not published yet)' : ''}.`);
  lines.push(`Bureau ${view.bureauCode}, submission ${view.submission?.version ?? 0}, transition ${view.seq}.`);
  return lines.join('\n\n');
}
