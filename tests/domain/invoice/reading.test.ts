import { expect, test } from 'vitest';
import { mergeDrafts, type Draft, type ReadingSource } from '#domain/invoice/reading.ts';

const VALUES = { type: '1', code: '13060126', number: '0004512783', date: '2026-03-05', amount: '386.45', payer: '陈晓梅' };
function draft(source: ReadingSource, changes: Partial<Record<keyof typeof VALUES, string>> = {}, confidence = 0.9): Draft {
  return { source, fields: Object.fromEntries(Object.entries({ ...VALUES, ...changes }).map(([name, value]) => [name, { value, confidence }])) };
}
const lines = (...amounts: string[]): NonNullable<Draft['lines']> => ({ value: amounts.map((amount) => ({ amount })), confidence: 0.9 });

test('the most trusted source is taken, whatever the order and the confidence', () => {
  const sources: ReadingSource[] = ['ocr', 'qr', 'pdf', 'ofd', 'xml'];
  for (const [index, best] of sources.entries()) {
    const drafts = sources.slice(0, index + 1).map((source) => draft(source, { payer: `张${source}` }, source === best ? 0.5 : 0.99));
    expect(mergeDrafts(drafts).fields.payer).toMatchObject({ value: `张${best}`, source: best });
  }
});

test('agreement makes surer: 1 − 0.1 × 0.2', () => {
  const { fields, findings } = mergeDrafts([draft('pdf'), draft('ocr', {}, 0.8)]);
  expect(fields.number).toEqual({ value: '0004512783', source: 'pdf', confidence: 0.98 });
  expect(findings).toEqual([]);
});

test('disagreement makes less sure, by how sure the other is, and is a finding: 0.9 × (1 − 0.5 × 0.8)', () => {
  const { fields, findings } = mergeDrafts([draft('pdf'), draft('qr', { amount: '886.45' }, 0.8)]);
  expect(fields.amount).toEqual({ value: '386.45', source: 'pdf', confidence: 0.54 });
  expect(findings).toEqual([{ code: 'SOURCES_DISAGREE', field: 'amount', detail: 'amount: pdf and qr differ' }]);
});

test('what two ways of writing mean the same is no disagreement', () => {
  const { findings } = mergeDrafts([
    draft('xml', { amount: '386.45', payer: '石家庄（长安）医院' }),
    draft('pdf', { amount: '386.45', payer: '石家庄(长安) 医院' }),
  ]);
  expect(findings).toEqual([]);
});

test('what nobody said is null; without number, date or amount nobody can claim', () => {
  const { fields, findings } = mergeDrafts([{ source: 'qr', fields: { number: { value: '0004512783', confidence: 1 } } }]);
  expect(fields.payer).toEqual({ value: null, source: null, confidence: 0 });
  expect(fields.lines).toEqual({ value: null, source: null, confidence: 0 });
  expect(findings.map(({ code, field }) => [code, field])).toEqual([
    ['DOC_INCOMPLETE', 'type'],
    ['DOC_INCOMPLETE', 'date'],
    ['DOC_INCOMPLETE', 'amount'],
  ]);
});

test('a paper with a name and a date on it is no invoice', () => {
  const { fields, findings } = mergeDrafts([
    { source: 'ocr', fields: { payer: { value: '陈晓梅', confidence: 0.9 }, date: { value: '2026-03-05', confidence: 0.9 } } },
  ]);
  expect(fields.payer.value).toBeNull();
  expect(findings.map(({ code }) => code)).toEqual(['DOC_UNREADABLE']);
  expect(mergeDrafts([]).findings.map(({ code }) => code)).toEqual(['DOC_UNREADABLE']);
});

test('lines that do not make the total are a finding, and the amount is half as sure', () => {
  expect(mergeDrafts([{ ...draft('pdf'), lines: lines('300.00', '86.45') }]).findings).toEqual([]);
  const { fields, findings } = mergeDrafts([{ ...draft('pdf'), lines: lines('300.00', '86.46') }]);
  expect(findings).toEqual([{ code: 'LINES_DO_NOT_ADD_UP', field: 'lines', detail: '2 lines make 386.46, the total is 386.45' }]);
  expect(fields.amount.confidence).toBe(0.45);
});

test('digits that were changed are found by the words', () => {
  const { fields, findings } = mergeDrafts([{ ...draft('pdf', { amount: '886.45' }), amountInWords: '386.45' }]);
  expect(findings.map(({ code, field }) => [code, field])).toEqual([['SOURCES_DISAGREE', 'amount']]);
  expect(fields.amount.confidence).toBe(0.45);
  const { amount: _, ...withoutAmount } = draft('ocr').fields;
  expect(mergeDrafts([{ source: 'ocr', fields: withoutAmount, amountInWords: '386.45' }]).fields.amount).toEqual({
    value: '386.45',
    source: 'ocr',
    confidence: 0.6,
  });
});

test('the amount without tax of a QR code fits an amount that is a tax higher, and no other', () => {
  const qr: Draft = { source: 'qr', fields: {}, beforeTax: '510.68' };
  expect(mergeDrafts([draft('pdf', { amount: '526.00' }), qr]).findings).toEqual([]);
  // 510.68 × 1.2 = 612.816
  expect(mergeDrafts([draft('pdf', { amount: '612.81' }), qr]).findings).toEqual([]);
  expect(mergeDrafts([draft('pdf', { amount: '612.82' }), qr]).findings.map(({ code }) => code)).toEqual(['SOURCES_DISAGREE']);
  expect(mergeDrafts([draft('pdf', { amount: '510.67' }), qr]).findings.map(({ code }) => code)).toEqual(['SOURCES_DISAGREE']);
  const { amount: _, ...rest } = draft('qr').fields;
  const alone = mergeDrafts([{ ...qr, fields: rest }]);
  expect(alone.fields.amount).toEqual({ value: '510.68', source: 'qr', confidence: 0.3 });
  expect(alone.findings.map(({ code }) => code)).toEqual(['AMOUNT_BEFORE_TAX']);
});

test('a key of the wrong shape, a missing code and a reversed invoice are findings', () => {
  expect(mergeDrafts([draft('xml', { number: '12345678' })]).findings.map(({ code, field }) => [code, field])).toEqual([['INVOICE_KEY_INVALID', 'number']]);
  const { code: _, ...withoutCode } = draft('xml').fields;
  expect(mergeDrafts([{ source: 'xml', fields: withoutCode }]).findings.map(({ code, field }) => [code, field])).toEqual([['DOC_INCOMPLETE', 'code']]);
  expect(mergeDrafts([{ ...draft('xml'), reversed: true }]).findings.map(({ code }) => code)).toEqual(['INVOICE_REVERSED']);
  expect(mergeDrafts([draft('xml', { amount: '-386.45' })]).findings.map(({ code }) => code)).toEqual(['INVOICE_REVERSED']);
});
