import type { Day } from '../calendar.ts';
import type { ClaimKind } from '../claim/completeness.ts';
import { formatYuan, parseYuan, sum, type Fen } from '../money.ts';
import type { Policies } from '../policy/policies.ts';
import { findHospitalByName, findItemByName } from './proposal-names.ts';
import {
  mergeDrafts,
  READING_CODES,
  READING_SOURCES,
  TEXT_FIELDS,
  type DocumentReading,
  type Draft,
  type ReadField,
  type ReadFields,
  type ReadingFinding,
  type ReadLine,
  type TextField,
} from './reading.ts';
import { plain } from './values.ts';

/** Beside what a document was read from: what was asked for, what a directory or catalogue says of a name, what follows from other values. */
export const PROPOSAL_SOURCES = [...READING_SOURCES, 'request', 'directory', 'derived'] as const;
export type ProposalSource = (typeof PROPOSAL_SOURCES)[number];
/** A value for a field of a new claim, null where nobody knows. `check`: the employee has to look at it. */
export type Proposed<T extends string = string> = { value: T | null; source: ProposalSource | null; confidence: number; check: boolean };

export type ProposedLine = Record<'itemCode' | 'itemName' | 'itemClass' | 'quantity' | 'unitPrice' | 'amount', Proposed>;
export type ProposedInvoice = Record<'type' | 'code' | 'number' | 'checkCode' | 'amount' | 'issuedOn', Proposed> & { documentIds: string[] };
export type ProposalFinding = ReadingFinding & { documentIds: string[] };
/** In the shape of a new claim: amounts in decimal yuan, days as yyyy-MM-dd. */
export type ClaimProposal = {
  kind: Proposed<ClaimKind>;
  treatedRegion: Proposed;
  hospital: { code: Proposed; name: Proposed };
  visit: { start: Proposed; end: Proposed };
  invoices: ProposedInvoice[];
  lines: ProposedLine[];
  findings: ProposalFinding[];
};

/** `payer`: the name of the employee whose claim it will be. `lists`: which hospitals and items there are. */
export type ProposalInput = {
  documents: readonly { documentId: string; reading: DocumentReading }[];
  kind: ClaimKind | undefined;
  payer: string;
  lists: Pick<Policies, 'catalogues' | 'hospitals'>;
};

/** Below it the employee is asked to look: what was read by a label on a page of text is above it, most guessed letters are not. */
const CHECK_BELOW = 0.8;
const BY_NAME = 0.9;
const UNKNOWN: Proposed<never> = { value: null, source: null, confidence: 0, check: true };

/**
 * The body of a claim from what was read in its documents. Documents of one invoice (its data, its page, a photograph) are one invoice, surer where they agree; a list without a number
 * belongs to the invoice of its amount. Nothing is decided: whatever is doubtful says so, and the rest may be changed as well.
 */
export function proposeClaim({ documents, kind, payer, lists }: ProposalInput): ClaimProposal {
  const invoices = groupByInvoice(documents).map((group) => {
    const documentIds = group.map(({ documentId }) => documentId);
    const merged = group.length === 1 && group[0] ? group[0].reading : mergeDrafts(group.flatMap(({ reading }) => draftsOf(reading)));
    const findings = uniqueFindings([...group.flatMap(({ reading }) => reading.findings.filter(({ code }) => code !== 'DOC_INCOMPLETE')), ...merged.findings]);
    return { documentIds, fields: merged.fields, findings: [...findings, ...payerFinding(merged.fields, payer)] };
  });
  const read = invoices.filter(({ fields }) => fields.number.value !== null || fields.amount.value !== null);
  const day = latest(read.flatMap(({ fields }) => fields.date.value ?? []));
  const hospitalName = surest(read.map(({ fields, findings }) => taken(fields.hospital, 'hospital', findings)));
  const hospital = hospitalName.value === null || day === undefined ? undefined : findHospitalByName(lists.hospitals, hospitalName.value, day);
  const findings = invoices.flatMap((each) => each.findings.map((finding) => ({ ...finding, documentIds: each.documentIds })));
  const names = new Set(read.flatMap(({ fields }) => fields.hospital.value ?? []).map(tight));
  if (names.size > 1) {
    findings.push({ ...toldAs('HOSPITALS_DIFFER'), field: 'hospital', documentIds: read.flatMap(({ documentIds }) => documentIds) });
  }
  const item = (name: string) => (day === undefined ? undefined : findItemByName(lists.catalogues, { name, region: hospital?.region, day }));
  return {
    kind: kind === undefined ? UNKNOWN : { value: kind, source: 'request', confidence: 1, check: false },
    treatedRegion: hospital ? fromDirectory(hospital.region, hospitalName) : UNKNOWN,
    hospital: {
      code: hospital ? fromDirectory(hospital.code, hospitalName) : UNKNOWN,
      name: names.size > 1 ? { ...hospitalName, check: true } : hospitalName,
    },
    visit: visitOf(kind, day),
    invoices: read.map(({ fields, findings: own, documentIds }) => ({
      ...{ type: taken(fields.type, 'type', own), code: codeOf(fields, own), number: taken(fields.number, 'number', own) },
      ...{ checkCode: taken(fields.checkCode, 'checkCode', own), amount: taken(fields.amount, 'amount', own), issuedOn: taken(fields.date, 'date', own) },
      documentIds,
    })),
    lines: read.flatMap(({ fields, findings: own }) => linesOf(fields, own, item)),
    findings,
  };
}

