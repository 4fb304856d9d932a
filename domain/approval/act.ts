import type { ErrorCode } from '../errors.ts';
import type { ApprovalMode } from './flow.ts';
import {
  askedNow,
  entry,
  openAt,
  settle,
  unchanged,
  type ApprovalAction,
  type ApprovalInstance,
  type Outcome,
  type Setting,
  type TrailEntry,
} from './instance.ts';
import { allIn, newSeat, peopleIn, reachedIn, type Group, type Seat } from './seats.ts';

/** What a person does in the own turn. */
export type ApprovalAct =
  | { action: 'APPROVE' | 'REFUSE' }
  /** 转交: another person takes the place */
  | { action: 'TRANSFER'; to: string }
  /** 退回: to an earlier step, from 1, or to the submitter, 0 */
  | { action: 'RETURN'; toStep: number }
  /** 前加签 and 后加签: `mode` is how the added people decide among themselves */
  | { action: 'ADD_BEFORE' | 'ADD_AFTER'; people: readonly string[]; mode?: Exclude<ApprovalMode, 'one'> }
  /** 并加签: each of them, beside the person */
  | { action: 'ADD_PARALLEL'; people: readonly string[] }
  /** 抄送: they read and decide nothing */
  | { action: 'CC'; people: readonly string[] };

/** Who acts, in whose place. `seat` is the one of the task. */
export type Acting = { seat: number; by: string; onBehalfOf: string | null; comment: string | null };

export type ApprovalRefusal = {
  ok: false;
  code: Extract<
    ErrorCode,
    | 'TASK_ALREADY_DECIDED'
    | 'FORBIDDEN'
    | 'OWN_CLAIM'
    | 'SECOND_PERSON_REQUIRED'
    | 'COMMENT_REQUIRED'
    | 'VALIDATION_FAILED'
    | 'ALREADY_ASKED'
    | 'APPROVAL_STEP_UNKNOWN'
    | 'RECALL_TOO_LATE'
    | 'URGED_RECENTLY'
    | 'CLAIM_STATE_CONFLICT'
  >;
};

const refuse = (code: ApprovalRefusal['code']): ApprovalRefusal => ({ ok: false, code });
const NEEDS_COMMENT: ReadonlySet<ApprovalAction> = new Set(['REFUSE', 'TRANSFER', 'RETURN']);

/** What follows when a person acts in the own turn; or why not. */
export function act(was: ApprovalInstance, acting: Acting, what: ApprovalAct, setting: Setting): Outcome | ApprovalRefusal {
  const instance = structuredClone(was);
  const round = instance.rounds[instance.step];
  const seat = askedNow(instance).find(({ id }) => id === acting.seat);
  if (!seat || !round) return refuse('TASK_ALREADY_DECIDED');
  const code = refusal({ seat, round, instance }, acting, what, setting);
  if (code) return refuse(code);
  const { by, onBehalfOf, comment } = acting;
  const added = 'people' in what ? [...new Set(what.people)] : [];
  const about = (more: Partial<TrailEntry> = {}): TrailEntry => entry(what.action, instance.step, { by, onBehalfOf, comment, people: added, ...more });
  if (what.action !== 'CC') seat.acted = instance.acts += 1;
  const on = (trail: TrailEntry[]): Outcome => settle(was, instance, setting, { trail, acting: seat.id });

  switch (what.action) {
    case 'APPROVE':
      seat.approvedBy = by;
      return on([about()]);
    case 'REFUSE':
      instance.status = 'REFUSED';
      return on([about()]);
    case 'TRANSFER':
      if (seat.employeeId !== null) seat.formerly.push(seat.employeeId);
      Object.assign(seat, { employeeId: what.to, found: 'transferred' } satisfies Partial<Seat>);
      return on([about({ people: [what.to] })]);
    case 'RETURN': {
      const trail = [about({ toStep: what.toStep })];
      const others = askedNow(was).filter(({ id }) => id !== seat.id);
      if (what.toStep === 0) return unchanged({ ...instance, status: 'RETURNED' }, { released: others, trail });
      return { ...openAt(instance, what.toStep - 1, setting, trail), released: others };
    }
    case 'ADD_BEFORE':
    case 'ADD_AFTER': {
      const mode = what.mode ?? 'all';
      const group: Group = { mode, seats: seatsFor(instance, added) };
      if (what.action === 'ADD_AFTER') seat.approvedBy = by;
      seat[what.action === 'ADD_AFTER' ? 'after' : 'before'].push(group);
      return on([about({ mode })]);
    }
    case 'ADD_PARALLEL':
      seat.beside.push(...seatsFor(instance, added));
      return on([about({ mode: 'all' })]);
    case 'CC':
      return unchanged(instance, { copied: added, trail: [about()] });
  }
}

