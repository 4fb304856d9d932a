import { responsibleBureau } from '#domain/bureau/region.ts';
import type { VisitFeed } from '#domain/bureau/visit.ts';
import { CLAIM_KIND_CODES, CLAIM_KINDS } from '#domain/claim/completeness.ts';
import { invoiceKeyText } from '#domain/invoice/key.ts';
import { sum } from '#domain/money.ts';
import { keyedHash } from '#platform/keys.ts';
import { enterScope, type Tx } from '#prisma/database.ts';
import { audit } from '#prisma/queries/audit.ts';
import { createClaim, takeClaimNumber, type NewClaim } from '#prisma/queries/claim-submission.ts';
import { readMissingConsents } from '#prisma/queries/consents.ts';
import { nameClaim } from '#prisma/queries/inbox.ts';
import { findVisitors, isVisitKnown } from '#prisma/queries/visits.ts';
import type { ApiDeps } from './app.ts';
import { AMOUNT_LIMIT_FEN } from './limits.ts';

type Told = { bureauCode: string; messageId: string; visit: VisitFeed; deps: Pick<ApiDeps, 'keys' | 'clock' | 'gateways'> };

/**
 * Makes a draft of a visit that a bureau tells us of; the employee confirms it. Nothing is guessed: a person whom we do not know, a visit that was told
 * before, or one that no claim can be made of, is kept in the inbox and leaves an audit row with the reason.
 */
export async function draftFromVisit(tx: Tx, { bureauCode, messageId, visit, deps }: Told): Promise<void> {
  const at = deps.clock();
  const actor = { type: 'bureau', id: bureauCode } as const;
  const ignore = (why: string) => audit(tx, { claimNumber: null, at, actor, action: 'visit-ignored', detail: { messageId, why } });

  if (responsibleBureau(deps.gateways.bureaus, visit.insuredRegion)?.code !== bureauCode) return ignore('another-bureau');
  const [visitor, ...others] = await findVisitors(tx, { personNo: visit.personNo, insuredRegion: visit.insuredRegion });
  if (!visitor || others.length > 0) return ignore(visitor ? 'person-not-unique' : 'person-unknown');
  if ((await readMissingConsents(tx, { employeeId: visitor.employeeId, step: 'TAKE_VISIT', at })).length > 0) return ignore('consent-missing');
  // from here on the bureau's message is worked on where the person is
  await enterScope(tx, { units: [visitor.unitId], employeeId: visitor.employeeId });
  const content = contentOf(visit, deps);
  if (!content.ok) return ignore(content.why);
  if (await isVisitKnown(tx, { bureauCode, visitNo: visit.visitNo, employeeId: visitor.employeeId })) return ignore('told-before');

  const number = await takeClaimNumber(tx, at);
  await createClaim(tx, number, {
    ...{ ...visitor, source: 'VISIT', draft: true, bureauCode, insuredRegion: visit.insuredRegion, treatedRegion: visit.treatedRegion },
    ...{ hospital: visit.hospital, visit: { no: visit.visitNo, start: visit.visitStart, end: visit.visitEnd }, circumstances: [], diagnoses: [] },
    ...{ documents: [], prior: null, actor, at, ...content.value },
  });
  await nameClaim(tx, { source: bureauCode, messageId, claimNumber: number });
}

/** Whether what a bureau tells of a visit may be kept: of one person whom we know, and who has consented. Of others no more than that it was told. */
export async function mayKeepVisit(tx: Tx, { visit, at }: { visit: VisitFeed; at: Date }): Promise<boolean> {
  const [visitor, ...others] = await findVisitors(tx, { personNo: visit.personNo, insuredRegion: visit.insuredRegion });
  if (!visitor || others.length > 0) return false;
  return (await readMissingConsents(tx, { employeeId: visitor.employeeId, step: 'TAKE_VISIT', at })).length === 0;
}

type Content = Pick<NewClaim, 'kind' | 'lines' | 'invoices' | 'submittedFen'>;

/** The same that is asked of a claim that somebody submits: lines and invoices that add up, invoices that can be told apart, days in order. */
function contentOf(visit: VisitFeed, { keys }: Pick<ApiDeps, 'keys'>): { ok: true; value: Content } | { ok: false; why: string } {
  const kind = CLAIM_KIND_CODES.find((code) => CLAIM_KINDS[code].medicalType === visit.medicalType);
  if (!kind) return { ok: false, why: 'kind-unknown' };
  if (visit.visitStart > visit.visitEnd) return { ok: false, why: 'days-out-of-order' };
  const submittedFen = sum(visit.lines.map((line) => line.amountFen));
  const invoiced = sum(visit.invoices.map((invoice) => invoice.amountFen));
  if (submittedFen === 0 || submittedFen !== visit.totalFen || submittedFen !== invoiced) return { ok: false, why: 'amounts-do-not-add-up' };
  if (submittedFen > AMOUNT_LIMIT_FEN || visit.lines.some((line) => line.unitPriceFen > AMOUNT_LIMIT_FEN)) return { ok: false, why: 'amounts-beyond-bounds' };
  if (visit.lines.some((line) => Number(line.quantity) === 0) || visit.invoices.some((invoice) => invoice.amountFen === 0))
    return { ok: false, why: 'nothing-charged' };
  const invoices: Content['invoices'][number][] = [];
  for (const invoice of visit.invoices) {
    const key = invoiceKeyText(invoice);
    if (!key.ok) return { ok: false, why: 'invoice-unreadable' };
    invoices.push({ ...invoice, settlement: '2', invoiceKey: keyedHash(keys.invoice, key.text) });
  }
  return { ok: true, value: { kind, submittedFen, lines: visit.lines, invoices } };
}
