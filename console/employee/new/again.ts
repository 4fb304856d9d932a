import { writeSealed } from '../../client/sealed-store.ts';
import type { Claim } from '../contract.ts';
import { draft, emptyDraft, type Draft } from './draft.ts';

/** A draft that takes a denied or withdrawn claim up again, with everything that it had. It takes the place of another draft. */
export async function again(claim: Claim): Promise<void> {
  const { hospital, visit } = claim;
  const made: Draft = {
    ...emptyDraft(claim.treatedRegion),
    ...{ again: claim.number, kind: claim.kind },
    circumstances: claim.circumstances.filter((one): one is Draft['circumstances'][number] => one !== ''),
    documents: claim.documents.map(({ documentId, kind, fileName }) => ({ documentId, kind, name: fileName ?? '' })),
    read: claim.documents.map(({ documentId }) => documentId),
    hospital: { code: hospital?.code ?? '', name: hospital?.name ?? '', grade: '' },
    diagnosis: claim.diagnoses?.[0] ?? { code: '', name: '' },
    visit: { start: visit?.start ?? '', end: visit?.end ?? '' },
    invoices: claim.invoices.map(({ type, code, number, checkCode, amount, issuedOn }) => ({
      ...{ type: type === '2' || type === '3' ? type : ('1' as const), code, number, checkCode, amount, issuedOn },
    })),
    lines: claim.lines.map(({ itemCode, itemName, itemClass, quantity, unitPrice, amount }) => ({
      ...{ itemCode, itemName, itemClass: itemClass === '01' || itemClass === '03' ? itemClass : ('02' as const), quantity, unitPrice, amount },
    })),
  };
  draft.value = made;
  await writeSealed('claim', made);
}
