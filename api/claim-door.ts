import type { FastifyRequest } from 'fastify';
import { responsibleBureau } from '#domain/bureau/region.ts';
import { shanghaiDay } from '#domain/calendar.ts';
import { formatClaimNumber } from '#domain/claim/number.ts';
import type { ConsentStep } from '#domain/consent/purposes.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { invoiceKeyText } from '#domain/invoice/key.ts';
import { parseYuan, sum, type Fen } from '#domain/money.ts';
import { can } from '#domain/org/can.ts';
import { findHospital } from '#domain/policy/hospitals.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { keyedHash, type Keys } from '#platform/keys.ts';
import type { Tx } from '#prisma/database.ts';
import type { ClaimRow } from '#prisma/queries/claim-reading.ts';
import { createClaim, findClaimant, type Claimant, type NewClaim as ClaimToStore } from '#prisma/queries/claim-submission.ts';
import { readMissingConsents } from '#prisma/queries/consents.ts';
import { giveDocuments, openFileName } from '#prisma/queries/document-keys.ts';
import { findDocuments, type DocumentRow } from '#prisma/queries/documents.ts';
import type { ApiDeps } from './app.ts';
import type { NewClaim } from './contract/claims.ts';
import { AMOUNT_LIMIT_FEN } from './limits.ts';

type Content = Omit<NewClaim, 'employeeNo' | 'draft'>;
type Amounts = Pick<ClaimToStore, 'lines' | 'invoices' | 'submittedFen'>;

/**
 * What can be checked of a claim without the database. AMOUNT_INVALID: nothing is claimed, more than an amount can say, or an invoice of nothing. LINES_DO_NOT_ADD_UP: lines and
 * invoices differ. Quantity times price is not asked for: tariffs round. INVOICE_KEY_INVALID also where one invoice is listed twice.
 */
export function checkContent(content: Content, { keys, now }: { keys: Keys; now: Date }): ({ ok: true } & Amounts) | Refusal {
  const today = shanghaiDay(now);
  const { visit } = content;
  if (visit.start > visit.end) return refuse('DATES_OUT_OF_ORDER', { params: { path: 'visit' } });
  const future = [
    { path: 'visit.end', day: visit.end },
    ...content.invoices.map(({ issuedOn }, index) => ({ path: `invoices.${index}.issuedOn`, day: issuedOn })),
  ];
  const late = future.find(({ day }) => day > today);
  if (late) return refuse('DATE_IN_FUTURE', { params: { path: late.path } });

  const lines = content.lines.map(({ unitPrice, amount, ...line }) => ({ ...line, unitPriceFen: amountOf(unitPrice), amountFen: amountOf(amount) }));
  const invoices: Amounts['invoices'][number][] = [];
  for (const [index, { amount, ...invoice }] of content.invoices.entries()) {
    const key = invoiceKeyText(invoice);
    if (!key.ok) return refuse(key.code, { params: { ...key.params, path: `invoices.${index}` } });
    const amountFen = amountOf(amount);
    if (amountFen === 0) return refuse('AMOUNT_INVALID', { params: { path: `invoices.${index}.amount` } });
    const invoiceKey = keyedHash(keys.invoice, key.text);
    if (invoices.some((other) => other.invoiceKey === invoiceKey))
      return refuse('INVOICE_KEY_INVALID', { detail: 'listed twice', params: { path: `invoices.${index}` } });
    invoices.push({ ...invoice, amountFen, invoiceKey });
  }
  const submittedFen = sum(lines.map((line) => line.amountFen));
  if (submittedFen === 0 || submittedFen > AMOUNT_LIMIT_FEN) return refuse('AMOUNT_INVALID', { params: { path: 'lines' } });
  if (submittedFen !== sum(invoices.map((invoice) => invoice.amountFen))) return refuse('LINES_DO_NOT_ADD_UP');
  return { ok: true, lines, invoices, submittedFen };
}

