import { describe, expect, test } from 'vitest';
import type { CertificateState } from '#domain/bureau/gateway.ts';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { REASONS } from '#domain/claim/reasons.ts';
import { TEXT_FIELDS, type ReadFields, type ReadingFinding, type ReadingSource, type TextField } from '#domain/invoice/reading.ts';
import { fen } from '#domain/money.ts';
import { reviewReadings, type Compared, type InvoiceFile } from '#domain/review/agreement.ts';
import { ABOUTS, factsOf, finding, genericWords, standing, type About, type ClaimFinding } from '#domain/review/finding.ts';
import { reviewCertificates, reviewCover, reviewRecord, uncoveredBy } from '#domain/review/record.ts';
import { testPolicies } from '../setup/policies.ts';

/** `CODE ABOUT blocking employee` */
const said = (findings: readonly ClaimFinding[]): string[] =>
  findings.map(({ code, about, blocking, mendedBy }) => [code, about, ...(blocking ? ['blocking'] : []), mendedBy].join(' '));

type Values = Partial<Record<TextField, string>>;
const RIGHT: Values = {
  ...{
    type: '1',
    code: '13010126',
    number: '0004512783',
    checkCode: '4f2a1c',
    date: '2026-03-05',
    amount: '986.45',
    payer: '陈晓梅',
    hospital: '石家庄市第一医院',
  },
};
function file(
  values: Values,
  { source = 'pdf', confidence = 0.9, findings = [] }: { source?: ReadingSource; confidence?: number; findings?: ReadingFinding[] } = {},
): InvoiceFile {
  const fields = Object.fromEntries(
    TEXT_FIELDS.map((name) => [name, values[name] === undefined ? { value: null, source: null, confidence: 0 } : { value: values[name], source, confidence }]),
  ) as Omit<ReadFields, 'lines'>;
  return { documentId: 'D1', reading: { fields: { ...fields, lines: { value: null, source: null, confidence: 0 } }, findings } };
}
const CLAIM: Omit<Compared, 'files'> = {
  invoices: [{ id: 'I1', type: '1', code: '13010126', number: '0004512783', checkCode: '4f2a1c', amountFen: fen(98_645), issuedOn: '2026-03-05' }],
  name: '陈晓梅',
  hospitalNames: ['石家庄市第一医院'],
  visit: { start: '2026-03-02', end: '2026-03-05' },
};
const compare = (files: InvoiceFile[], claim: Partial<Compared> = {}) => said(reviewReadings({ ...CLAIM, files, ...claim }));

