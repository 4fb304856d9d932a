import { ApplicationFailure } from '@temporalio/common';
import type { BureauGateway } from '#domain/bureau/gateway.ts';
import { shanghaiDay } from '#domain/calendar.ts';
import { SYSTEM } from '#domain/claim/actor.ts';
import type { Circumstance, DocumentKind } from '#domain/claim/completeness.ts';
import { REASONS, type ReasonCode } from '#domain/claim/reasons.ts';
import type { RequestedFor, TaskDecision } from '#domain/claim/requests.ts';
import type { Written } from '#domain/claim/view.ts';
import { completeLines } from '#domain/policy/catalogue.ts';
import { completeHospital, findHospital } from '#domain/policy/hospitals.ts';
import type { Quantities } from '#domain/policy/limits.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { review } from '#domain/policy/pre-review.ts';
import { isFor, type Rulebook } from '#domain/policy/rulebook.ts';
import type { NotCovered, Settlement } from '#domain/policy/settle.ts';
import { reviewReadings, type Compared } from '#domain/review/agreement.ts';
import { standing, type ClaimFinding } from '#domain/review/finding.ts';
import { reviewCertificates, reviewCover, reviewRecord, uncoveredBy } from '#domain/review/record.ts';
import type { Database } from '#prisma/database.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import type { TaskDraft } from '#prisma/queries/claim-moves.ts';
import { readTaskDetail } from '#prisma/queries/claim-tasks.ts';
import { listUnchecked, recordCheck } from '#prisma/queries/invoice-checks.ts';
import { listUnreadInvoices, readReadings } from '#prisma/queries/readings.ts';
import {
  findAskedReview,
  insertReview,
  listStanding,
  overruleStanding,
  readReviewFacts,
  wasUnread,
  type KeptFinding,
  type ReviewFacts,
  type Standing,
} from '#prisma/queries/reviews.ts';
import { modeOf } from './entitlement.ts';
import { denyByEmployer, type ClaimStep, type Refused, type Transition, type transitions } from './transition.ts';

type Dependencies = Asked & { database: Database; transition: ReturnType<typeof transitions> };
/** Who is asked about a claim: bureaus that can say what became of an invoice, and the reader processes, where there are any (`reads`). */
type Asked = { bureaus: ReadonlyMap<string, BureauGateway>; reads: boolean };

/** 智能预审: what is asked of others before a claim is looked at, and what its employee asks of us after it. */
export function reviewActivities({ database, transition, bureaus, reads }: Dependencies) {
  /** Whom there is to ask before intake looks at the claim. `again`: the reader was waited for before, and did not come. */
  async function planReview({ claimNumber, bureauCode, at }: AskedAbout): Promise<{ bureau: boolean; reader: boolean; again: boolean }> {
    const unchecked = asksBureau(bureaus, bureauCode) ? await listUnchecked(database, { claimNumber, at: new Date(at) }) : [];
    const unread = reads ? await listUnreadInvoices(database, { claimNumber }) : [];
    return {
      bureau: unchecked.length > 0,
      reader: unread.length > 0,
      again: unread.length > 0 && (await wasUnread(database, { claimNumber, documentIds: unread })),
    };
  }

  /** Asks the bureau of each invoice that it has not answered for. What it said is kept at once: a call that is repeated asks for the rest. */
  async function checkInvoices({ claimNumber, bureauCode, at }: AskedAbout): Promise<{ checked: number }> {
    const bureau = bureaus.get(bureauCode);
    if (!bureau) throw ApplicationFailure.nonRetryable(`no bureau ${bureauCode} is declared`, 'BureauUndeclared');
    const askedAt = new Date(at);
    const unchecked = await listUnchecked(database, { claimNumber, at: askedAt });
    for (const { id: invoiceId, ...certificate } of unchecked) {
      await recordCheck(database, { invoiceId, at: askedAt, state: await bureau.invoiceState(certificate) });
    }
    return { checked: unchecked.length };
  }

  /** The employee wants a person to look at what the machine found (PIPL art. 24). Only of what we asked for ourselves: a bureau's question is the bureau's. */
  async function recordReviewRequest(step: ClaimStep & RequestedFor): Promise<Written> {
    return transition(step, async (claim, t) => {
      const conflict: Refused = { refused: 'CLAIM_STATE_CONFLICT' };
      if (claim.head.state !== 'PENDED_INFO' || claim.head.withdrawalRequested) return conflict;
      const reviewNo = await findAskedReview(t.tx, claim.number);
      if (reviewNo === null) return conflict;
      const found = await listStanding(t.tx, { claimNumber: claim.number, reviewNo });
      if (found.length === 0) return conflict;
      return t.move(claim, {
        ...{ type: 'REVIEW_REQUESTED', to: 'SUBMITTED', actor: step.actor },
        opens: [reviewTask(claim, { reviewNo, findings: found, reason: step.reason })],
      });
    });
  }

  return { planReview, checkInvoices, recordReviewRequest };
}

