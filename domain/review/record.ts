import type { CertificateState } from '../bureau/gateway.ts';
import type { Day } from '../calendar.ts';
import type { ClaimKind } from '../claim/completeness.ts';
import { inForce, type Rulebook } from '../policy/rulebook.ts';
import { finding, type About, type ClaimFinding } from './finding.ts';

/** Kinds of which a bureau asks what it was for. */
const NEEDS_DIAGNOSIS: readonly ClaimKind[] = ['INPATIENT', 'TRAUMA', 'MATERNITY', 'CHRONIC'];

/** What the record itself lacks. A claim made of a visit that the bureau told us of needs no diagnosis of ours: the bureau has its own. */
export function reviewRecord({ kind, source, hasDiagnosis }: { kind: ClaimKind; source: string; hasDiagnosis: boolean }): ClaimFinding[] {
  if (hasDiagnosis || source === 'VISIT' || !NEEDS_DIAGNOSIS.includes(kind)) return [];
  return [finding('DATA_ERROR', 'DIAGNOSIS', { blocking: true, mendedBy: 'employee' })];
}

/** What a bureau says of an invoice; null: it was asked and has not answered. */
export type CheckedInvoice = { id: string; state: CertificateState | null };

/** Whether the invoices are genuine, and new to the bureau. `underway`: this very claim lies with the bureau, which then calls its invoices claimed. */
export function reviewCertificates(invoices: readonly CheckedInvoice[], { underway }: { underway: boolean }): ClaimFinding[] {
  return invoices.flatMap(({ id: invoiceId, state }): ClaimFinding[] => {
    const forHr = { blocking: true, mendedBy: 'hr', invoiceId } as const;
    if (state === null) return [finding('NOT_VERIFIED', 'BUREAU_SILENT', { blocking: false, mendedBy: 'nobody', invoiceId })];
    if (!state.known) return [finding('INVOICE_FALSE', 'UNKNOWN_TO_BUREAU', forHr)];
    const reversed = state.reversed ? [finding('INVOICE_REVERSED', 'REVERSED', forHr)] : [];
    if (underway || state.claimed === 'no') return reversed;
    return [...reversed, finding('INVOICE_CLAIMED', state.claimed === 'yes' ? 'CLAIMED' : 'BEING_CLAIMED', forHr)];
  });
}

/** Why no rule says what a claim is paid. */
export type Uncovered = Extract<
  About,
  'NO_RULEBOOK' | 'NOT_IN_FORCE' | 'KIND_NOT_COVERED' | 'CASE_NOT_COVERED' | 'HOSPITAL_UNKNOWN' | 'AGE_UNKNOWN' | 'PLAN_UNKNOWN' | 'SETTLEMENT_MIXED'
>;
const FOR_A_PERSON: readonly Uncovered[] = ['NO_RULEBOOK', 'NOT_IN_FORCE', 'KIND_NOT_COVERED', 'CASE_NOT_COVERED', 'SETTLEMENT_MIXED'];

/** Where no rule covers the claim a person decides, with the reason; where only the amount cannot be told, it is said. Nothing is guessed. */
export function reviewCover(why: Uncovered | null): ClaimFinding[] {
  if (why === null) return [];
  if (FOR_A_PERSON.includes(why)) return [finding('NO_RULE', why, { blocking: true, mendedBy: 'hr' })];
  return [finding('NOT_VERIFIED', why, { blocking: false, mendedBy: 'nobody' })];
}

/** What can be said of the rules without knowing person and hospital. */
export function uncoveredBy(rulebook: Rulebook | undefined, { kind, visitStart }: { kind: ClaimKind; visitStart: Day }): Uncovered | null {
  if (!rulebook) return 'NO_RULEBOOK';
  const benefit = rulebook.benefits.find(({ kinds }) => kinds.includes(kind));
  if (!benefit) return 'KIND_NOT_COVERED';
  return inForce(benefit.ratio, visitStart) && inForce(benefit.deductible, visitStart) ? null : 'NOT_IN_FORCE';
}