type Group = { documentId: string; reading: DocumentReading }[];

function groupByInvoice(documents: ProposalInput['documents']): Group[] {
  const groups = new Map<string, Group>();
  const unnumbered: Group = [];
  for (const document of documents) {
    const { type, number, code } = document.reading.fields;
    if (number.value === null) unnumbered.push(document);
    else {
      // a fully digital invoice is known by its number alone, and a photograph may have lost the code
      const key = [...groups.keys()].find(
        (each) => each.endsWith(`|${number.value}`) && (code.value === null || each.startsWith('|') || each.startsWith(`${code.value}|`)),
      );
      const name = key ?? `${type.value === '3' ? '' : (code.value ?? '')}|${number.value}`;
      groups.set(name, [...(groups.get(name) ?? []), document]);
    }
  }
  for (const document of unnumbered) {
    const { amount } = document.reading.fields;
    const same = [...groups.values()].filter((group) => amount.value !== null && group.some(({ reading }) => reading.fields.amount.value === amount.value));
    if (same.length === 1) same[0]?.push(document);
    else groups.set(document.documentId, [document]);
  }
  return [...groups.values()];
}

/** What a reading says, by where it has it from: so that readings of one invoice are compared as the sources of one file are. */
function draftsOf({ fields }: DocumentReading): Draft[] {
  return READING_SOURCES.flatMap((source): Draft[] => {
    const said = TEXT_FIELDS.flatMap((name) => {
      const { value, confidence, source: from } = fields[name];
      return value !== null && from === source ? [[name, { value, confidence }] as const] : [];
    });
    const { lines } = fields;
    const ownLines = lines.value !== null && lines.source === source ? { lines: { value: lines.value, confidence: lines.confidence } } : {};
    return said.length === 0 && !('lines' in ownLines) ? [] : [{ source, fields: Object.fromEntries(said), ...ownLines }];
  });
}

