import { ApplicationFailure, condition, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import type { ApprovalRecall, ApprovalUrge, Requested, RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import { refuseDecision } from '#domain/claim/tasks.ts';
import type { ClaimView } from '#domain/claim/view.ts';
import type { ErrorCode } from '#domain/errors.ts';
import * as messages from './claim.messages.ts';

/** What people ask for, in the order in which they asked. */
export type Request = { id: string; answer: messages.UpdateResult | null } & Asked;
type Asked =
  | { kind: 'decide'; args: TaskDecision }
  | { kind: 'recall'; args: ApprovalRecall }
  | { kind: 'urge'; args: ApprovalUrge }
  | { kind: 'complete' | 'withdraw' | 'release'; args: Requested }
  | { kind: 'review' | 'appeal' | 'hold' | 'reverse'; args: RequestedFor };

/**
 * Everything that reaches a claim from outside, waiting for the claim to come round to it. Nothing is acted on in a handler: the workflow's loop is the
 * one place where a claim moves, so two messages can never move it at once.
 */
export type Mailbox = {
  requests: Request[];
  bureauAnswers: BureauMail[];
  /** Something of the claim's payments, or of the account they go to, has come to Postgres. */
  paymentNews: boolean;
  accountNews: boolean;
  /** The claimant has given or withdrawn a consent. */
  consentNews: boolean;
  /** Takes in an answer that no signal brought, because the workflow that was signalled is lost. */
  recall(answer: BureauMail): void;
};

export type BureauMail = { source: string; messageId: string; shown: boolean };

/** Registers every handler, before anything is awaited. `look` is the claim as last read; null until then. */
export function openMailbox(look: () => ClaimView | null): Mailbox {
  const known = new Set<string>();
  const mailbox: Mailbox = {
    requests: [],
    bureauAnswers: [],
    paymentNews: false,
    accountNews: false,
    consentNews: false,
    recall(answer) {
      const id = `${answer.source} ${answer.messageId}`;
      if (!known.has(id)) mailbox.bureauAnswers.push(answer);
      known.add(id);
    },
  };

  setHandler(messages.bureauDecision, (answer) => mailbox.recall({ ...answer, shown: false }));
  setHandler(messages.paymentNews, () => {
    mailbox.paymentNews = true;
  });
  setHandler(messages.accountChanged, () => {
    mailbox.accountNews = true;
  });
  setHandler(messages.consentChanged, () => {
    mailbox.consentNews = true;
  });

  const take = async (asked: Asked): Promise<messages.UpdateResult> => {
    const request: Request = { ...asked, id: currentUpdateInfo()?.id ?? '', answer: null };
    mailbox.requests.push(request);
    await condition(() => request.answer !== null);
    return request.answer ?? { ok: false, code: 'INTERNAL' };
  };
  const check = (asked: Asked): void => {
    const view = look();
    const code = view && refuse(view, asked, mailbox.requests);
    if (code) throw ApplicationFailure.create({ type: code, message: code, nonRetryable: true });
  };

  setHandler(messages.decideTask, (args) => take({ kind: 'decide', args }), { validator: (args) => check({ kind: 'decide', args }) });
  setHandler(messages.recallApproval, (args) => take({ kind: 'recall', args }), { validator: (args) => check({ kind: 'recall', args }) });
  setHandler(messages.urgeApproval, (args) => take({ kind: 'urge', args }), { validator: (args) => check({ kind: 'urge', args }) });
  setHandler(messages.completeMaterials, (args) => take({ kind: 'complete', args }), { validator: (args) => check({ kind: 'complete', args }) });
  setHandler(messages.requestReview, (args) => take({ kind: 'review', args }), { validator: (args) => check({ kind: 'review', args }) });
  setHandler(messages.withdraw, (args) => take({ kind: 'withdraw', args }), { validator: (args) => check({ kind: 'withdraw', args }) });
  setHandler(messages.appeal, (args) => take({ kind: 'appeal', args }), { validator: (args) => check({ kind: 'appeal', args }) });
  setHandler(messages.hold, (args) => take({ kind: 'hold', args }), { validator: (args) => check({ kind: 'hold', args }) });
  setHandler(messages.release, (args) => take({ kind: 'release', args }), { validator: (args) => check({ kind: 'release', args }) });
  setHandler(messages.requestReversal, (args) => take({ kind: 'reverse', args }), { validator: (args) => check({ kind: 'reverse', args }) });

  return mailbox;
}

/** "No", said at once and by the claim as it is; the write asks again, under lock. A validator must be synchronous. */
function refuse(view: ClaimView, request: Asked, waiting: readonly Request[]): ErrorCode | null {
  if (view.closed && request.kind !== 'appeal' && request.kind !== 'reverse') return 'CLAIM_CLOSED';
  switch (request.kind) {
    case 'decide': {
      const taken = waiting.some((other) => other.kind === 'decide' && other.args.taskId === request.args.taskId);
      if (taken) return 'TASK_ALREADY_DECIDED';
      if (view.onHold) return 'CLAIM_ON_HOLD';
      return refuseDecision({ tasks: view.tasks, claimantId: view.employeeId, decision: request.args });
    }
    case 'recall':
      if (view.onHold) return 'CLAIM_ON_HOLD';
      return view.state === 'SUBMITTED' ? null : 'RECALL_TOO_LATE';
    case 'urge':
      if (view.onHold) return 'CLAIM_ON_HOLD';
      return view.tasks.some(({ kind }) => kind === 'APPROVAL') ? null : 'CLAIM_STATE_CONFLICT';
    case 'complete':
    case 'review':
      return view.state === 'PENDED_INFO' ? null : 'CLAIM_STATE_CONFLICT';
    case 'hold':
      return view.onHold ? 'CLAIM_STATE_CONFLICT' : null;
    case 'release':
      return view.onHold ? null : 'CLAIM_STATE_CONFLICT';
    case 'withdraw':
    case 'appeal':
    case 'reverse':
      return null;
  }
}
