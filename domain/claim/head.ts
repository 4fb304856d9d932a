import type { Fen } from '../money.ts';
import type { Party } from './actor.ts';
import type { ClaimState } from './states.ts';

/** The part of a claim's row that transitions change. */
export type ClaimHead = {
  state: ClaimState;
  workflowId: string;
  onHold: boolean;
  escalationLevel: number;
  remindedAt: Date | null;
  bureauOutage: boolean;
  withdrawalRequested: boolean;
  payoutBlocked: string | null;
  turn: Party | null;
  turnSince: Date | null;
  approvedFen: Fen | null;
  payableFen: Fen | null;
  paidFen: Fen;
  submissionVersion: number;
  submittedAt: Date | null;
  closedAt: Date | null;
  clearedAt: Date | null;
};
