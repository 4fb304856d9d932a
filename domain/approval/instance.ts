import { findApprovers, findReaders, type Directory } from './directory.ts';
import type { ApprovalFlow, ApprovalMode, ApprovalStep } from './flow.ts';
import { askedIn, groupDone, newSeat, type Group, type Seat } from './seats.ts';

/** The flow as a claim has pinned it: nothing that is changed later reaches the claim. */
export type PinnedFlow = Pick<ApprovalFlow, 'id' | 'unitId' | 'name' | 'version' | 'steps' | 'copies'>;

/**
 * `OPEN`: somebody is asked. `RETURNED`: the submitter has to do something first. A refusal ends it, unless an appeal lifts the refusal; whoever
 * submitted may withdraw it.
 */
export const APPROVAL_STATUSES = ['OPEN', 'APPROVED', 'REFUSED', 'RETURNED', 'WITHDRAWN'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** One claim on its way through its flow. Plain data, so that it is stored as it is. */
export type ApprovalInstance = {
  status: ApprovalStatus;
  /** the step that decides now, from 0; the number of steps once all are passed */
  step: number;
  /** who is asked in each step, up to the present one */
  rounds: Group[];
  nextSeat: number;
  /** how often somebody has acted */
  acts: number;
  urges: { by: string; people: string[]; at: string }[];
};

export const APPROVAL_ACTIONS = ['APPROVE', 'REFUSE', 'TRANSFER', 'RETURN', 'ADD_BEFORE', 'ADD_AFTER', 'ADD_PARALLEL', 'CC', 'RECALL', 'URGE'] as const;
export type ApprovalAction = (typeof APPROVAL_ACTIONS)[number];

/** A line of the trail: what somebody did, or whom the flow then asked or told. */
export type TrailEntry = {
  action: ApprovalAction | 'ASK' | 'COPY' | 'LIFT' | 'RESUME' | 'WITHDRAW';
  /** from 1 */
  step: number;
  /** who did it; null: the flow itself */
  by: string | null;
  /** for whom, where somebody stood in */
  onBehalfOf: string | null;
  /** whom it is about: asked, told, added, passed on to */
  people: string[];
  /** RETURN: the step it goes back to, 0 for the submitter */
  toStep: number | null;
  /** ASK: how the step decides; ADD: how the added people do */
  mode: ApprovalMode | null;
  /** ASK: how they came to be asked */
  found: Seat['found'] | null;
  comment: string | null;
};

/** What follows from a change, beside the new instance. Each is a person's: null stands for whoever comes to hold the role of the step. */
export type Outcome = {
  ok: true;
  instance: ApprovalInstance;
  /** whose turn it has become, in seats */
  asked: Seat[];
  /** whose turn it no longer is, without having decided */
  released: Seat[];
  /** who gets a copy */
  copied: string[];
  reminded: string[];
  /** whether a step was passed by it */
  passed: boolean;
  trail: TrailEntry[];
};

export function entry(action: TrailEntry['action'], step: number, about: Partial<Omit<TrailEntry, 'action' | 'step'>> = {}): TrailEntry {
  return { action, step: step + 1, by: null, onBehalfOf: null, people: [], toStep: null, mode: null, found: null, comment: null, ...about };
}

/** The seats whose turn it is. */
export function askedNow(instance: ApprovalInstance): Seat[] {
  const round = instance.rounds[instance.step];
  return instance.status === 'OPEN' && round ? askedIn(round) : [];
}

export type Setting = { flow: PinnedFlow; directory: Directory };

/** Begins at the first step. */
export function begin(setting: Setting): Outcome {
  return openAt({ status: 'OPEN', step: 0, rounds: [], nextSeat: 1, acts: 0, urges: [] }, 0, setting, []);
}

/** The submitter has done what was asked for: the step that returned it is asked anew, and those before it are not asked again. */
export function resume(instance: ApprovalInstance, setting: Setting): Outcome {
  return openAt(instance, instance.step, setting, [entry('RESUME', instance.step)]);
}

/** Asks those again whose turn it is: the claim was somewhere else in between, and their tasks went with that. */
export function askAgain(instance: ApprovalInstance, setting: Setting): Outcome {
  const asked = askedNow(instance);
  return unchanged(instance, { asked, trail: askEntries(instance, asked, setting) });
}

/** A refusal was lifted on appeal, which stands for the step that refused: whoever refused is not asked again. */
export function lift(instance: ApprovalInstance, setting: Setting): Outcome {
  return openAt(instance, instance.step + 1, setting, [entry('LIFT', instance.step)]);
}

/** The submitter has taken the claim back. */
export function withdraw(instance: ApprovalInstance): Outcome {
  const released = askedNow(instance);
  return unchanged({ ...instance, status: 'WITHDRAWN' }, { released, trail: [entry('WITHDRAW', instance.step)] });
}

export function unchanged(instance: ApprovalInstance, about: Partial<Omit<Outcome, 'ok' | 'instance'>> = {}): Outcome {
  return { ok: true, instance, asked: [], released: [], copied: [], reminded: [], passed: false, trail: [], ...about };
}

/** Asks the people of a step anew, as they are found now; what was decided there and after it before counts no more. */
export function openAt(was: ApprovalInstance, step: number, setting: Setting, trail: TrailEntry[]): Outcome {
  const before = askedNow(was);
  const opened = openRound({ ...was, status: 'OPEN', rounds: was.rounds.slice(0, step) }, step, setting);
  const asked = askedNow(opened);
  const ends = opened.status === 'APPROVED' ? endCopies(setting, opened.step - 1) : [];
  return unchanged(opened, {
    ...{ asked, released: before, copied: ends.flatMap(({ people }) => people), passed: opened.status === 'APPROVED' },
    trail: [...trail, ...askEntries(opened, asked, setting), ...ends],
  });
}

function openRound(instance: ApprovalInstance, step: number, { flow, directory }: Setting): ApprovalInstance {
  const what = flow.steps[step];
  if (!what) return { ...instance, status: 'APPROVED', step };
  const { employeeIds, found } = findApprovers(what, directory);
  const people: (string | null)[] = employeeIds.length > 0 ? employeeIds : [null];
  const round: Group = { mode: found === 'admin' ? 'one' : what.mode, seats: people.map((id, index) => newSeat(instance.nextSeat + index, id, found)) };
  return { ...instance, step, rounds: [...instance.rounds, round], nextSeat: instance.nextSeat + people.length };
}

/**
 * Goes on from where `instance` was changed: to the next step if this one is done. `was` is how it stood before, `acting` the seat that has just decided and
 * is therefore not told that it is no longer asked.
 */
export function settle(
  was: ApprovalInstance,
  changed: ApprovalInstance,
  setting: Setting,
  { trail, acting }: { trail: TrailEntry[]; acting: number | null },
): Outcome {
  const round = changed.rounds[changed.step];
  const passed = changed.status === 'OPEN' && round !== undefined && groupDone(round);
  const instance = passed ? openRound(changed, changed.step + 1, setting) : changed;
  const [before, after] = [askedNow(was), askedNow(instance)];
  const asked = after.filter((seat) => !before.some((other) => isSame(other, seat)));
  const released = before.filter((seat) => seat.id !== acting && !after.some((other) => isSame(other, seat)));
  const step = setting.flow.steps[changed.step];
  const copies = passed && step ? stepCopies(step, changed.step, setting) : [];
  const ends = instance.status === 'APPROVED' || instance.status === 'REFUSED' ? endCopies(setting, changed.step) : [];
  return unchanged(instance, {
    ...{ asked, released, passed, copied: [...new Set([...copies, ...ends].flatMap(({ people }) => people))] },
    trail: [...trail, ...copies, ...askEntries(instance, asked, setting), ...ends],
  });
}

/** A seat that was passed on is another person's turn. */
const isSame = (a: Seat, b: Seat): boolean => a.id === b.id && a.employeeId === b.employeeId;

function askEntries(instance: ApprovalInstance, asked: readonly Seat[], { flow }: Setting): TrailEntry[] {
  const mode = flow.steps[instance.step]?.mode ?? null;
  return asked.map(({ employeeId, found }) => entry('ASK', instance.step, { people: employeeId === null ? [] : [employeeId], mode, found }));
}

function stepCopies({ copies }: ApprovalStep, step: number, { directory }: Setting): TrailEntry[] {
  const people = findReaders(copies, directory);
  return people.length === 0 ? [] : [entry('COPY', step, { people })];
}

function endCopies({ flow, directory }: Setting, step: number): TrailEntry[] {
  const people = findReaders(flow.copies, directory);
  return people.length === 0 ? [] : [entry('COPY', step, { people })];
}
