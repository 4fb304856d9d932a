import { post } from '../../client/api.ts';
import { session } from '../../client/session.ts';
import type { ClaimProposal } from '../contract.ts';
import { change, draft, isStay, NO_INVOICE, NOTHING_READ, type Draft, type DraftInvoice, type DraftLine } from './draft.ts';

const ASK_AGAIN_MS = 1_500;
const PATIENCE_MS = 60_000;

/** What the documents say is filled in where nobody has written anything yet; what was not sure is marked. False: they are still being read after a minute. */
export async function fillIn(signal: AbortSignal): Promise<boolean> {
  const before = draft.value;
  const invoices = before?.documents.filter(({ kind }) => kind === 'INVOICE' || kind === 'FEE_LIST') ?? [];
  const unread = invoices.filter(({ documentId }) => !before?.read.includes(documentId));
  if (!before || unread.length === 0) return true;
  const body = {
    employeeNo: session.value?.employeeNo ?? '',
    documents: invoices.map(({ documentId }) => documentId),
    ...(before.kind && { kind: before.kind }),
  };
  const bills = before.documents.filter(({ kind }) => kind === 'INVOICE').map(({ documentId }) => documentId);
  const awaited = bills.length > 0 ? bills : body.documents;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const proposal = await post<ClaimProposal>('/v1/claim-proposals', body, { signal });
    const finished = new Set(proposal.documents.filter(({ state }) => state === 'FINISHED').map(({ documentId }) => documentId));
    // the bill says nearly everything: nobody waits for the letters on a list of fees
    if (awaited.every((documentId) => finished.has(documentId))) {
      take(proposal, [...finished]);
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  return false;
}

type Proposed = { value: string | null; check: boolean };

function take({ claim }: ClaimProposal, read: string[]): void {
  if (!draft.value) return;
  const { outdated = false, ...kept } = draft.value;
  const known = (number: string | null): DraftInvoice | undefined => kept.invoices.find((one) => one.number !== '' && one.number === number);
  // another bill took the place of one that was taken away: of that one nothing stays
  const now = outdated && claim.invoices.some(({ number }) => !known(number.value)) ? { ...kept, ...NOTHING_READ } : kept;
  const doubtful = new Set(now.doubtful);
  /** what stands there already wins; else what was read, marked where it is to be checked */
  const pick = (path: string, current: string, proposed: Proposed): string => {
    if (current !== '' || proposed.value === null) return current;
    // of a visit of one day the second day is not shown
    if (proposed.check && (path !== 'visit.end' || isStay(now))) doubtful.add(path);
    return proposed.value;
  };
  const invoices = claim.invoices.map((one, index): DraftInvoice => {
    const old = known(one.number.value) ?? now.invoices[index] ?? NO_INVOICE;
    const at = (field: string): string => `invoices.${index}.${field}`;
    const type = one.type.value === '2' || one.type.value === '3' ? one.type.value : '1';
    return {
      type: old.number === '' ? type : old.type,
      code: pick(at('code'), old.code, one.code),
      number: pick(at('number'), old.number, one.number),
      checkCode: pick(at('checkCode'), old.checkCode, one.checkCode),
      amount: pick(at('amount'), old.amount, one.amount),
      issuedOn: pick(at('issuedOn'), old.issuedOn, one.issuedOn),
    };
  });
  const lines = claim.lines.map((line, index): DraftLine => ({
    itemCode: line.itemCode.value ?? '',
    itemName: pick(`lines.${index}.itemName`, '', line.itemName),
    itemClass: line.itemClass.value === '01' || line.itemClass.value === '03' ? line.itemClass.value : '02',
    quantity: line.quantity.value ?? '1',
    unitPrice: line.unitPrice.value ?? line.amount.value ?? '0',
    amount: pick(`lines.${index}.amount`, '', line.amount),
  }));
  change({
    read,
    outdated: false,
    hospital: {
      ...now.hospital,
      code: now.hospital.code || (claim.hospital.code.value ?? ''),
      name: pick('hospital.name', now.hospital.name, claim.hospital.name),
    },
    visit: { start: pick('visit.start', now.visit.start, claim.visit.start), end: pick('visit.end', now.visit.end, claim.visit.end) },
    ...(claim.treatedRegion.value !== null && !now.read.length && { treatedRegion: claim.treatedRegion.value }),
    ...(invoices.length > 0 && { invoices }),
    ...(now.lines.length === 0 && lines.length > 0 && { lines }),
    doubtful: [...doubtful],
  });
}

/** The lines of a draft; one over the whole amount where none were read. */
export function linesOf({ lines, invoices }: Draft, name: string, total: string): DraftLine[] {
  if (lines.length > 0) return lines;
  return invoices.length === 0 ? [] : [{ itemCode: '', itemName: name, itemClass: '02', quantity: '1', unitPrice: total, amount: total }];
}
