import type { Found } from './directory.ts';
import type { ApprovalMode } from './flow.ts';

/** People who decide together in one way: those of a step, or those whom one of them added. */
export type Group = { mode: ApprovalMode; seats: Seat[] };

/** A person's place in a step. All of it is done once the person has approved, and all whom the person has added. */
export type Seat = {
  /** unique within the instance */
  id: number;
  /** null: nobody was found at all, so whoever comes to hold the role of the step may take it */
  employeeId: string | null;
  found: Found | 'added' | 'transferred';
  /** who approved: the person, or whoever stood in */
  approvedBy: string | null;
  /** when something was last done in it, counted in acts of the instance; 0: nothing yet */
  acted: number;
  /** who had it before and passed it on */
  formerly: string[];
  /** 前加签: decide before the person is asked */
  before: Group[];
  /** 并加签: decide together with the person */
  beside: Seat[];
  /** 后加签: decide after the person has approved */
  after: Group[];
};

export function newSeat(id: number, employeeId: string | null, found: Seat['found']): Seat {
  return { id, employeeId, found, approvedBy: null, acted: 0, formerly: [], before: [], beside: [], after: [] };
}

export function groupDone({ mode, seats }: Group): boolean {
  return mode === 'one' || mode === 'any' ? seats.some(seatDone) : seats.every(seatDone);
}

function seatDone({ approvedBy, before, beside, after }: Seat): boolean {
  return approvedBy !== null && before.every(groupDone) && beside.every(seatDone) && after.every(groupDone);
}

/** Whose turn it is. */
export function askedIn(group: Group): Seat[] {
  return groupDone(group) ? [] : onTurn(group).flatMap(askedAt);
}

function askedAt(seat: Seat): Seat[] {
  const waitsFor = seat.before.flatMap(askedIn);
  if (waitsFor.length > 0) return waitsFor;
  const own = seat.approvedBy === null ? [seat] : seat.after.flatMap(askedIn);
  return [...own, ...seat.beside.flatMap((other) => (seatDone(other) ? [] : askedAt(other)))];
}

/** The seats of a group whose turn has come: one after the other where they are in order; where one is enough, only the first to approve. */
function onTurn({ mode, seats }: Group): Seat[] {
  const [first] = mode === 'in-order' ? seats.filter((seat) => !seatDone(seat)) : [];
  if (mode === 'in-order') return first ? seats.slice(0, seats.indexOf(first) + 1) : seats;
  const chosen = mode === 'all' ? undefined : seats.find(({ approvedBy }) => approvedBy !== null);
  return chosen ? [chosen] : seats;
}

/** Every seat whose turn has come by now, whether or not it has decided. */
export function reachedIn(group: Group): Seat[] {
  return onTurn(group).flatMap(reachedAt);
}

function reachedAt(seat: Seat): Seat[] {
  const first = seat.before.flatMap(reachedIn);
  if (!seat.before.every(groupDone)) return first;
  return [...first, seat, ...seat.beside.flatMap(reachedAt), ...(seat.approvedBy === null ? [] : seat.after.flatMap(reachedIn))];
}

/** Every seat, whether or not its turn will ever come. */
export function allIn({ seats }: Group): Seat[] {
  return seats.flatMap(allAt);
}

function allAt(seat: Seat): Seat[] {
  return [seat, ...seat.before.flatMap(allIn), ...seat.beside.flatMap(allAt), ...seat.after.flatMap(allIn)];
}

/** Everybody who is, or was, to be asked. */
export function peopleIn(group: Group): Set<string> {
  return new Set(allIn(group).flatMap(({ employeeId, formerly }) => (employeeId === null ? formerly : [employeeId, ...formerly])));
}