function refusal(
  { seat, round, instance }: { seat: Seat; round: Group; instance: ApprovalInstance },
  { by, onBehalfOf, comment }: Acting,
  what: ApprovalAct,
  { directory: { claimantId } }: Setting,
): ApprovalRefusal['code'] | null {
  if (by === claimantId || onBehalfOf === claimantId) return 'OWN_CLAIM';
  if (seat.employeeId !== null && seat.employeeId !== (onBehalfOf ?? by)) return 'FORBIDDEN';
  if (NEEDS_COMMENT.has(what.action) && !comment?.trim()) return 'COMMENT_REQUIRED';
  if ((what.action === 'APPROVE' || what.action === 'ADD_AFTER') && signsTwice(round, seat, by)) return 'SECOND_PERSON_REQUIRED';
  if (what.action === 'RETURN') return Number.isInteger(what.toStep) && what.toStep >= 0 && what.toStep <= instance.step ? null : 'APPROVAL_STEP_UNKNOWN';
  const newcomers = 'people' in what ? what.people : 'to' in what ? [what.to] : null;
  if (newcomers === null) return null;
  if (newcomers.length === 0) return 'VALIDATION_FAILED';
  if (newcomers.includes(claimantId)) return 'OWN_CLAIM';
  if (what.action === 'CC') return null;
  // who acts for somebody else could otherwise bring the own name in beside it
  const known = peopleIn(round).add(by);
  return newcomers.some((id) => known.has(id)) ? 'ALREADY_ASKED' : null;
}

/** Several signatures of a step are several people's: whoever stands in for one of them signs neither for another nor for himself as well. */
function signsTwice(round: Group, seat: Seat, by: string): boolean {
  const others = allIn(round).filter(({ id }) => id !== seat.id);
  return others.some(({ approvedBy, employeeId }) => approvedBy === by || (employeeId === by && seat.employeeId !== by));
}

function seatsFor(instance: ApprovalInstance, people: readonly string[]): Seat[] {
  return people.map((employeeId) => newSeat(instance.nextSeat++, employeeId, 'added'));
}

/** 撤回: an approver takes the own approval back, as long as nobody has acted on it. Whom the approval had added is no longer asked. */
export function recall(was: ApprovalInstance, { seat: id, by, onBehalfOf }: Omit<Acting, 'comment'>, setting: Setting): Outcome | ApprovalRefusal {
  if (was.status !== 'OPEN') return refuse('RECALL_TOO_LATE');
  const instance = structuredClone(was);
  const no = instance.rounds.findIndex((round) => allIn(round).some((seat) => seat.id === id));
  const round = instance.rounds[no];
  const seat = round && allIn(round).find((one) => one.id === id);
  if (!round || !seat || seat.approvedBy === null) return refuse('RECALL_TOO_LATE');
  if (seat.approvedBy !== by && seat.employeeId !== by) return refuse('FORBIDDEN');
  // nothing but the present step may lie between, and nobody may have acted in it
  const present = instance.rounds[instance.step];
  const since = ({ acted }: Seat): boolean => acted > seat.acted;
  if (no < instance.step - 1 || (no < instance.step && present && allIn(present).some(since))) return refuse('RECALL_TOO_LATE');
  const reached = reachedIn(round);
  const dropped = seat.after.flatMap(allIn);
  Object.assign(seat, { approvedBy: null, after: [] } satisfies Partial<Seat>);
  const still = new Set(reachedIn(round).map((one) => one.id));
  const lost = [...reached.filter((one) => !still.has(one.id)), ...dropped];
  if (lost.some(since)) return refuse('RECALL_TOO_LATE');
  const trail = [entry('RECALL', no, { by, onBehalfOf })];
  return settle(was, { ...instance, step: no, rounds: instance.rounds.slice(0, no + 1) }, setting, { trail, acting: null });
}

const URGE_AGAIN_MS = 3_600_000;

/** 催办: reminds those whose turn it is. Nobody urges a claim twice in an hour, and nobody is reminded of it twice in an hour, whoever urges. */
export function urge(was: ApprovalInstance, { by, at, comment }: { by: string; at: Date; comment: string | null }): Outcome | ApprovalRefusal {
  const people = askedNow(was).flatMap(({ employeeId }) => employeeId ?? []);
  if (people.length === 0) return refuse('CLAIM_STATE_CONFLICT');
  const recent = was.urges.filter((urged) => at.getTime() - Date.parse(urged.at) < URGE_AGAIN_MS);
  const reminded = people.filter((id) => id !== by && !recent.some((urged) => urged.people.includes(id)));
  if (reminded.length === 0 || recent.some((urged) => urged.by === by)) return refuse('URGED_RECENTLY');
  const urges = [...recent, { by, people: reminded, at: at.toISOString() }];
  return unchanged({ ...was, urges }, { reminded, trail: [entry('URGE', was.step, { by, people: reminded, comment })] });
}
