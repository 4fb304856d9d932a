import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
  type ActivityInterfaceFor,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities, ReadingActivities } from '#activities/index.ts';
import type { ClaimView } from '#domain/claim/view.ts';
import { CALL_BANK, CALL_BUREAU, CHECK_INVOICES, READ_INVOICES, READ_INVOICES_AGAIN } from './activity-options.ts';
import { openClock } from './claim.clock.ts';
import { openMailbox } from './claim.mailbox.ts';
import * as messages from './claim.messages.ts';
import { openPage, statusOf } from './claim.page.ts';
import { answerRequest } from './claim.requests.ts';
import { openJob } from './job.ts';
import { insist, write } from './writes.ts';

/**
 * A claim, from intake to cleared, denied for good, withdrawn or reversed. The state lives in Postgres: every write answers with the claim as it is,
 * and the loop asks only what this state needs next. So a claim whose workflow was lost, reset or terminated goes on from where it
 * was when a workflow is started for it again.
 */
export async function claim({ claimNumber }: messages.ClaimWorkflowInput): Promise<messages.ClaimWorkflowResult> {
  let view: ClaimView | null = null;
  const mailbox = openMailbox(() => view);
  setHandler(messages.claimStatus, () => statusOf(view, claimNumber));
  const page = openPage();
  const clock = openClock();
  // One call at a time to each: a withdrawal waits for the submission before it to end, a payment does not.
  const calls = { bureau: openJob(), bank: openJob(), review: openJob() };
  const calling = (): boolean => calls.bureau.running || calls.bank.running || calls.review.running;
  const answered = (): boolean => calls.bureau.settled || calls.bank.settled || calls.review.settled;

  let now = (view = (await write('loadClaim', { claimNumber })).view);
  if (now.seq > 1) await recallMail(now);
  while (!now.closed || hasMail(now)) {
    now = view = (await hear(now)) ?? (await advance(now)) ?? (await wait(now));
    const quiet = !hasMail(now) && !calling() && !answered() && allHandlersFinished();
    if (workflowInfo().continueAsNewSuggested && quiet) await continueAsNew<typeof claim>({ claimNumber });
  }
  page.publish(now);
  await condition(allHandlersFinished);
  return { state: now.state, seq: now.seq };

  /** A workflow that goes on with a claim hears what the one before it may not have heard. */
  async function recallMail({ payment, closed }: ClaimView): Promise<void> {
    for (const answer of await write('listUnheardAnswers', { claimNumber })) mailbox.recall(answer);
    if (payment) mailbox.paymentNews = true;
    // claims that began before did not ask
    if (!closed && patched('recall-consent-news')) mailbox.consentNews = true;
    clock.ring();
  }

  function hasMail({ onHold }: ClaimView): boolean {
    const { requests, paymentNews, accountNews, consentNews, bureauAnswers } = mailbox;
    return requests.length > 0 || paymentNews || accountNews || consentNews || bureauAnswers.some(({ shown }) => !onHold || !shown);
  }

  /** Takes in one message, if there is one that may be taken in now. */
  async function hear(seen: ClaimView): Promise<ClaimView | null> {
    const [request] = mailbox.requests;
    if (request) {
      const next = await answerRequest(seen, request);
      mailbox.requests.shift();
      return next;
    }
    if (mailbox.paymentNews) {
      mailbox.paymentNews = false;
      return (await insist(seen, (current) => write('recordPaymentNews', step(current)))).view;
    }
    if (mailbox.accountNews) {
      mailbox.accountNews = false;
      clock.ring();
      return (await write('loadClaim', { claimNumber })).view;
    }
    if (mailbox.consentNews) {
      mailbox.consentNews = false;
      clock.ring();
      return (await insist(seen, (current) => write('recordConsentChange', step(current)))).view;
    }
    const answer = mailbox.bureauAnswers.find(({ shown }) => !seen.onHold || !shown);
    if (!answer) return null;
    const { source, messageId } = answer;
    if (seen.onHold) {
      answer.shown = true;
      return (await insist(seen, (current) => write('recordAnswerWhileHeld', { ...step(current), source, messageId }))).view;
    }
    mailbox.bureauAnswers.splice(mailbox.bureauAnswers.indexOf(answer), 1);
    return (await insist(seen, (current) => write('recordBureauAnswer', { ...step(current), source, messageId, requestId: messageId }))).view;
  }

  /** Does what the claim needs next, if nobody else has to do something first. */
  async function advance(seen: ClaimView): Promise<ClaimView | null> {
    if (seen.onHold && !goesOnUnderHold(seen)) return null;
    const followed = !seen.onHold || seen.state === 'PAID' || seen.state === 'PAYMENT_IN_PROCESS';
    const due = followed ? clock.due(seen) : null;
    if (due) return meetDeadline(seen, due);
    if (seen.withdrawalRequested) return withdrawFromBureau(seen);
    switch (seen.state) {
      case 'SUBMITTED':
        return takeIn(seen);
      case 'SENT_TO_BUREAU':
      case 'APPEAL_REVIEW':
        return submit(seen);
      case 'APPROVED':
      case 'PARTIALLY_APPROVED':
      case 'PAYMENT_FAILED':
        return orderPayout(seen);
      case 'PAYMENT_IN_PROCESS':
        return pay(seen);
      case 'PAID':
        return seen.returned ? (await write('recordPaymentNews', step(seen))).view : null;
      default:
        return null;
    }
  }

  /** A hold stops decisions and instructions. What was given to the bank is followed to its end, and a call of this very state is let finish. */
  function goesOnUnderHold({ state, payment, withdrawalRequested, submission }: ClaimView): boolean {
    if (withdrawalRequested) return calls.bureau.busyWith('withdraw');
    if (state === 'PAYMENT_IN_PROCESS' && payment?.status === 'CREATED') return calls.bank.busyWith(`transfer ${payment.reference}`);
    if (state === 'SENT_TO_BUREAU' || state === 'APPEAL_REVIEW') return calls.bureau.busyWith(`submit ${submission?.messageId}`);
    return state === 'PAID' || state === 'PAYMENT_IN_PROCESS';
  }

  /** Looks at the claim once more whenever it comes here, with what others say of it by then. Claims that began before were not asked about. */
  async function takeIn(seen: ClaimView): Promise<ClaimView | null> {
    if (seen.tasks.length > 0) return null;
    if (patched('pre-review') && !calls.review.take(`review ${seen.seq}`, () => askAround(seen))) return null;
    return (await write('runIntake', step(seen))).view;
  }

  /** Whoever gives no answer in time holds no claim up: that it could not be checked is then a finding. */
  async function askAround({ bureauCode }: ClaimView): Promise<void> {
    const about = { claimNumber, bureauCode, at: new Date().toISOString() };
    const wanted = await write('planReview', about);
    const { taskQueue } = workflowInfo();
    const bureau = proxyActivities<Activities>({ ...CHECK_INVOICES, taskQueue: messages.bureauTaskQueue(taskQueue, bureauCode) });
    const reader = proxyActivities<ReadingActivities>({
      ...(wanted.again ? READ_INVOICES_AGAIN : READ_INVOICES),
      taskQueue: messages.readingTaskQueue(taskQueue),
    });
    const asked = [...(wanted.bureau ? [bureau.checkInvoices(about)] : []), ...(wanted.reader ? [reader.readClaimInvoices({ claimNumber })] : [])];
    await Promise.all(asked.map((answer) => unlessLate(answer)));
  }

  /** Sends the newest version until the bureau has answered. What it would not take, and what people are deciding, is not sent again. */
  async function submit(seen: ClaimView): Promise<ClaimView | null> {
    const { submission, tasks, bureauCode } = seen;
    if (!submission || submission.accepted || tasks.some(({ kind }) => kind !== 'ESCALATION')) return null;
    const { messageId } = submission;
    const answer = callBureau(`submit ${messageId}`, seen, (bureau) => bureau.submitToBureau({ bureauCode, messageId }));
    return answer ? (await write('recordSubmission', { ...step(seen), messageId, result: answer.value })).view : null;
  }

  async function withdrawFromBureau(seen: ClaimView): Promise<ClaimView | null> {
    const { seq, bureauCode } = seen;
    const answer = callBureau(`withdraw ${seq}`, seen, (bureau) => bureau.withdrawFromBureau({ bureauCode, claimNumber }));
    return answer ? (await write('recordWithdrawal', { ...step(seen), result: answer.value })).view : null;
  }

  /** At once after a decision; after a failure when something has changed; where a stop or a limit is in the way, every now and then. */
  async function orderPayout(seen: ClaimView): Promise<ClaimView | null> {
    const may = seen.payoutBlocked ? clock.rang() : seen.state !== 'PAYMENT_FAILED' || seen.payoutReady;
    return may ? (await write('orderPayout', step(seen))).view : null;
  }

  /** One instruction, one reference: given to the bank, and asked for until the bank says for certain. */
  async function pay(seen: ClaimView): Promise<ClaimView | null> {
    const { payment, bankCode } = seen;
    if (!payment || (payment.status !== 'CREATED' && !calls.bank.running && !calls.bank.settled && !clock.rang())) return null;
    const { reference } = payment;
    const bank = proxyActivities<Activities>({ ...CALL_BANK, taskQueue: messages.bankTaskQueue(workflowInfo().taskQueue) });
    const outcome =
      payment.status === 'CREATED'
        ? calls.bank.take(`transfer ${reference}`, () => bank.transfer({ bankCode, reference }))
        : calls.bank.take(`inquire ${reference}`, () => bank.inquire({ bankCode, reference }));
    if (!outcome) return null;
    return outcome.ok ? (await write('recordTransfer', { ...step(seen), reference, status: outcome.value })).view : seen;
  }

  /** What the bureau answers, once it does. The call gives up at the claim's next deadline, which is then met. */
  function callBureau<T>(name: string, seen: ClaimView, call: (bureau: ActivityInterfaceFor<Activities>) => Promise<T>): { value: T } | null {
    if (clock.rests(name)) return null;
    const left = clock.untilDeadline(seen);
    const taskQueue = messages.bureauTaskQueue(workflowInfo().taskQueue, seen.bureauCode);
    const options: ActivityOptions = { ...CALL_BUREAU, taskQueue, ...(left !== null && { scheduleToCloseTimeout: Math.max(left, 1_000) }) };
    const outcome = calls.bureau.take(name, () => call(proxyActivities<Activities>(options)));
    if (outcome && !outcome.ok) clock.rest(name, seen);
    return outcome?.ok ? outcome : null;
  }

  async function meetDeadline(seen: ClaimView, due: 'remind' | 'expire'): Promise<ClaimView> {
    const name = due === 'expire' ? 'expire' : seen.state === 'SENT_TO_BUREAU' ? 'recordOutage' : 'remind';
    const next = (await write(name, step(seen))).view;
    if (JSON.stringify(next) === JSON.stringify(seen)) clock.settle(seen);
    return next;
  }

  /** Waits for a message, the call under way, or the next deadline, whichever comes first. */
  async function wait(seen: ClaimView): Promise<ClaimView> {
    calls.bureau.tidy();
    calls.bank.tidy();
    calls.review.tidy();
    // where a claim is looked at for the first time its start has said all that there is to say
    if (!calls.review.running || seen.seq > 1) page.publish(seen);
    const woken = (): boolean => hasMail(seen) || answered();
    const left = clock.untilLook(seen, calling());
    if (left === null) await condition(woken);
    else if (!(await condition(woken, Math.max(left, 1)))) clock.ring();
    return seen;
  }

  function step({ seq }: ClaimView) {
    return { claimNumber, seq, at: new Date().toISOString() };
  }
}

/** Swallows that an activity came to nothing, and nothing else: a claim that moves on cancels it. */
async function unlessLate(activity: Promise<unknown>): Promise<void> {
  try {
    await activity;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  }
}
