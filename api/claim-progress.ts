import { shanghaiDay, workingDaysBetween } from '#domain/calendar.ts';
import { actorLabel, claimantActions, isAppealState, PARTY_LABELS, stagesOf, type ClaimAction } from '#domain/claim/progress.ts';
import { DOCUMENT_KIND_CODES, type DocumentKind } from '#domain/claim/completeness.ts';
import { reasonFor } from '#domain/claim/reasons.ts';
import { documentLabel, nextStepFor } from '#domain/claim/remarks.ts';
import { isConsentPurpose, type ConsentPurpose } from '#domain/consent/purposes.ts';
import { STAGE_LABELS, STAGE_NOTES, stageOf } from '#domain/claim/states.ts';
import { formatYuan } from '#domain/money.ts';
import { viewOf, type ClaimContext, type Clockwork } from '#prisma/queries/claim-context.ts';
import type { EventRow } from '#prisma/queries/claim-reading.ts';
import { remarkToJson, rfc3339, yuanOrNull } from './claim-json.ts';
import type { Progress } from './contract/claims.ts';

const PATHS: Record<ClaimAction, { method: string; path: (claim: { number: string; employeeNo: string }) => string }> = {
  confirm: { method: 'POST', path: ({ number }) => `/v1/claims/${number}/confirm` },
  'add-documents': { method: 'POST', path: ({ number }) => `/v1/claims/${number}/documents` },
  'materials-complete': { method: 'POST', path: ({ number }) => `/v1/claims/${number}/materials-complete` },
  'ask-for-person': { method: 'POST', path: ({ number }) => `/v1/claims/${number}/review-request` },
  withdraw: { method: 'POST', path: ({ number }) => `/v1/claims/${number}/withdraw` },
  appeal: { method: 'POST', path: ({ number }) => `/v1/claims/${number}/appeal` },
  resubmit: { method: 'POST', path: ({ number }) => `/v1/claims/${number}/resubmit` },
  'give-consent': { method: 'POST', path: ({ employeeNo }) => `/v1/employees/${encodeURIComponent(employeeNo)}/consents` },
  'mend-account': { method: 'POST', path: ({ employeeNo }) => `/v1/employees/${encodeURIComponent(employeeNo)}/accounts` },
};

/** What an employee sees of a claim: where it is, who has it, until when, and what to do. */
export function progressOf(input: {
  claim: ClaimContext;
  employeeNo: string;
  /** false where another claim has taken this one up */
  appealable: boolean;
  /** false also where the chain is at its end */
  resubmittable: boolean;
  events: readonly EventRow[];
  nameOf: (code: string) => { zh: string; en: string } | undefined;
  clockwork: Clockwork;
  now: Date;
}): Progress {
  const { claim, events, now } = input;
  const { head, number } = claim;
  const { note, ended } = stageOf(head);
  const { actAt, provisional, appealableUntil } = viewOf(claim, input.clockwork);
  const missing = head.state === 'PENDED_INFO' ? missingDocuments(events) : [];
  const consents = head.state === 'PENDED_INFO' ? missingConsents(events) : [];
  const reasons = head.state === 'PENDED_INFO' ? reasonsToMend(events) : [];
  const inTime = appealableUntil !== null && Date.parse(appealableUntil) > now.getTime();
  const appealable = inTime && input.appealable && isAppealState(head.state) && !claim.tasks.some(({ kind }) => kind === 'CLAWBACK');
  const waits = head.turn !== null && actAt !== null;
  const until = head.state === 'PENDED_INFO' ? actAt : appealable ? appealableUntil : null;
  const sentence = { state: head.state, onHold: head.onHold, payoutBlocked: head.payoutBlocked, documents: missing, reasons, consents, until };
  const contestable = head.state === 'PENDED_INFO' && isFromReview(events);
  const actions = claimantActions({ ...head, awaitsConsent: consents.length > 0, contestable, appealable, resubmittable: input.resubmittable });

  return {
    number,
    state: head.state,
    stages: stagesOf(head, events).map(({ stage, status, entered, latest }) => ({
      stage,
      label: STAGE_LABELS[stage],
      status,
      at: rfc3339(entered?.at ?? null),
      updatedAt: rfc3339(latest?.at ?? null),
      actor: latest && actorLabel(latest.actor, { claimantId: claim.employeeId, nameOf: input.nameOf }),
      remark: latest && remarkToJson(latest),
    })),
    note: note && { code: note, label: STAGE_NOTES[note] },
    ended,
    turn: head.turn && { party: head.turn, label: PARTY_LABELS[head.turn], since: rfc3339(head.turnSince) },
    expectedBy: waits ? actAt : null,
    expectedInWorkingDays: waits ? workingDaysBetween(shanghaiDay(now), shanghaiDay(new Date(actAt)), input.clockwork.holidays) : null,
    provisional: waits && provisional,
    missingDocuments: missing.map((kind) => ({ kind, label: { zh: documentLabel(kind, 'zh'), en: documentLabel(kind, 'en') } })),
    toMend: reasons.flatMap((code) => {
      const reason = reasonFor(code);
      return reason ? [{ code: reason.code, label: { zh: reason.zh, en: reason.en }, next: reason.next }] : [];
    }),
    appealableUntil: appealable ? appealableUntil : null,
    nextStep: {
      text: { zh: nextStepFor(sentence, 'zh'), en: nextStepFor(sentence, 'en') },
      actions: actions.map((action) => ({ action, method: PATHS[action].method, path: PATHS[action].path({ number, employeeNo: input.employeeNo }) })),
    },
    amounts: {
      submitted: formatYuan(claim.submittedFen),
      approved: yuanOrNull(head.approvedFen),
      payable: yuanOrNull(head.payableFen),
      paid: formatYuan(head.paidFen),
    },
  };
}

/** The consents that the claim waits for, if that was asked for last. */
function missingConsents(events: readonly EventRow[]): ConsentPurpose[] {
  const asked = events.findLast((event) => event.type === 'INFO_REQUESTED')?.remarkParams['consents'];
  return typeof asked === 'string' ? asked.split(',').filter(isConsentPurpose) : [];
}

/** What else is to be mended, by its reasons. */
function reasonsToMend(events: readonly EventRow[]): string[] {
  const asked = events.findLast((event) => event.type === 'INFO_REQUESTED')?.remarkParams['reasons'];
  return typeof asked === 'string' && asked !== '' ? asked.split(',') : [];
}

/** Whether our own review asked last, and no person, bureau or missing consent. */
function isFromReview(events: readonly EventRow[]): boolean {
  const remark = events.findLast((event) => event.type === 'INFO_REQUESTED')?.remark;
  return remark === 'INFO_REQUESTED' || remark === 'INFO_TO_MEND';
}

/** What was asked for last. */
function missingDocuments(events: readonly EventRow[]): DocumentKind[] {
  const asked = events.findLast((event) => event.type === 'INFO_REQUESTED')?.remarkParams['documents'];
  const named = typeof asked === 'string' ? asked.split(',') : [];
  return DOCUMENT_KIND_CODES.filter((kind) => named.includes(kind));
}
