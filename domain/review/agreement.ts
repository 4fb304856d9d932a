import { addDays, type Day } from '../calendar.ts';
import type { ReasonCode } from '../claim/reasons.ts';
import type { Reading, ReadField, TextField } from '../invoice/reading.ts';
import { formatYuan, parseYuan, type Fen } from '../money.ts';
import { finding, type About, type ClaimFinding } from './finding.ts';

/** An invoice as the claim has it. */
export type ClaimedInvoice = { id: string; type: string; code: string; number: string; checkCode: string; amountFen: Fen; issuedOn: Day };
/** A file that was attached as an invoice; null: nobody has read it. */
export type InvoiceFile = { documentId: string; reading: Pick<Reading, 'fields' | 'findings'> | null };

export type Compared = {
  invoices: readonly ClaimedInvoice[];
  files: readonly InvoiceFile[];
  /** of the insured person */
  name: string;
  /** as the claim and the directory of hospitals call it */
  hospitalNames: readonly string[];
  visit: { start: Day; end: Day };
};

/** Letters that a program guessed, and text of which it was itself unsure, contradict nobody: they ask people to look. */
const SURE = 0.5;
const isSure = ({ source, confidence }: ReadField<string>): boolean => source !== null && source !== 'ocr' && confidence >= SURE;
/** Bills are drawn up when a stay is settled, and again where one was lost. */
const LATEST_BILL_DAYS = 90;

/**
 * Whether the files of the invoices say what the claim and the visit do. A file belongs to the claimed invoice whose number it has; where a claim has one invoice and one file, they
 * belong together whatever their numbers (docs/decisions/0026 has the table).
 */
export function reviewReadings(claim: Compared): ClaimFinding[] {
  const { files, invoices } = claim;
  const pairs = files.map((file) => ({ file, invoice: invoiceOf(file, claim) }));
  const findings = pairs.flatMap(({ file, invoice }) => reviewFile(file, invoice, claim));
  const seen = new Set(pairs.flatMap(({ invoice }) => invoice?.id ?? []));
  const unseen = invoices.filter(({ id }) => !seen.has(id));
  // a file that is nobody's may be the one that is missing, as may one that could not be read; a photograph may show two, and some files say that they do
  const mayBeMissing = pairs.some(({ file, invoice }) => !invoice || !isOneForSure(file));
  const missing = mayBeMissing || files.length === 0 ? [] : unseen;
  return [...findings, ...missing.map(({ id }) => finding('DOC_INCOMPLETE', 'FILE_OF_INVOICE', { blocking: true, mendedBy: 'employee', invoiceId: id }))];
}

const isOneForSure = ({ reading }: InvoiceFile): boolean =>
  reading !== null && isSure(reading.fields.number) && !reading.findings.some(({ code }) => code === 'SEVERAL_INVOICES');
const numberOf = ({ reading }: InvoiceFile): string | null => reading?.fields.number.value ?? null;

function invoiceOf(file: InvoiceFile, { invoices, files }: Compared): ClaimedInvoice | undefined {
  const number = numberOf(file);
  const named = number === null ? undefined : invoices.find((invoice) => plain(invoice.number) === plain(number));
  return named ?? (invoices.length === 1 && files.length === 1 ? invoices[0] : undefined);
}

function reviewFile(file: InvoiceFile, invoice: ClaimedInvoice | undefined, claim: Compared): ClaimFinding[] {
  const { documentId, reading } = file;
  const about = { document: 'INVOICE', documentId } as const;
  if (!reading) return [finding('NOT_VERIFIED', 'UNREAD', { ...about, blocking: false, mendedBy: 'nobody' })];
  const { fields } = reading;
  if (fields.number.value === null && fields.amount.value === null) {
    return [finding('NOT_VERIFIED', 'UNREADABLE', { ...about, blocking: false, mendedBy: 'nobody' })];
  }
  const findings: ClaimFinding[] = [];
  /** `gravely`: whether a source that is sure stops the claim. */
  const disagree = (code: ReasonCode, kind: About, field: TextField, claimed: string, gravely: boolean): void => {
    const found = fields[field];
    const blocking = gravely && isSure(found);
    findings.push(
      finding(code, kind, { ...about, blocking, mendedBy: 'employee', claimed, found: found.value ?? '', ...(invoice && { invoiceId: invoice.id }) }),
    );
  };
  const { code, number, checkCode, date, amount, payer, hospital } = fields;

  if (reading.findings.some((one) => one.code === 'INVOICE_REVERSED')) {
    findings.push(finding('INVOICE_REVERSED', 'REVERSED', { ...about, blocking: true, mendedBy: 'hr', ...(invoice && { invoiceId: invoice.id }) }));
  }
  if (!invoice) disagree('DATA_ERROR', 'NUMBER', 'number', claim.invoices.map((one) => one.number).join(', '), true);
  else {
    if (number.value !== null && plain(number.value) !== plain(invoice.number)) disagree('DATA_ERROR', 'NUMBER', 'number', invoice.number, true);
    // fully digital invoices have neither code nor check code, and a claim may leave the check code out
    if (code.value && invoice.code && plain(code.value) !== plain(invoice.code)) disagree('DATA_ERROR', 'BILL_CODE', 'code', invoice.code, true);
    if (checkCode.value && invoice.checkCode && !endsAlike(checkCode.value, invoice.checkCode))
      disagree('DATA_ERROR', 'CHECK_CODE', 'checkCode', invoice.checkCode, true);
    if (amount.value !== null && parseYuan(amount.value) !== invoice.amountFen) disagree('DATA_ERROR', 'AMOUNT', 'amount', formatYuan(invoice.amountFen), true);
    if (date.value !== null && date.value !== invoice.issuedOn) disagree('DATA_ERROR', 'DATE', 'date', invoice.issuedOn, false);
  }
  if (payer.value && !isNameOf(payer.value, claim.name)) disagree('DOC_WRONG', 'PAYER', 'payer', claim.name, true);
  const { value: place } = hospital;
  const [stated = ''] = claim.hospitalNames;
  if (place && !claim.hospitalNames.some((one) => namesAlike(place, one))) disagree('DOC_WRONG', 'HOSPITAL', 'hospital', stated, false);
  if (date.value !== null && date.value < claim.visit.start) disagree('DATA_ERROR', 'BEFORE_VISIT', 'date', claim.visit.start, true);
  if (date.value !== null && date.value > addDays(claim.visit.end, LATEST_BILL_DAYS)) disagree('DATA_ERROR', 'AFTER_VISIT', 'date', claim.visit.end, false);
  return findings;
}

/** Of either width, without spaces and brackets. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s()·•.]/g, '');

/** A tax invoice's QR code has the last six of the twenty characters that are printed. */
function endsAlike(a: string, b: string): boolean {
  const [one, other] = [plain(a), plain(b)];
  return one.endsWith(other) || other.endsWith(one);
}

/** `张*` and `**平` are how bills hide a name; nothing else stands for anything. */
function isNameOf(read: string, name: string): boolean {
  // NFKC has made every asterisk the same
  const [seen, real] = [Array.from(plain(read)), Array.from(plain(name))];
  return seen.length === real.length && seen.some((letter) => letter !== '*') && seen.every((letter, index) => letter === '*' || letter === real[index]);
}

/** A seal has the whole name, a claim often a part of it: 石家庄市第一医院 and 河北省石家庄市第一医院（东院区）. */
function namesAlike(a: string, b: string): boolean {
  const [one, other] = [plain(a), plain(b)];
  return one.includes(other) || other.includes(one);
}
