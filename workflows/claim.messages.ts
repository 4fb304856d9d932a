import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import type { ApprovalRecall, ApprovalUrge, Requested, RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { ErrorCode } from '#domain/errors.ts';

/**
 * The contract of the claim workflow: ids, task queues, signals, updates, queries. Whoever talks to a claim imports this and nothing else of workflows/.
 *
 * Signals come from outside systems and cannot be refused: they carry only the key of a row that Postgres already holds, and the workflow
 * reads the row by an activity. Updates come from people, who must hear "no" at once.
 */

export const CLAIM_WORKFLOW = 'claim';
/** Activities that talk to one bureau run here, with that bureau's rate limit. */
export const bureauTaskQueue = (claims: string, bureauCode: string): string => `${claims}-bureau-${bureauCode}`;
export const bankTaskQueue = (claims: string): string => `${claims}-bank`;
/** Reading letters takes a gigabyte and all processors: the reader processes take from this queue one by one. */
export const readingTaskQueue = (claims: string): string => `${claims}-reading`;

export type ClaimWorkflowInput = { claimNumber: string };
export type ClaimWorkflowResult = { state: ClaimState; seq: number };

/** A verified answer of the bureau lies in the inbox. */
export const bureauDecision = defineSignal<[{ source: string; messageId: string }]>('bureauDecision');
/** The bank said something of this instruction, or its statement did. The workflow asks Postgres what. */
export const paymentNews = defineSignal<[{ reference: string }]>('paymentNews');
/** The employee's account changed: a failed payment may be tried again. */
export const accountChanged = defineSignal('accountChanged');

/** The claimant has given or withdrawn a consent: Postgres says which. */
export const consentChanged = defineSignal('consentChanged');

export type { Requested, TaskDecision, WrittenDecision } from '#domain/claim/requests.ts';

/** What an update answers: done, or an expected refusal that left nothing behind. */
export type UpdateResult = { ok: true; state: ClaimState; seq: number } | { ok: false; code: ErrorCode };

/** An approver takes the own approval back. */
export const recallApproval = defineUpdate<UpdateResult, [ApprovalRecall]>('recallApproval');
/** Reminds those whose turn it is to approve. */
export const urgeApproval = defineUpdate<UpdateResult, [ApprovalUrge]>('urgeApproval');
export const decideTask = defineUpdate<UpdateResult, [TaskDecision]>('decideTask');
export const completeMaterials = defineUpdate<UpdateResult, [Requested]>('completeMaterials');
/** The employee wants a person to look at what the review found. */
export const requestReview = defineUpdate<UpdateResult, [RequestedFor]>('requestReview');
export const withdraw = defineUpdate<UpdateResult, [Requested]>('withdraw');
export const appeal = defineUpdate<UpdateResult, [RequestedFor]>('appeal');
export const hold = defineUpdate<UpdateResult, [RequestedFor]>('hold');
export const release = defineUpdate<UpdateResult, [Requested]>('release');
/** Finance asks for money back that should not have been paid. */
export const requestReversal = defineUpdate<UpdateResult, [RequestedFor]>('requestReversal');

/** A validator's "no" arrives at the caller as an ApplicationFailure whose `type` is an ErrorCode. */

export type ClaimStatus = {
  claimNumber: string;
  state: ClaimState;
  seq: number;
  onHold: boolean;
  escalationLevel: number;
  /** plain words, as on the workflow's page */
  waitingFor: string;
  until: string | null;
  openTaskIds: string[];
};
export const claimStatus = defineQuery<ClaimStatus>('claimStatus');

export const CLAIM_STATE = defineSearchAttributeKey('ClaimState', SearchAttributeType.KEYWORD);
export const UNIT_CODE = defineSearchAttributeKey('UnitCode', SearchAttributeType.KEYWORD);
export const REGION = defineSearchAttributeKey('Region', SearchAttributeType.KEYWORD);
export const ESCALATION_LEVEL = defineSearchAttributeKey('EscalationLevel', SearchAttributeType.INT);

/** What is known of a claim whose workflow is to be started. `workflowId` is the claim row's. */
export type ClaimToStart = {
  claimNumber: string;
  workflowId: string;
  taskQueue: string;
  state: ClaimState;
  unitCode: string;
  region: string;
  escalationLevel: number;
};

/** The options with which a claim's workflow is started, by whomever: findable by operators from its first moment on. */
export function claimStart(claim: ClaimToStart) {
  return {
    workflowId: claim.workflowId,
    taskQueue: claim.taskQueue,
    args: [{ claimNumber: claim.claimNumber }] satisfies [ClaimWorkflowInput],
    staticSummary: `${claim.claimNumber} · ${claim.unitCode} · ${claim.region}`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: CLAIM_STATE, value: claim.state },
      { key: UNIT_CODE, value: claim.unitCode },
      { key: REGION, value: claim.region },
      { key: ESCALATION_LEVEL, value: claim.escalationLevel },
    ]),
  };
}