const asksBureau = (bureaus: Asked['bureaus'], code: string): boolean => bureaus.get(code)?.capabilities.invoiceStates ?? false;
/** `at`: RFC 3339, the workflow's time */
type AskedAbout = { claimNumber: string; bureauCode: string; at: string };

export type ReviewDependencies = Asked & { policies: Policies };
export type Reviewed = { no: number; findings: KeptFinding[] };

/** Everything that can be known of a claim before the bureau sees it, kept as a review of its own. */
export async function reviewClaim(
  claim: ClaimContext,
  t: Transition,
  { entitlement, used, ...known }: ReviewDependencies & { entitlement: Settlement | NotCovered; used: Quantities },
): Promise<Reviewed> {
  const { number: claimNumber, employeeId } = claim;
  const facts = await readReviewFacts(t.tx, { claimNumber, at: t.at });
  const rulebook = known.policies.rulebooks.find(({ value }) => isFor(value, { insuredRegion: claim.insuredRegion, scheme: facts.scheme }));
  const completed = completeClaim(claim, facts, { policies: known.policies, rulebook: rulebook?.value, entitlement });
  const basic = review(
    {
      ...completed.about,
      ...{ visit: { start: claim.visitStart, end: facts.visitEnd }, documents: facts.documents.map(({ kind }) => kind), onFile: facts.onFile },
      ...{ lines: completed.lines, used },
      // what a bureau or a colleague asked for later does not make a claim late
      today: shanghaiDay(claim.head.submittedAt ?? t.at),
    },
    rulebook?.value,
  );
  // what a bureau has decided is not ours to take away: only what it asks for has to be there
  const isOurs = claim.bureauDecisionNo === null;
  const readings = isOurs && known.reads ? reviewReadings(await comparedOf(claim, t, facts, completed.hospitalNames)) : [];
  const findings = isOurs
    ? [...basic, ...reviewRecord({ ...facts, kind: claim.kind }), ...readings, ...certificates(claim, facts, known), ...completed.findings]
    : basic.filter(({ code }) => code === 'DOC_REQUIRED');
  return insertReview(t.tx, { claimNumber, employeeId, at: t.at, rulebook: rulebook ? { id: rulebook.value.id, version: rulebook.version } : null, findings });
}

/** What catalogue, directory and rulebook say of a claim: for its lines the better word, and what is the matter with them and with the hospital. */
function completeClaim(
  claim: ClaimContext,
  facts: ReviewFacts,
  { policies, rulebook, entitlement }: { policies: Policies; rulebook: Rulebook | undefined; entitlement: Settlement | NotCovered },
) {
  const { kind, insuredRegion, treatedRegion, visitStart: day } = claim;
  const about = { kind, insuredRegion, treatedRegion, circumstances: claim.circumstances as Circumstance[] };
  const question = { ...about, ...policies, rulebook, day, settlement: modeOf(facts) };
  const stated = { code: facts.hospitalCode, name: facts.hospitalName };
  const where = completeHospital(stated, question);
  const answer = completeLines(facts.lines, { ...question, grade: where.ok ? where.hospital.grade : undefined });
  const listed = findHospital(policies.hospitals, { ...stated, region: treatedRegion, day });
  // what the rulebook itself lacks comes before what is not known of the case
  // (treated abroad has a finding of its own)
  const unsettled = entitlement.covered || entitlement.why === 'TREATED_ABROAD' ? null : entitlement.why;
  const why = uncoveredBy(rulebook, claim) ?? unsettled;
  return {
    about,
    // every line of a claim has a class of its own
    lines: answer.ok ? answer.lines : facts.lines,
    hospitalNames: [facts.hospitalName, ...(listed.found ? listed.hospital.names : [])],
    findings: [...reviewCover(why), ...where.findings, ...(answer.ok ? answer.findings : [])] as ClaimFinding[],
  };
}

async function comparedOf(claim: ClaimContext, t: Transition, facts: ReviewFacts, hospitalNames: readonly string[]): Promise<Compared> {
  const readings = new Map((await readReadings(t.tx, { claimNumber: claim.number })).map(({ documentId, reading }) => [documentId, reading]));
  const files = facts.documents.filter(({ kind }) => kind === 'INVOICE').map(({ documentId }) => ({ documentId, reading: readings.get(documentId) ?? null }));
  return { files, invoices: facts.invoices, name: facts.employeeName, hospitalNames, visit: { start: claim.visitStart, end: facts.visitEnd } };
}

