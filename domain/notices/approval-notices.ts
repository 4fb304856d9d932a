import type { Outcome } from '../approval/instance.ts';
import type { Seat } from '../approval/seats.ts';
import type { NoticeDraft, NoticeParams, NoticeTemplate } from './notice.ts';

/** How a change of an approval came about, as far as the words to whom it reaches differ. */
export type ApprovalCause = 'STARTED' | 'APPROVED' | 'REFUSED' | 'TRANSFERRED' | 'ADDED' | 'RETURNED' | 'RECALLED' | 'RESUMED' | 'OTHER';

/**
 * The messages of a change in an approval: to whom it is now the turn of, to whom it no longer is, to readers, and to the claimant when one has agreed and
 * others are still to decide. That everybody has agreed is told by what follows: the claim goes to the bureau.
 */
export function approvalNotices(
  { instance, asked, released, copied, reminded, trail }: Outcome,
  { cause, steps, actedBy }: { cause: ApprovalCause; steps: number; actedBy: string | null },
): NoticeDraft[] {
  const place: NoticeParams = { step: Math.min(instance.step + 1, steps), steps };
  const to = (template: NoticeTemplate, employeeId: string, params: NoticeParams = place): NoticeDraft => ({
    ...{ template, params, recipient: { kind: 'employee', employeeId } },
  });
  const turns = asked.flatMap(({ employeeId, found }) => (employeeId === null ? [] : [{ employeeId, cause: wordFor(cause, found) }]));
  const gone = idsOf(released).filter((id) => id !== actedBy && !turns.some(({ employeeId }) => employeeId === id));
  const refusedBy = trail.find(({ action }) => action === 'REFUSE')?.step;
  const deciders = refusedBy === undefined ? [] : signers(instance.rounds.flatMap(({ seats }) => seats)).filter((id) => id !== actedBy);
  return [
    ...(cause === 'APPROVED' && instance.status === 'OPEN' ? [progress(trail[0]?.step ?? 1, steps)] : []),
    ...turns.map((turn) => to('APPROVAL_REQUESTED', turn.employeeId, { ...place, task: 'APPROVAL', cause: turn.cause })),
    ...gone.map((id) => to('APPROVAL_NOT_NEEDED', id)),
    ...deciders.map((id) => to('APPROVAL_REFUSED', id, { step: refusedBy ?? 1, steps })),
    ...reminded.map((id) => to('APPROVAL_URGED', id)),
    ...copied.map((id) => to('APPROVAL_COPIED', id, {})),
  ];
}

const progress = (step: number, steps: number): NoticeDraft => ({ template: 'APPROVAL_PROGRESS', params: { step, steps }, recipient: { kind: 'claimant' } });

function wordFor(cause: ApprovalCause, found: Seat['found']): string {
  if (found === 'admin') return 'NOBODY_ELSE';
  if (found === 'added' && cause === 'APPROVED') return 'ADDED';
  return cause === 'APPROVED' ? 'NEXT' : cause;
}

const idsOf = (seats: readonly Seat[]): string[] => [...new Set(seats.flatMap(({ employeeId }) => employeeId ?? []))];

/** Who has agreed so far, added people included. */
function signers(seats: readonly Seat[]): string[] {
  const own = (seat: Seat): string[] => [
    ...(seat.approvedBy === null || seat.employeeId === null ? [] : [seat.employeeId]),
    ...[...seat.before, ...seat.after].flatMap(({ seats: added }) => added.flatMap(own)),
    ...seat.beside.flatMap(own),
  ];
  return [...new Set(seats.flatMap(own))];
}
