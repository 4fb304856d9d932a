import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ClaimView } from '#domain/claim/view.ts';
import * as messages from './claim.messages.ts';
import { describe, detailsOf } from './claim.words.ts';

/** What an operator searches by and reads: told at the moments when somebody could look, and searched by only where it has changed. */
export function openPage(): { publish(view: ClaimView): void } {
  let published = '';
  return {
    publish(view) {
      setCurrentDetails(detailsOf(view));
      const attributes = `${view.state} ${view.escalationLevel}`;
      if (attributes === published) return;
      published = attributes;
      upsertSearchAttributes([
        { key: messages.CLAIM_STATE, value: view.state },
        { key: messages.ESCALATION_LEVEL, value: view.escalationLevel },
      ]);
    },
  };
}

export function statusOf(view: ClaimView | null, claimNumber: string): messages.ClaimStatus {
  if (!view)
    return {
      claimNumber,
      state: 'SUBMITTED',
      seq: 0,
      onHold: false,
      escalationLevel: 0,
      waitingFor: 'the database · 等待数据库',
      until: null,
      openTaskIds: [],
    };
  const { state, seq, onHold, escalationLevel, tasks } = view;
  return { claimNumber, state, seq, onHold, escalationLevel, ...describe(view), openTaskIds: tasks.map(({ id }) => id) };
}