/** The contract has matched the text already. */
function amountOf(text: string): Fen {
  const amount = parseYuan(text);
  if (amount === undefined) throw new RangeError('the contract let an amount pass that is none');
  return amount;
}

export type Prior = { number: string; resubmissionNo: number };

/**
 * Takes in a claim: the checks that need the database, then all its rows. Returns the claim as it is stored, put together from what was written:
 * nobody has to wait for reading it back.
 */
export async function takeIn(
  tx: Tx,
  request: FastifyRequest,
  {
    content,
    amounts,
    employeeNo,
    draft,
    prior,
    deps,
  }: { content: Content; amounts: Amounts; employeeNo: string; draft: boolean; prior: Prior | null; deps: Pick<ApiDeps, 'gateways' | 'policies' | 'clock'> },
): Promise<{ ok: true; claim: ClaimRow } | Refusal> {
  const claimant = await findClaimant(tx, { employeeNo });
  if (!claimant) return refuse('EMPLOYEE_UNKNOWN', { params: { path: 'employeeNo' } });
  const allowed = request.may('claim.submit', { unitAncestors: claimant.ancestorIds, employeeId: claimant.employeeId });
  if (!allowed.ok) return allowed;
  const at = deps.clock();
  const consent = await checkConsent(tx, { employeeId: claimant.employeeId, step: draft ? 'STORE' : 'SUBMIT', at });
  if (!consent.ok) return consent;
  if (claimant.erased) return refuse('PERSON_ERASED');
  const bureau = responsibleBureau(deps.gateways.bureaus, claimant.insuredRegion);
  if (!bureau) return refuse('BUREAU_UNKNOWN', { params: { insuredRegion: claimant.insuredRegion } });
  const documents = await usableDocuments(
    tx,
    request,
    content.documents.map((document) => document.documentId),
    { becomesOf: claimant.employeeId },
  );
  if (!documents.ok) return documents;

  const number = formatClaimNumber(at, claimant.sequence);
  const toStore: ClaimToStore = {
    ...{ unitId: claimant.unitId, ancestorIds: claimant.ancestorIds, employeeId: claimant.employeeId, kind: content.kind, source: 'API', draft },
    ...{
      insuredRegion: claimant.insuredRegion,
      treatedRegion: content.treatedRegion,
      bureauCode: bureau.code,
      hospital: namedHospital(content, deps.policies),
    },
    ...{ visit: { ...content.visit, no: content.visit.no ?? null }, circumstances: [...new Set(content.circumstances)], ...amounts },
    diagnoses: content.diagnoses,
    ...{ documents: content.documents, prior, actor: request.actor, at },
  };
  const created = await createClaim(tx, number, toStore);
  const given = await giveDocuments(tx, { employeeId: claimant.employeeId, documents: content.documents });
  if (!given.ok) return given;
  return { ok: true, claim: rowOf(toStore, { ...created, claimant, employeeNo, documents: documents.byId }) };
}

/** With the code that the directory has for its name, where none was given: bureaus know hospitals by it. */
function namedHospital({ hospital, treatedRegion: region, visit }: Content, { hospitals }: Policies): Content['hospital'] {
  if (hospital.code !== '') return hospital;
  const listed = findHospital(hospitals, { name: hospital.name, region, day: visit.start });
  return listed.found ? { ...hospital, code: listed.hospital.code } : hospital;
}

/** CONSENT_MISSING, with the purposes that `step` lacks the person's consent for. */
export async function checkConsent(tx: Tx, asked: { employeeId: string; step: ConsentStep; at: Date }): Promise<{ ok: true } | Refusal> {
  const purposes = await readMissingConsents(tx, asked);
  return purposes.length === 0 ? { ok: true } : refuse('CONSENT_MISSING', { params: { purposes } });
}

type NamedDocument = DocumentRow & { fileName: string | null };