describe('the file of an invoice beside the claim', () => {
  test('what agrees is no finding, from whatever source', () => {
    for (const source of ['xml', 'ofd', 'pdf', 'qr', 'ocr'] as const) expect(compare([file(RIGHT, { source })])).toEqual([]);
  });

  const differences: [string, Values, string, boolean][] = [
    ['another number', { number: '0004512784' }, 'DATA_ERROR NUMBER', true],
    ['another code', { code: '13010125' }, 'DATA_ERROR BILL_CODE', true],
    ['another check code', { checkCode: '4f2a1d' }, 'DATA_ERROR CHECK_CODE', true],
    ['a fen more', { amount: '986.46' }, 'DATA_ERROR AMOUNT', true],
    ['another payer', { payer: '陈晓海' }, 'DOC_WRONG PAYER', true],
    ['another hospital', { hospital: '石家庄市第二医院' }, 'DOC_WRONG HOSPITAL', false],
    ['another day', { date: '2026-03-04' }, 'DATA_ERROR DATE', false],
  ];
  test.each(differences)('%s', (_, values, which, grave) => {
    const line = grave ? `${which} blocking employee` : `${which} employee`;
    for (const source of ['xml', 'ofd', 'pdf', 'qr'] as const) expect(compare([file({ ...RIGHT, ...values }, { source })])).toEqual([line]);
    // letters that were guessed, and text of which its reader was not sure, ask people to look
    expect(compare([file({ ...RIGHT, ...values }, { source: 'ocr', confidence: 0.99 })])).toEqual([`${which} employee`]);
    expect(compare([file({ ...RIGHT, ...values }, { confidence: 0.49 })])).toEqual([`${which} employee`]);
  });

  test.each([
    ['a hidden name', { payer: '陈*梅' }],
    ['a name in wide letters', { payer: '陈 晓 梅' }],
    ['a hidden name in wide letters', { payer: '陈＊＊' }],
    ['the hospital with its province and branch', { hospital: '河北省石家庄市第一医院（东院区）' }],
    ['the last six of a printed check code', { checkCode: '771044f2a1c' }],
    ['an amount written otherwise', { amount: '986.450'.slice(0, -1) }],
    ['a fully digital invoice, which has no code', { code: undefined, checkCode: undefined }],
  ] as unknown as [string, Values][])('%s agrees', (_, values) => {
    const merged = Object.fromEntries(Object.entries({ ...RIGHT, ...values }).filter(([, value]) => value !== undefined)) as Values;
    expect(compare([file(merged)])).toEqual([]);
  });

  test.each(['***', '**梅梅', '陈', '王*梅', ''])('the payer %j is not the employee, or says nothing', (payer) => {
    expect(compare([file({ ...RIGHT, ...(payer === '' ? { payer: '' } : { payer }) })])).toEqual(payer === '' ? [] : ['DOC_WRONG PAYER blocking employee']);
  });

  test.each([
    // three days before the visit, which is paid for afterwards
    ['2026-02-27', '2026-02-27', ['DATA_ERROR BEFORE_VISIT blocking employee']],
    ['2026-03-02', '2026-03-02', []],
    // 90 days after 5 March are 3 June
    ['2026-06-03', '2026-06-03', []],
    ['2026-06-04', '2026-06-04', ['DATA_ERROR AFTER_VISIT employee']],
  ])('a bill of %s', (date, issuedOn, findings) => {
    const invoices = CLAIM.invoices.map((invoice) => ({ ...invoice, issuedOn }));
    expect(compare([file({ ...RIGHT, date })], { invoices })).toEqual(findings);
  });

  test('a file that says of itself that it was reversed goes to HR', () => {
    const findings: ReadingFinding[] = [{ code: 'INVOICE_REVERSED', detail: '' }];
    expect(compare([file(RIGHT, { findings })])).toEqual(['INVOICE_REVERSED REVERSED blocking hr']);
  });

  test('what nobody has read, and what cannot be read, stops nobody', () => {
    expect(compare([{ documentId: 'D1', reading: null }])).toEqual(['NOT_VERIFIED UNREAD nobody']);
    expect(compare([file({ payer: '李四' })])).toEqual(['NOT_VERIFIED UNREADABLE nobody']);
    expect(compare([])).toEqual([]);
  });

  test('two invoices: each file belongs to the one whose number it has; one without a file is asked for', () => {
    const second = { id: 'I2', type: '1', code: '13010126', number: '0004512790', checkCode: '', amountFen: fen(1_000), issuedOn: '2026-03-05' };
    const invoices = [...CLAIM.invoices, second];
    const other = { ...RIGHT, number: '0004512790', amount: '10.00' };
    expect(compare([file(other), file(RIGHT)], { invoices })).toEqual([]);
    const missing = reviewReadings({ ...CLAIM, invoices, files: [file(RIGHT)] });
    expect(said(missing)).toEqual(['DOC_INCOMPLETE FILE_OF_INVOICE blocking employee']);
    expect(missing[0]).toMatchObject({ invoiceId: 'I2' });
    // a file of neither may be the missing one, read wrongly or wrong: it is told once
    expect(compare([file(RIGHT), file({ ...other, number: '0004512799' })], { invoices })).toEqual(['DATA_ERROR NUMBER blocking employee']);
    expect(compare([file(RIGHT), { documentId: 'D2', reading: null }], { invoices })).toEqual(['NOT_VERIFIED UNREAD nobody']);
  });

  test.each([
    ['a photograph, which may show both', { source: 'ocr' }],
    ['a number that is not sure', { confidence: 0.4 }],
    ['a file that says that there are several in it', { source: 'xml', findings: [{ code: 'SEVERAL_INVOICES', detail: '' }] }],
  ] as [string, Parameters<typeof file>[1]][])('an invoice without a file of its own is not missing beside %s', (_, how) => {
    const second = { id: 'I2', type: '1', code: '13010126', number: '0004512790', checkCode: '', amountFen: fen(1_000), issuedOn: '2026-03-05' };
    expect(compare([file(RIGHT, how)], { invoices: [...CLAIM.invoices, second] })).toEqual([]);
  });

  test('says what was claimed and what was found', () => {
    const [found] = reviewReadings({ ...CLAIM, files: [file({ ...RIGHT, amount: '1986.45' })] });
    expect(found).toMatchObject({ claimed: '986.45', found: '1986.45', document: 'INVOICE', documentId: 'D1', invoiceId: 'I1' });
  });
});

describe('what the bureau knows of an invoice', () => {
  const known = (reversed: boolean, claimed: 'no' | 'yes' | 'in-progress'): CertificateState => ({ known: true, reversed, claimed });
  test.each([
    [known(false, 'no'), []],
    [known(true, 'no'), ['INVOICE_REVERSED REVERSED blocking hr']],
    [known(false, 'yes'), ['INVOICE_CLAIMED CLAIMED blocking hr']],
    [known(false, 'in-progress'), ['INVOICE_CLAIMED BEING_CLAIMED blocking hr']],
    [known(true, 'yes'), ['INVOICE_REVERSED REVERSED blocking hr', 'INVOICE_CLAIMED CLAIMED blocking hr']],
    [{ known: false } as const, ['INVOICE_FALSE UNKNOWN_TO_BUREAU blocking hr']],
    [null, ['NOT_VERIFIED BUREAU_SILENT nobody']],
  ])('%j', (state, findings) => {
    expect(said(reviewCertificates([{ id: 'I1', state }], { underway: false }))).toEqual(findings);
  });

  test('a claim that lies with the bureau is what its invoices are claimed by', () => {
    expect(said(reviewCertificates([{ id: 'I1', state: known(true, 'in-progress') }], { underway: true }))).toEqual(['INVOICE_REVERSED REVERSED blocking hr']);
  });
});

