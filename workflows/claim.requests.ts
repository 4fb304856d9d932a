import type { ClaimView, Written } from '#domain/claim/view.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { Request } from './claim.mailbox.ts';
import { write } from './writes.ts';

/** Carries out what a person asked for and tells them how it ended. Returns the claim as it then is. */
export async function answerRequest(view: ClaimView, request: Request): Promise<ClaimView> {
  let seen = view;
  for (;;) {
    const written = await carryOut(seen, request);
    if (written.done || written.refused) {
      const code: ErrorCode | null = written.refused;
      request.answer = code ? { ok: false, code } : { ok: true, state: written.view.state, seq: written.view.seq };
      return written.view;
    }
    // The claim had moved on without this workflow (it was reset, or rebuilt): ask again of the claim as it is.
    seen = written.view;
  }
}

function carryOut({ claimNumber, seq }: ClaimView, request: Request): Promise<Written> {
  const step = { claimNumber, seq, at: new Date().toISOString(), requestId: request.id };
  switch (request.kind) {
    case 'decide':
      return write('recordTaskDecision', { ...step, decision: request.args });
    case 'complete':
      return write('recordMaterialsComplete', { ...step, ...request.args });
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
