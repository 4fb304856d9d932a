import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import type { ClaimView } from '#domain/claim/view.ts';
import { CALL_BANK, CALL_BUREAU, RETRY_BLOCKED_PAYOUT_MS } from './activity-options.ts';
import { openMailbox } from './claim.mailbox.ts';
import * as messages from './claim.messages.ts';
import { answerRequest } from './claim.requests.ts';
import { describe, detailsOf } from './claim.words.ts';
import { openJob } from './job.ts';
import { write } from './writes.ts';

/**
 * A claim, from intake to cleared, denied for good, withdrawn or reversed. The state lives in Postgres: every write answers with the claim as it is,
 * and the loop asks only what this state needs next. So a claim whose workflow was lost, reset or terminated goes on from where it
 * was when a workflow is started for it again.
 */
export async function claim({ claimNumber }: messages.ClaimWorkflowInput): Promise<messages.ClaimWorkflowResult> {
  let view: ClaimView | null = null;
  const mailbox = openMailbox(() => view);
  setHandler(messages.claimStatus, () => statusOf(view, claimNumber));
  const job = openJob();
  let published = '';
  let settledDeadline = '';
  let bell = false;

  const step = (now: ClaimView) => ({ claimNumber, seq: now.seq, at: new Date().toISOString() });

  /** Takes in one message, if there is one that may be taken in now. */
  async function hear(now: ClaimView): Promise<ClaimView | null> {
    const [request] = mailbox.requests;
    if (request) {
      const next = await answerRequest(now, request);
      mailbox.requests.shift();
      if (request.kind === 'decide' && (request.args.choice === 'RETRY' || request.args.choice === 'RELEASE_LIMIT')) mailbox.tryPayoutAgain = true;
      return next;
    }
    const reference = mailbox.paymentNews.shift();
    if (reference !== undefined) return (await write('recordPaymentNews', { ...step(now), reference })).view;
    if (now.onHold) {
      const unseen = mailbox.bureauAnswers.find((answer) => !answer.shown);
      if (!unseen) return null;
      unseen.shown = true;
      return (await write('recordAnswerWhileHeld', { ...step(now), source: unseen.source, messageId: unseen.messageId })).view;
    }
    const answer = mailbox.bureauAnswers.shift();
    if (answer) return (await write('recordBureauAnswer', { ...step(now), source: answer.source, messageId: answer.messageId })).view;
    if (!mailbox.tryPayoutAgain) return null;
    mailbox.tryPayoutAgain = false;
    return (await write('orderPayout', step(now))).view;
  }

  const hasMail = (now: ClaimView): boolean =>
    mailbox.requests.length > 0 ||
    mailbox.paymentNews.length > 0 ||
    mailbox.bureauAnswers.some((answer) => !now.onHold || !answer.shown) ||
    (mailbox.tryPayoutAgain && !now.onHold);

  /** Does what the claim needs next, if nobody else has to do something first. */
  async function advance(now: ClaimView): Promise<ClaimView | null> {
    // A hold stops decisions and instructions. What was given to the bank is followed to its end, and so is a call under way.
    const followed = now.state === 'PAID' || (now.state === 'PAYMENT_IN_PROCESS' && now.payment?.status !== 'CREATED');
    if (now.onHold && !followed && !job.running && !job.settled) return null;
    if (isDue(now)) return meetDeadline(now);
    if (now.withdrawalRequested) return withdrawFromBureau(now);
    switch (now.state) {
      case 'SUBMITTED':
        return now.tasks.length > 0 ? null : (await write('runIntake', step(now))).view;
      case 'SENT_TO_BUREAU':
      case 'APPEAL_REVIEW':
        return now.submission && !now.submission.accepted && now.tasks.length === 0 ? submit(now, now.submission.messageId) : null;
      case 'APPROVED':
      case 'PARTIALLY_APPROVED':
        return now.payoutBlocked && !rang() ? null : (await write('orderPayout', step(now))).view;
      case 'PAYMENT_IN_PROCESS':
        return pay(now);
      default:
        return null;
    }
  }

  async function submit(now: ClaimView, messageId: string): Promise<ClaimView | null> {
    const bureau = proxyActivities<Activities>(atBureau(now));
    const outcome = job.take(`submit ${messageId}`, () => bureau.submitToBureau({ bureauCode: now.bureauCode, messageId }));
    if (!outcome) return null;
    return outcome.ok ? (await write('recordSubmission', { ...step(now), messageId, result: outcome.value })).view : now;
  }

  async function withdrawFromBureau(now: ClaimView): Promise<ClaimView | null> {
    const bureau = proxyActivities<Activities>(atBureau(now));
    const outcome = job.take(`withdraw ${now.seq}`, () => bureau.withdrawFromBureau({ bureauCode: now.bureauCode, claimNumber }));
    if (!outcome) return null;
    return outcome.ok ? (await write('recordWithdrawal', { ...step(now), result: outcome.value })).view : now;
  }

  /** One instruction, one reference: given to the bank, and asked for until the bank says for certain. */
  async function pay(now: ClaimView): Promise<ClaimView | null> {
    const { payment } = now;
    if (!payment || (payment.status !== 'CREATED' && !job.running && !job.settled && !rang())) return null;
    const { reference } = payment;
    const bank = proxyActivities<Activities>({ ...CALL_BANK, taskQueue: messages.bankTaskQueue(workflowInfo().taskQueue) });
    const input = { bankCode: now.bankCode, reference };
    const outcome =
      payment.status === 'CREATED' ? job.take(`transfer ${reference}`, () => bank.transfer(input)) : job.take(`inquire ${reference}`, () => bank.inquire(input));
    if (!outcome) return null;
    return outcome.ok ? (await write('recordTransfer', { ...step(now), reference, status: outcome.value })).view : now;
  }

  /** The bureau's queue; a call gives up at the claim's next deadline, which is then met. */
  function atBureau(now: ClaimView): ActivityOptions {
    const taskQueue = messages.bureauTaskQueue(workflowInfo().taskQueue, now.bureauCode);
    const left = msUntil(earliest(now.remindAt, now.actAt));
    return { ...CALL_BUREAU, taskQueue, ...(left !== null && { scheduleToCloseTimeout: Math.max(left, 1_000) }) };
  }

  const isDue = (now: ClaimView): boolean => passed(earliest(now.remindAt, now.actAt)) && settledDeadline !== JSON.stringify(now);

  async function meetDeadline(now: ClaimView): Promise<ClaimView> {
    const remind = passed(now.remindAt) && !passed(now.actAt);
    const name = !remind ? 'expire' : now.state === 'SENT_TO_BUREAU' ? 'recordOutage' : 'remind';
    const next = (await write(name, step(now))).view;
    // Nothing came of it (the debit is not on the statement yet, a task is open): not asked again before something changes.
    if (JSON.stringify(next) === JSON.stringify(now)) settledDeadline = JSON.stringify(now);
    return next;
  }

  /** Waits for a message, the call under way, or the next deadline, whichever comes first. */
  async function wait(now: ClaimView): Promise<ClaimView> {
    job.drop();
    publish(now);
    const woken = (): boolean => hasMail(now) || job.settled;
    const left = timeLeft(now);
    bell = false;
    if (left === null) await condition(woken);
    else bell = !(await condition(woken, Math.max(left, 1)));
    return now;
  }

  function timeLeft(now: ClaimView): number | null {
    // A call under way ends by itself at the deadline.
    if (job.running) return null;
    if (now.state === 'PAYMENT_IN_PROCESS') return now.payment?.status === 'CREATED' ? null : now.askBankAfterSeconds * 1_000;
    if (now.payoutBlocked && !now.onHold) return RETRY_BLOCKED_PAYOUT_MS;
    if (now.onHold && now.state !== 'PAID') return null;
    return settledDeadline === JSON.stringify(now) ? null : msUntil(earliest(now.remindAt, now.actAt));
  }

  /** Whether the last wait ended because its time was up; told once. */
  function rang(): boolean {
    const rung = bell;
    bell = false;
    return rung;
  }

  /** What an operator searches by and reads, told where it has changed, at the moments when somebody could look. */
  function publish(now: ClaimView): void {
    setCurrentDetails(detailsOf(now));
    const attributes = `${now.state} ${now.escalationLevel}`;
    if (attributes === published) return;
    published = attributes;
    upsertSearchAttributes([
      { key: messages.CLAIM_STATE, value: now.state },
      { key: messages.ESCALATION_LEVEL, value: now.escalationLevel },
    ]);
  }

  let now = (view = (await write('loadClaim', { claimNumber })).view);
  while (!now.closed || hasMail(now)) {
    now = view = (await hear(now)) ?? (await advance(now)) ?? (await wait(now));
    const quiet = !hasMail(now) && !job.running && !job.settled && allHandlersFinished();
    if (workflowInfo().continueAsNewSuggested && quiet && !mailbox.bureauAnswers.length) await continueAsNew<typeof claim>({ claimNumber });
  }
  publish(now);
  await condition(allHandlersFinished);
  return { state: now.state, seq: now.seq };
}

const passed = (at: string | null): boolean => at !== null && Date.parse(at) <= Date.now();
const msUntil = (at: string | null): number | null => (at === null ? null : Date.parse(at) - Date.now());
const earliest = (a: string | null, b: string | null): string | null => [a, b].filter((at) => at !== null).toSorted()[0] ?? null;

function statusOf(view: ClaimView | null, claimNumber: string): messages.ClaimStatus {
  if (!view) return { claimNumber, state: 'SUBMITTED', seq: 0, onHold: false, escalationLevel: 0, waitingFor: 'the database · 等待数据库', until: null, openTaskIds: [] };
  const { state, seq, onHold, escalationLevel, tasks } = view;
  return { claimNumber, state, seq, onHold, escalationLevel, ...describe(view), openTaskIds: tasks.map(({ id }) => id) };
}
