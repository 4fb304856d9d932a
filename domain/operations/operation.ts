import type { RemarkCode } from '../claim/remarks.ts';

/**
 * What an operator may do to the workflow of a claim. None of it decides anything of the claim: the state lives in Postgres, and whatever becomes of a workflow, the
 * claim goes on from its last transition. Who wants a claim to stand still puts it on hold.
 */
const OPERATIONS = {
  /** calls that fail and wait for their next attempt make it now */
  RETRY: { remark: 'OPERATED_RETRY' },
  /** the bureau is asked for answers that its callbacks may have lost, for all claims that wait for it */
  POLL_BUREAU: { remark: 'OPERATED_POLL' },
  /** the workflow looks at the claim again, and hears the bureau's answers again that nobody has acted on; it is started where it does not run */
  NUDGE: { remark: 'OPERATED_NUDGE' },
  /** the workflow is asked to end by itself: calls under way hear that they are not wanted any more */
  CANCEL: { remark: 'OPERATED_CANCEL' },
  /** the workflow is ended at once, whatever it was at */
  TERMINATE: { remark: 'OPERATED_TERMINATE' },
  /** a workflow is started from Postgres where none runs */
  RECOVER: { remark: 'OPERATED_RECOVER' },
} as const satisfies Record<string, { remark: RemarkCode }>;

export type OperationKind = keyof typeof OPERATIONS;
export const OPERATION_KINDS = Object.keys(OPERATIONS) as OperationKind[];

/** The line that the operation leaves in the claim's history. */
export function remarkOf(operation: OperationKind): RemarkCode {
  return OPERATIONS[operation].remark;
}
