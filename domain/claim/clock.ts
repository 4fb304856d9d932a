import type { Party } from './actor.ts';
import type { ClaimState } from './states.ts';

/** One line of the history, as far as clocks go. `turn`: whose turn it was from then on; null: nobody's. */
export type TurnChange = { at: Date; turn: Party | null };

/** Whose turn it is in a state by default. A task of ours overrides it while it is open (see `turnOf`). */
const TURN: Record<ClaimState, Party | null> = {
  DRAFT: 'employee',
  SUBMITTED: 'system',
  PENDED_INFO: 'employee',
  PENDED_DUPLICATE: 'hr',
  SENT_TO_BUREAU: 'bureau',
  IN_REVIEW: 'bureau',
  APPROVED: 'system',
  PARTIALLY_APPROVED: 'system',
  PAYMENT_IN_PROCESS: 'bank',
  PAYMENT_FAILED: 'employee',
  PAID: null,
  DENIED: null,
  APPEAL_REVIEW: 'bureau',
  WITHDRAWN: null,
  REVERSED: null,
};

/**
 * Whose clock runs. An open task makes it the turn of who has to decide it, except while a bureau reviews: an escalation does not stop the
 * bureau's clock.
 */
export function turnOf(claim: { state: ClaimState; openTaskRole: string | null }): Party | null {
  if (claim.openTaskRole === null || claim.state === 'SENT_TO_BUREAU' || claim.state === 'IN_REVIEW') return TURN[claim.state];
  return PARTY_OF_ROLE[claim.openTaskRole] ?? 'hr';
}

const PARTY_OF_ROLE: Record<string, Party> = { approver: 'manager', hr: 'hr', finance: 'finance', employee: 'employee', admin: 'hr', operator: 'system' };

/** Milliseconds that each party has had the claim, up to `until`. `changes` in the order of the history. */
export function timeByParty(changes: readonly TurnChange[], until: Date): Partial<Record<Party, number>> {
  const spent: Partial<Record<Party, number>> = {};
  changes.forEach((change, index) => {
    if (change.turn === null) return;
    const end = changes[index + 1]?.at ?? until;
    spent[change.turn] = (spent[change.turn] ?? 0) + Math.max(0, end.getTime() - change.at.getTime());
  });
  return spent;
}
