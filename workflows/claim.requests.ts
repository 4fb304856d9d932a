import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { ClaimView, Written } from '#domain/claim/view.ts';
import type { Request } from './claim.mailbox.ts';
import { insist, write } from './writes.ts';

/** Carries out what a person asked for and tells them how it ended. Returns the claim as it then is. */
export async function answerRequest(view: ClaimView, request: Request): Promise<ClaimView> {
  try {
    const { view: after, refused } = await insist(view, (seen) => carryOut(seen, request));
    request.answer = refused ? { ok: false, code: refused } : { ok: true, state: after.state, seq: after.seq };
    return after;
  } catch (error) {
    // Only what will never succeed arrives here: whoever asked hears so, and the claim goes on.
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    request.answer = { ok: false, code: 'INTERNAL' };
    return view;
  }
}

function carryOut({ claimNumber, seq }: ClaimView, request: Request): Promise<Written> {
  const step = { claimNumber, seq, at: new Date().toISOString(), requestId: request.id };
  switch (request.kind) {
    case 'decide':
      return write('recordTaskDecision', { ...step, decision: request.args });
    case 'recall':
      return write('recordApprovalRecall', { ...step, ...request.args });
    case 'urge':
      return write('recordApprovalUrge', { ...step, ...request.args });
    case 'complete':
      return write('recordMaterialsComplete', { ...step, ...request.args });
    case 'review':
      return write('recordReviewRequest', { ...step, ...request.args });
    case 'withdraw':
      return write('recordWithdrawalRequest', { ...step, ...request.args });
    case 'appeal':
      return write('recordAppeal', { ...step, ...request.args });
    case 'hold':
      return write('recordHold', { ...step, ...request.args });
    case 'release':
      return write('recordRelease', { ...step, ...request.args });
    case 'reverse':
      return write('recordReversalRequest', { ...step, ...request.args });
  }
}
