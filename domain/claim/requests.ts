import type { Actor } from './actor.ts';

/** What people ask of a claim, as the API hands it to the workflow and the workflow to its writes. */

/** A person's answer to a task. */
export type TaskDecision = {
  taskId: string;
  choice: string;
  comment: string | null;
  actor: Actor;
  /** the deciding person */
  employeeId: string;
  /** for RECORD_DECISION: the bureau's written decision as typed in, checked by the API against the claim's lines */
  written?: WrittenDecision;
  /** for an APPROVAL, as the choice needs it: whom it is passed on to, or who is added or told (employees' ids); the step it goes back to; how the added decide */
  to?: string;
  people?: readonly string[];
  step?: number;
  mode?: 'any' | 'all' | 'in-order';
};

/** Takes back the approval that was given in a task. */
export type ApprovalRecall = { taskId: string; actor: Actor; employeeId: string };
/** Reminds those whose turn it is to approve. */
export type ApprovalUrge = { actor: Actor; employeeId: string; comment: string | null };

export type WrittenDecision = {
  /** the letter itself, among the claim's documents */
  documentId: string;
  decisionNo: string;
  outcome: 'APPROVED' | 'PARTIALLY_APPROVED' | 'DENIED';
  lines: { lineNo: number; benefitFen: number; reasonCode: string | null }[];
  remark: string;
};

export type Requested = { actor: Actor; comment: string | null };
export type RequestedFor = Requested & { reason: string };
