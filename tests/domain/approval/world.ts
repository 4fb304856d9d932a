import type { ApprovalAct, ApprovalRefusal } from '#domain/approval/act.ts';
import { act, recall } from '#domain/approval/act.ts';
import type { Directory } from '#domain/approval/directory.ts';
import type { ApprovalMode, ApprovalStep, Approvers } from '#domain/approval/flow.ts';
import { askedNow, begin, type ApprovalInstance, type Outcome, type PinnedFlow, type Setting } from '#domain/approval/instance.ts';

export const people = (...employeeIds: string[]): Approvers => ({ kind: 'people', employeeIds });
export const holders = (role: 'approver' | 'hr' | 'finance', place: 'nearest' | 'head-office' = 'nearest'): Approvers => ({
  kind: 'role',
  role,
  place,
});

export const step = (mode: ApprovalMode, approvers: Approvers, copies: Approvers[] = []): ApprovalStep => ({ name: 'step', mode, approvers, copies });

export const flow = (steps: ApprovalStep[], copies: Approvers[] = []): PinnedFlow => ({ id: 'f', unitId: 'dept', name: 'flow', version: 1, steps, copies });

/** A department below a branch below head office. Everybody whom a test names is there. */
export function directory(own: Partial<Directory> = {}): Directory {
  return {
    claimantId: 'claimant',
    unitIds: ['dept', 'branch', 'head'],
    holders: [{ employeeId: 'boss-admin', unitId: 'head', role: 'admin' }],
    present: ['a', 'b', 'c', 'd', 'e', 'f', 'k', 'x', 'y', 'z', 'claimant'],
    ...own,
  };
}

export type Played = { setting: Setting; instance: ApprovalInstance; last: Outcome };
type Move = ApprovalAct & { by: string; as?: string; comment?: string | null };

/** Begins, and plays the moves one after the other; each must be allowed. */
export function play(steps: ApprovalStep[], moves: Move[] = [], own: { directory?: Partial<Directory>; copies?: Approvers[] } = {}): Played {
  const setting = { flow: flow(steps, own.copies), directory: directory(own.directory) };
  let last = begin(setting);
  for (const move of moves) {
    const next = attempt({ setting, instance: last.instance, last }, move);
    if (!next.ok) throw new Error(`${move.by} ${move.action}: ${next.code}`);
    last = next;
  }
  return { setting, instance: last.instance, last };
}

/** What comes of a person's act in the seat that is the person's, or `as` somebody's. */
export function attempt({ setting, instance }: Played, { by, as, comment = 'because', ...what }: Move): Outcome | ApprovalRefusal {
  const seat = askedNow(instance).find(({ employeeId }) => employeeId === (as ?? by))?.id ?? 0;
  return act(instance, { seat, by, onBehalfOf: as ?? null, comment }, what, setting);
}

export function takeBack({ setting, instance }: Played, by: string): Outcome | ApprovalRefusal {
  const seats = instance.rounds.flatMap((round) => every(round.seats));
  const seat = seats.findLast((one) => one.approvedBy === by)?.id ?? 0;
  return recall(instance, { seat, by, onBehalfOf: null }, setting);
}

type Seats = ApprovalInstance['rounds'][number]['seats'];
const every = (seats: Seats): Seats =>
  seats.flatMap((seat) => [seat, ...[...seat.before, ...seat.after].flatMap((group) => every(group.seats)), ...every(seat.beside)]);

export const names = (seats: readonly { employeeId: string | null }[]): (string | null)[] => seats.map(({ employeeId }) => employeeId).toSorted();
/** Whose turn it is. */
export const turn = ({ instance }: { instance: ApprovalInstance }): (string | null)[] => names(askedNow(instance));