describe('the record', () => {
  test('needs a diagnosis for stays and chronic diseases, unless the bureau told us of the visit', () => {
    const asked = CLAIM_KIND_CODES.filter((kind) => reviewRecord({ kind, source: 'API', hasDiagnosis: false }).length > 0);
    expect(asked).toEqual(['CHRONIC', 'INPATIENT', 'TRAUMA', 'MATERNITY']);
    expect(said(reviewRecord({ kind: 'INPATIENT', source: 'API', hasDiagnosis: false }))).toEqual(['DATA_ERROR DIAGNOSIS blocking employee']);
    expect(reviewRecord({ kind: 'INPATIENT', source: 'VISIT', hasDiagnosis: false })).toEqual([]);
    expect(reviewRecord({ kind: 'INPATIENT', source: 'API', hasDiagnosis: true })).toEqual([]);
  });

  test.each([
    ['NO_RULEBOOK', 'NO_RULE NO_RULEBOOK blocking hr'],
    ['NOT_IN_FORCE', 'NO_RULE NOT_IN_FORCE blocking hr'],
    ['KIND_NOT_COVERED', 'NO_RULE KIND_NOT_COVERED blocking hr'],
    ['CASE_NOT_COVERED', 'NO_RULE CASE_NOT_COVERED blocking hr'],
    ['SETTLEMENT_MIXED', 'NO_RULE SETTLEMENT_MIXED blocking hr'],
    ['HOSPITAL_UNKNOWN', 'NOT_VERIFIED HOSPITAL_UNKNOWN nobody'],
    ['AGE_UNKNOWN', 'NOT_VERIFIED AGE_UNKNOWN nobody'],
    ['PLAN_UNKNOWN', 'NOT_VERIFIED PLAN_UNKNOWN nobody'],
  ] as const)('without a rule: %s', (why, line) => {
    expect(said(reviewCover(why))).toEqual([line]);
  });

  test('the rulebooks that there are say for themselves what they do not cover', () => {
    const shijiazhuang = testPolicies().rulebooks.find(({ value }) => value.insuredRegions.includes('1301'))?.value;
    expect(uncoveredBy(undefined, { kind: 'OUTPATIENT', visitStart: '2026-03-02' })).toBe('NO_RULEBOOK');
    const ofNothing = shijiazhuang && { ...shijiazhuang, benefits: [] };
    expect(uncoveredBy(ofNothing, { kind: 'INPATIENT', visitStart: '2026-03-02' })).toBe('KIND_NOT_COVERED');
    expect(uncoveredBy(shijiazhuang, { kind: 'INPATIENT', visitStart: '1999-03-02' })).toBe('NOT_IN_FORCE');
    expect(uncoveredBy(shijiazhuang, { kind: 'INPATIENT', visitStart: '2026-03-02' })).toBeNull();
    expect(reviewCover(null)).toEqual([]);
  });
});

describe('findings', () => {
  test('say in both languages what it is and what to do next', () => {
    for (const about of Object.keys(ABOUTS) as About[]) {
      const { text, next } = finding('DATA_ERROR', about, { blocking: false, mendedBy: 'nobody' });
      expect([text.zh, next.zh].every((words) => /\p{Script=Han}/u.test(words))).toBe(true);
      expect([text.en, next.en].every((words) => /^[A-Z]/.test(words) && !/\p{Script=Han}/u.test(words.replace('“materials complete”', '')))).toBe(true);
    }
    expect(genericWords('SPANS_YEARS', null)).toEqual({ text: { zh: REASONS.SPANS_YEARS.zh, en: REASONS.SPANS_YEARS.en }, next: REASONS.SPANS_YEARS.next });
  });

  test('have the same facts where nothing has changed that they were found from, whatever their words', () => {
    const one = finding('DOC_WRONG', 'PAYER', { blocking: true, mendedBy: 'employee', documentId: 'D1', claimed: '陈晓梅', found: '李四' });
    expect(factsOf('YB1', { ...one, text: { zh: '另', en: 'Other' } })).toBe(factsOf('YB1', one));
    for (const other of [{ documentId: 'D2' }, { found: '李五' }, { code: 'DATA_ERROR' as const }, { lineNo: 1 }])
      expect(factsOf('YB1', { ...one, ...other })).not.toBe(factsOf('YB1', one));
    expect(factsOf('YB2', one)).not.toBe(factsOf('YB1', one));
  });

  test('stand until they are mended or overruled; what nobody can mend is for HR', () => {
    const [a, b, c, d, e] = (['employee', 'hr', 'nobody', 'employee', 'hr'] as const).map((mendedBy, index) => ({
      mendedBy,
      blocking: index !== 3,
      overruled: index === 4,
    }));
    expect(standing([a, b, c, d, e].flatMap((one) => one ?? []))).toEqual({ employee: [a], hr: [b, c] });
  });
});