function uniqueFindings(findings: readonly ReadingFinding[]): ReadingFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.code}|${finding.field ?? ''}|${finding.detail}`, finding])).values()];
}

function payerFinding({ payer }: ReadFields, employee: string): ReadingFinding[] {
  if (payer.value === null || tight(payer.value) === tight(employee)) return [];
  return [{ ...toldAs('PAYER_DIFFERS'), field: 'payer' }];
}

const toldAs = (code: 'PAYER_DIFFERS' | 'HOSPITALS_DIFFER'): ReadingFinding => ({ code, detail: READING_CODES[code].en });
const tight = (text: string): string => plain(text).replaceAll(/\s/g, '');
const latest = (days: readonly string[]): Day | undefined => days.toSorted().at(-1);

/** A value as it was read; to be looked at where it is doubtful, or something was found about it. */
function taken(field: ReadField<string>, name: TextField, findings: readonly ReadingFinding[]): Proposed {
  return { ...field, check: field.value === null || field.confidence < CHECK_BELOW || findings.some((finding) => finding.field === name) };
}

/** A fully digital invoice has none, and nobody has to look for it. */
function codeOf(fields: ReadFields, findings: readonly ReadingFinding[]): Proposed {
  const { value, confidence } = fields.type;
  return value === '3' && fields.code.value === null ? { value: '', source: 'derived', confidence, check: false } : taken(fields.code, 'code', findings);
}

function surest(fields: readonly Proposed[]): Proposed {
  return fields.reduce<Proposed>((best, each) => (each.confidence > best.confidence ? each : best), UNKNOWN);
}

const fromDirectory = (value: string, { confidence, check }: Proposed): Proposed => ({
  value,
  source: 'directory',
  confidence: rounded(confidence * BY_NAME),
  check,
});

/** Bills are made out on the day of an outpatient visit, and of leaving; mostly. */
function visitOf(kind: ClaimKind | undefined, day: Day | undefined): ClaimProposal['visit'] {
  const guessed: Proposed = day === undefined ? UNKNOWN : { value: day, source: 'derived', confidence: 0.5, check: true };
  const isStay = kind === 'INPATIENT' || kind === 'TRAUMA' || kind === 'MATERNITY';
  return { start: isStay ? UNKNOWN : guessed, end: guessed };
}

type Item = { code: string; itemClass: string };

/** Without lines the invoice is one line, which somebody has to name. */
function linesOf(fields: ReadFields, findings: readonly ReadingFinding[], item: (name: string) => Item | undefined): ProposedLine[] {
  const { lines, amount } = fields;
  if (lines.value === null) {
    if (amount.value === null) return [];
    const whole: Proposed = { value: amount.value, source: amount.source, confidence: amount.confidence, check: true };
    const one: Proposed = { value: '1', source: 'derived', confidence: 0.5, check: true };
    return [{ itemCode: UNKNOWN, itemName: UNKNOWN, itemClass: UNKNOWN, quantity: one, unitPrice: whole, amount: whole }];
  }
  const { source, confidence } = lines;
  const doubtful = confidence < CHECK_BELOW || findings.some(({ field }) => field === 'lines');
  const read = (value: string | undefined): Proposed => (value === undefined || value === '' ? UNKNOWN : { value, source, confidence, check: doubtful });
  return lines.value.map((line) => {
    const known = line.name === undefined ? undefined : item(line.name);
    const named = (value: string | undefined): Proposed =>
      value === undefined ? UNKNOWN : { value, source: 'directory', confidence: rounded(confidence * BY_NAME), check: doubtful };
    return {
      ...{ itemCode: line.itemCode ? read(line.itemCode.slice(0, 50)) : named(known?.code), itemName: read(line.name?.slice(0, 200)) },
      ...{ itemClass: /^0[123]$/.test(line.level ?? '') ? read(line.level) : named(known?.itemClass), amount: read(line.amount) },
      ...priceOf(line, read),
    };
  });
}

/** Quantity times price is the amount, or one of them is worked out: a price with many places or without its tax is none that a claim could say. */
function priceOf({ quantity, unitPrice, amount }: ReadLine, read: (value: string) => Proposed): Pick<ProposedLine, 'quantity' | 'unitPrice'> {
  const total = parseYuan(amount) as Fen;
  const count = quantity === undefined || !/^\d{1,8}(\.\d{1,4})?$/.test(quantity) ? undefined : Number(quantity);
  const price = unitPrice === undefined ? undefined : parseYuan(unitPrice.replace(/(\.\d{2})0+$/, '$1'));
  const derived = (value: string): Proposed => ({ ...read(value), source: 'derived', check: true });
  if (quantity === undefined || count === undefined || count <= 0) return { quantity: derived('1'), unitPrice: derived(amount) };
  if (price !== undefined && Math.abs(price * count - total) < 1) return { quantity: read(quantity), unitPrice: read(formatYuan(price)) };
  const worked = total / count;
  if (Number.isInteger(worked)) return { quantity: read(quantity), unitPrice: derived(formatYuan(sum([worked as Fen]))) };
  return { quantity: derived('1'), unitPrice: derived(amount) };
}

const rounded = (confidence: number): number => Math.round(confidence * 100) / 100;