/**
 * The documents of `ids`, if all the scope opens and may be used by who acts: what one has brought, what became one's own with an earlier claim, whoever brought it, and what a role
 * opens. `becomesOf`: whose they will be. For what becomes the own no role counts: a person cannot put a colleague's file into the own claim, and so have it whole, for good, and alone.
 */
export async function usableDocuments(
  tx: Tx,
  request: FastifyRequest,
  ids: readonly string[],
  { becomesOf = null }: { becomesOf?: string | null } = {},
): Promise<{ ok: true; byId: ReadonlyMap<string, NamedDocument> } | Refusal> {
  const { caller, asker, person } = request;
  const found = await findDocuments(tx, { ids });
  const mayUse = ({ uploadedBy, ancestorIds, keyEmployeeId }: DocumentRow): boolean => {
    if (person === null || [uploadedBy, keyEmployeeId].includes(person.employeeId) || uploadedBy === caller.id) return true;
    if (becomesOf === person.employeeId) return false;
    // the scope for reading is the reader's affair: here it is the role that counts
    const machine = asker.machine && { ...asker.machine, scopes: [...asker.machine.scopes, 'documents:read'] };
    return can({ ...asker, machine }, 'document.read', { unitAncestors: ancestorIds }).ok;
  };
  const byId = new Map<string, NamedDocument>();
  for (const document of found.filter(mayUse)) byId.set(document.id, { ...document, fileName: await openFileName(tx.vault, document) });
  const unknown = ids.filter((id) => !byId.has(id));
  return unknown.length === 0 ? { ok: true, byId } : refuse('DOCUMENT_UNKNOWN', { params: { documents: unknown } });
}

function rowOf(
  claim: ClaimToStore,
  made: {
    number: string;
    state: 'DRAFT' | 'SUBMITTED';
    seq: number;
    turn: ClaimRow['turn'];
    claimant: Claimant;
    employeeNo: string;
    documents: ReadonlyMap<string, NamedDocument>;
  },
): ClaimRow {
  const { number, state, seq, turn, claimant, employeeNo } = made;
  const { at } = claim;
  return {
    ...{ number, seq, state, kind: claim.kind, source: claim.source, unitCode: claimant.unitCode, ancestorIds: claimant.ancestorIds },
    ...{ employeeId: claim.employeeId, employeeNo, insuredRegion: claim.insuredRegion, treatedRegion: claim.treatedRegion, bureauCode: claim.bureauCode },
    ...{ onHold: false, escalationLevel: 0, turn, turnSince: at, dueAt: null, dueProvisional: false, submissionVersion: 0, payoutBlocked: null },
    ...{ submittedFen: claim.submittedFen, approvedFen: null, payableFen: null, paidFen: sum([]) },
    ...{ createdAt: at, submittedAt: claim.draft ? null : at, updatedAt: at, clearedAt: null, closedAt: null },
    ...{ circumstances: [...claim.circumstances], hospitalCode: claim.hospital.code, hospitalName: claim.hospital.name },
    ...{ visitNo: claim.visit.no, visitStart: claim.visit.start, visitEnd: claim.visit.end, diagnoses: [...claim.diagnoses] },
    ...{ priorClaim: claim.prior?.number ?? null, resubmissionNo: claim.prior?.resubmissionNo ?? 0, createdBy: claim.actor },
    lines: claim.lines.map((line, index) => ({ lineNo: index + 1, ...line, quantity: canonicalQuantity(line.quantity) })),
    invoices: claim.invoices.map(({ invoiceKey: _, ...invoice }) => invoice),
    documents: claim.documents.map(({ documentId, kind }) => {
      const { fileName = null, mediaType = '', sizeBytes = 0 } = made.documents.get(documentId) ?? {};
      return { documentId, kind, fileName, mediaType, sizeBytes, addedAt: at, replacedBy: null };
    }),
  };
}

/** As Postgres gives it back: `007.50` is `7.5`. */
function canonicalQuantity(text: string): string {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  return `${whole.replace(/^0+(?=\d)/, '')}${digits === '' ? '' : `.${digits}`}`;
}
