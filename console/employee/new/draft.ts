import { signal } from '@preact/signals';
import type { ClaimKind, Circumstance, DocumentKind } from '#domain/claim/completeness.ts';
import { newKey } from '../../client/api.ts';
import { readSealed, removeSealed, writeSealed } from '../../client/sealed-store.ts';

export type DraftDocument = { documentId: string; kind: DocumentKind; name: string };
export type DraftInvoice = { type: '1' | '2' | '3'; code: string; number: string; checkCode: string; amount: string; issuedOn: string };
export type DraftLine = { itemCode: string; itemName: string; itemClass: '01' | '02' | '03'; quantity: string; unitPrice: string; amount: string };

/** A claim that is being written. Amounts are decimal yuan as they were typed or read. */
export type Draft = {
  /** under which it is submitted, however often somebody taps and whatever happens to the line: one draft is one claim */
  key: string;
  /** the claim that it takes up again */
  again?: string;
  kind: ClaimKind | null;
  treatedRegion: string;
  circumstances: Circumstance[];
  documents: DraftDocument[];
  /** documents that were read already, so that what was corrected by hand is not read over */
  read: string[];
  /** a bill that was read was taken away: once another is read nothing stays of it */
  outdated?: boolean;
  /** grade: asked for where no directory knows the hospital, for the estimate alone */
  hospital: { code: string; name: string; grade: '' | 'community' | '1' | '2' | '3' };
  visit: { start: string; end: string };
  /** asked for where the bureau asks for it; the code is on the papers, and may be left out */
  diagnosis: { code: string; name: string };
  invoices: DraftInvoice[];
  lines: DraftLine[];
  /** fields that a machine filled in and was not sure of, by path: `invoices.0.amount` */
  doubtful: string[];
};

const NAME = 'claim';

export const NO_INVOICE: DraftInvoice = { type: '1', code: '', number: '', checkCode: '', amount: '', issuedOn: '' };

/** What bills say, before one was read. */
export const NOTHING_READ: Pick<Draft, 'hospital' | 'visit' | 'invoices' | 'lines' | 'doubtful'> = {
  hospital: { code: '', name: '', grade: '' },
  visit: { start: '', end: '' },
  invoices: [NO_INVOICE],
  lines: [],
  doubtful: [],
};

export const emptyDraft = (treatedRegion: string): Draft => ({
  ...{ key: newKey(), kind: null, treatedRegion, circumstances: [], documents: [], read: [] },
  ...NOTHING_READ,
  diagnosis: { code: '', name: '' },
});

const WITH_DIAGNOSIS: readonly (ClaimKind | null)[] = ['INPATIENT', 'TRAUMA', 'MATERNITY', 'CHRONIC'];
const STAYS: readonly (ClaimKind | null)[] = ['INPATIENT', 'TRAUMA', 'MATERNITY'];
/** Whether the bureau asks what it was for. */
export const needsDiagnosis = ({ kind }: Draft): boolean => WITH_DIAGNOSIS.includes(kind);
/** Whether it was a stay with two days. */
export const isStay = ({ kind }: Draft): boolean => STAYS.includes(kind);

/** undefined: not read yet */
export const draft = signal<Draft | undefined>(undefined);

/** The draft of who is signed in, or a new one. */
export async function openDraft(treatedRegion: string): Promise<void> {
  draft.value = (await readSealed<Draft>(NAME)) ?? emptyDraft(treatedRegion);
}

export const hasDraft = async (): Promise<boolean> => ((await readSealed<Draft>(NAME))?.kind ?? null) !== null;

/** Changes the draft and keeps it. */
export function change(patch: Partial<Draft>): void {
  if (!draft.value) return;
  draft.value = { ...draft.value, ...patch };
  void writeSealed(NAME, draft.value);
}

/** Takes a document away. What was read from a bill does not outlive it where another takes its place. */
export function removeDocument(id: string): void {
  if (!draft.value) return;
  const { documents, read } = draft.value;
  const bill = read.includes(id) && documents.some(({ documentId, kind }) => documentId === id && kind === 'INVOICE');
  change({ documents: documents.filter(({ documentId }) => documentId !== id), ...(bill && { outdated: true, read: [] }) });
}

/** A field was looked at by a person. */
export function settle(path: string): void {
  if (draft.value?.doubtful.includes(path)) change({ doubtful: draft.value.doubtful.filter((one) => one !== path) });
}

export function dropDraft(): void {
  draft.value = undefined;
  void removeSealed(NAME);
}
