import type { Actor, Party } from './actor.ts';
import { STAGES, stageOf, waitsForAccount, type ClaimState, type Stage } from './states.ts';

/** `not-reached`: the claim ended before this stage. */
export const STAGE_STATUSES = ['done', 'current', 'upcoming', 'ended', 'not-reached'] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

/** One line of the history, as far as stages go. */
export type StageEvent = { at: Date; toState: ClaimState };

export type StageProgress<Event extends StageEvent> = {
  stage: Stage;
  status: StageStatus;
  /** what brought the claim to the stage, and the last that happened there; null where it has not come so far */
  entered: Event | null;
  latest: Event | null;
};

/**
 * The five stages of a claim, from its history in order. A claim that falls back (an appeal, a return of the money) has its later stages before it
 * again: they count from the time when it comes to them anew. A stage that was leapt over is reached with the one after it.
 */
export function stagesOf<Event extends StageEvent>(
  claim: { state: ClaimState; submissionVersion: number; onHold: boolean; payoutBlocked?: string | null },
  history: readonly Event[],
): StageProgress<Event>[] {
  const entered: (Event | null)[] = STAGES.map(() => null);
  const latest: (Event | null)[] = STAGES.map(() => null);
  let submissionVersion = 0;
  for (const event of history) {
    if (event.toState === 'SENT_TO_BUREAU') submissionVersion = 1;
    const { stage } = stageOf({ state: event.toState, submissionVersion, onHold: false });
    const reached = stage === null ? -1 : STAGES.indexOf(stage);
    STAGES.forEach((_, index) => {
      if (index > reached) entered[index] = latest[index] = null;
      else entered[index] ??= event;
      if (index === reached) latest[index] = event;
      else if (index < reached) latest[index] ??= event;
    });
  }
  const view = stageOf(claim);
  const current = view.stage === null ? -1 : STAGES.indexOf(view.stage);
  return STAGES.map((stage, index) => ({
    stage,
    status: statusOf(index, current, { ended: view.ended, paid: claim.state === 'PAID' }),
    entered: entered[index] ?? null,
    latest: latest[index] ?? null,
  }));
}

function statusOf(index: number, current: number, { ended, paid }: { ended: boolean; paid: boolean }): StageStatus {
  if (index < current || (index === current && paid)) return 'done';
  if (index === current) return ended ? 'ended' : 'current';
  return ended ? 'not-reached' : 'upcoming';
}

type Label = { zh: string; en: string };

export const PARTY_LABELS: Record<Party, Label> = {
  employee: { zh: '本人', en: 'The employee' },
  hr: { zh: '人力资源', en: 'HR' },
  manager: { zh: '单位负责人', en: 'The manager' },
  finance: { zh: '财务', en: 'Finance' },
  bureau: { zh: '医保局', en: 'The bureau' },
  bank: { zh: '银行', en: 'The bank' },
  system: { zh: '系统', en: 'The system' },
};

const COLLEAGUE: Label = { zh: '单位经办人', en: 'A colleague in charge' };
const ABSENT: Label = { zh: '同事', en: 'a colleague who is away' };

type Names = {
  claimantId: string;
  /** knows bureaus and banks by code */
  nameOf: (code: string) => Label | undefined;
  /** knows employees' numbers by id, for readers who are to see who stood in for whom: the claimant is not */
  numberOf?: (employeeId: string) => string | undefined;
};

/** Who did something, as the claimant sees it: colleagues by what they are, not by name. Of two of whom one stood in for the other both are said. */
export function actorLabel(actor: Actor, { claimantId, nameOf, numberOf }: Names): Label {
  switch (actor.type) {
    case 'person': {
      if (actor.onBehalfOf === undefined) return actor.id === claimantId ? PARTY_LABELS.employee : COLLEAGUE;
      const [who, absent] = [numberOf?.(actor.id), numberOf?.(actor.onBehalfOf)];
      return { zh: `${who ?? COLLEAGUE.zh}（代${absent ?? ABSENT.zh}）`, en: `${who ?? COLLEAGUE.en} for ${absent ?? ABSENT.en}` };
    }
    case 'machine':
      return { zh: '单位系统', en: "The employer's system" };
    case 'system':
      return PARTY_LABELS.system;
    case 'bureau':
    case 'bank':
      return nameOf(actor.id) ?? PARTY_LABELS[actor.type];
  }
}

export type ClaimAction =
  | 'confirm'
  | 'add-documents'
  | 'materials-complete'
  | 'ask-for-person'
  | 'withdraw'
  | 'appeal'
  | 'resubmit'
  | 'mend-account'
  | 'give-consent';

/** A partial approval may be appealed against once it is paid, and after the claim was closed. */
export const isAppealState = (state: ClaimState): boolean => state === 'DENIED' || state === 'PAID';

/**
 * What the claimant may do now, the most useful first. Only what would not be refused for the state or the time; `appealable` says whether an
 * appeal is still in time.
 */
export function claimantActions(claim: {
  state: ClaimState;
  onHold: boolean;
  appealable: boolean;
  resubmittable: boolean;
  payoutBlocked?: string | null;
  /** the claim waits for the claimant's consent, and for nothing else */
  awaitsConsent?: boolean;
  /** what the claim waits for was found by our own review, and no person has looked at it */
  contestable?: boolean;
}): ClaimAction[] {
  const appeal: ClaimAction[] = claim.appealable ? ['appeal'] : [];
  const resubmit: ClaimAction[] = claim.resubmittable ? ['resubmit'] : [];
  switch (claim.state) {
    case 'DRAFT':
      return ['confirm', 'add-documents', 'withdraw'];
    case 'PENDED_INFO':
      if (claim.awaitsConsent) return ['give-consent', 'withdraw'];
      return ['add-documents', 'materials-complete', ...(claim.contestable ? (['ask-for-person'] as const) : []), 'withdraw'];
    case 'SUBMITTED':
    case 'PENDED_DUPLICATE':
    case 'SENT_TO_BUREAU':
    case 'IN_REVIEW':
      return ['add-documents', 'withdraw'];
    case 'APPROVED':
    case 'PARTIALLY_APPROVED':
      return claim.payoutBlocked === 'CONSENT_MISSING' ? ['give-consent'] : [];
    case 'PAYMENT_FAILED':
      if (claim.payoutBlocked === 'CONSENT_MISSING') return ['give-consent'];
      return waitsForAccount(claim) ? ['mend-account'] : [];
    case 'DENIED':
      return [...appeal, ...resubmit];
    case 'PAID':
      return appeal;
    case 'WITHDRAWN':
      return resubmit;
    case 'APPEAL_REVIEW':
      return ['add-documents'];
    default:
      return [];
  }
}