function certificates(claim: ClaimContext, { invoices }: ReviewFacts, { bureaus }: ReviewDependencies): ClaimFinding[] {
  const underway = claim.head.submissionVersion > 0;
  const isAsked = asksBureau(bureaus, claim.bureauCode) && !underway;
  const checked = invoices.flatMap(({ id, check }) => (isAsked || check ? [{ id, state: check }] : []));
  return reviewCertificates(checked, { underway });
}

/** Asks the employee for all that only the employee can mend. */
export async function askEmployee(claim: ClaimContext, t: Transition, { no, findings }: Reviewed): Promise<ClaimContext | null> {
  const { employee } = standing(findings);
  if (employee.length === 0) return null;
  const missing = missingIn(employee);
  const reasons = reasonsIn(employee);
  return t.move(claim, {
    ...{ type: 'INFO_REQUESTED', to: 'PENDED_INFO', actor: SYSTEM, remark: reasons.length > 0 ? 'INFO_TO_MEND' : 'INFO_REQUESTED' },
    remarkParams: { documents: missing.join(','), ...(reasons.length > 0 && { reasons: reasons.join(',') }) },
    detail: { missing, review: no },
    notice: { documents: missing, ...(reasons.length > 0 && { reasons }) },
  });
}

/** Puts before HR what nobody else can settle. */
export async function askHr(claim: ClaimContext, t: Transition, { no, findings }: Reviewed): Promise<ClaimContext | null> {
  const { hr } = standing(findings);
  if (hr.length === 0) return null;
  return t.move(claim, {
    ...{ type: 'PRE_REVIEW_REQUESTED', actor: SYSTEM, remarkParams: { reasons: reasonsIn(hr).join(',') } },
    ...{ detail: { review: no }, opens: [reviewTask(claim, { reviewNo: no, findings: hr })] },
  });
}

type Named = { code: ReasonCode; about?: Standing['about'] | undefined; lineNo?: number | null | undefined; document?: DocumentKind | null | undefined };

function reviewTask(claim: ClaimContext, { reviewNo, findings, reason }: { reviewNo: number; findings: readonly Named[]; reason?: string }): TaskDraft {
  const named = findings.map(({ code, about = null, lineNo = null, document = null }) => ({ code, about, lineNo, document }));
  return { kind: 'PRE_REVIEW', unitId: claim.unitId, detail: { review: reviewNo, findings: named, ...(reason !== undefined && { reason }) } };
}

const missingIn = (findings: readonly Named[]): DocumentKind[] =>
  findings.flatMap(({ code, document }) => (code === 'DOC_REQUIRED' && document ? [document] : []));
const reasonsIn = (findings: readonly Named[]): ReasonCode[] => [...new Set(findings.map(({ code }) => code))].filter((code) => code !== 'DOC_REQUIRED');

/** What HR says of the findings: they do not hold, the employee has to mend them, or the claim is refused for them. */
export async function decideReview(claim: ClaimContext, t: Transition, decision: TaskDecision, detail: Record<string, unknown>): Promise<ClaimContext> {
  const { taskId, choice, comment, actor, employeeId } = decision;
  const about = { taskId, choice, comment };
  const reviewNo = Number(detail['review']);
  const findings = detail['findings'] as Required<Named>[];
  if (choice === 'OVERRULE') {
    await overruleStanding(t.tx, { claimNumber: claim.number, reviewNo, by: actor, comment, at: t.at });
    return t.move(claim, { type: 'PRE_REVIEW_DECIDED', actor, detail: about });
  }
  if (choice === 'RETURN') {
    const [missing, reasons] = [missingIn(findings), reasonsIn(findings)];
    return t.move(claim, {
      ...{ type: 'INFO_REQUESTED', to: 'PENDED_INFO', actor, remark: 'INFO_REQUESTED_BY_REVIEWER' },
      ...{ remarkParams: { documents: missing.join(','), reasons: reasons.join(',') }, detail: { ...about, missing }, notice: { documents: missing, reasons } },
    });
  }
  // the reason that the employee can do most about; what may not be appealed against is no reason for a denial
  const code = findings.map((one) => one.code).find((one) => REASONS[one].appealable) ?? 'PLAN_EXCLUDES';
  return denyByEmployer(claim, t, { code, comment: comment ?? '', sourceNo: taskId, actor, employeeId });
}

/** HR has granted an appeal: what the claim was refused for does not stop it again. */
export async function overruleRefused(claim: ClaimContext, t: Transition, { actor, comment }: TaskDecision): Promise<void> {
  const { decision } = claim;
  if (decision?.source !== 'EMPLOYER' || !/^[0-9a-f-]{36}$/.test(decision.sourceNo)) return;
  const refusal = await readTaskDetail(t.tx, { claimNumber: claim.number, taskId: decision.sourceNo });
  if (refusal?.kind !== 'PRE_REVIEW') return;
  await overruleStanding(t.tx, { claimNumber: claim.number, reviewNo: Number(refusal.detail['review']), by: actor, comment, at: t.at });
}
