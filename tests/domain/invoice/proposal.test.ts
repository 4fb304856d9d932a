import { expect, test } from 'vitest';
import { mergeDrafts, unread, type DocumentReading, type Draft, type ReadingSource, type ReadLine } from '#domain/invoice/reading.ts';
import { proposeClaim, type ClaimProposal, type ProposalInput } from '#domain/invoice/proposal.ts';
import { loadPolicies } from '#platform/policy/load.ts';

const loaded = loadPolicies();
if (!loaded.ok) throw new Error('the rulebooks have faults');
const lists: ProposalInput['lists'] = loaded;

const BILL = {
  type: '1',
  code: '13060126',
  number: '0004512783',
  checkCode: 'k7f2x9',
  date: '2026-03-05',
  amount: '71.60',
  payer: '陈晓梅',
  hospital: '石家庄市第一医院',
};
const LINES: ReadLine[] = [
  { name: '诊察费', quantity: '1', unitPrice: '35.20', amount: '35.20' },
  { name: '注射费', quantity: '2', unitPrice: '18.20', amount: '36.40' },
];

function reading(
  source: ReadingSource,
  fields: Partial<Record<keyof typeof BILL, string>>,
  { confidence = 1, lines }: { confidence?: number; lines?: ReadLine[] } = {},
) {
  const draft: Draft = {
    source,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value, confidence }])),
    ...(lines && { lines: { value: lines, confidence } }),
  };
  return { kind: 'PDF' as const, ...mergeDrafts([draft]) } satisfies DocumentReading;
}
const propose = (readings: DocumentReading[], more: Partial<ProposalInput> = {}): ClaimProposal =>
  proposeClaim({
    documents: readings.map((each, index) => ({ documentId: `d${index + 1}`, reading: each })),
    kind: 'OUTPATIENT',
    payer: '陈晓梅',
    lists,
    ...more,
  });
const codes = ({ findings }: ClaimProposal) => findings.map(({ code, field, documentIds }) => [code, field, documentIds]);

test('a bill from its data: nothing to be checked but the day of the visit, which no bill says', () => {
  const { invoices, lines, hospital, treatedRegion, visit, kind, findings } = propose([reading('xml', BILL, { lines: LINES })]);
  const sure = (value: string) => ({ value, source: 'xml', confidence: 1, check: false });
  expect(findings).toEqual([]);
  expect(invoices).toEqual([
    {
      ...{
        type: sure('1'),
        code: sure('13060126'),
        number: sure('0004512783'),
        checkCode: sure('k7f2x9'),
        amount: sure('71.60'),
        issuedOn: sure('2026-03-05'),
      },
      documentIds: ['d1'],
    },
  ]);
  expect(lines.map(({ itemName, quantity, unitPrice, amount }) => [itemName, quantity, unitPrice, amount])).toEqual([
    [sure('诊察费'), sure('1'), sure('35.20'), sure('35.20')],
    [sure('注射费'), sure('2'), sure('18.20'), sure('36.40')],
  ]);
  const byName = { source: 'directory', confidence: 0.9, check: false };
  expect([hospital.name, hospital.code, treatedRegion]).toEqual([
    sure('石家庄市第一医院'),
    { value: 'H13010200001', ...byName },
    { value: '130102', ...byName },
  ]);
  expect(kind).toEqual({ value: 'OUTPATIENT', source: 'request', confidence: 1, check: false });
  expect(visit.start).toEqual({ value: '2026-03-05', source: 'derived', confidence: 0.5, check: true });
});

test('data, page and photograph of one invoice are one invoice: surer where they agree, to be checked where they do not', () => {
  const photo = reading('ocr', { number: BILL.number, amount: '77.60', date: BILL.date }, { confidence: 0.5 });
  const proposal = propose([photo, reading('pdf', BILL, { confidence: 0.9, lines: LINES })]);
  const [invoice] = proposal.invoices;
  expect(proposal.invoices).toHaveLength(1);
  expect(invoice?.documentIds).toEqual(['d1', 'd2']);
  // 1 − 0.1 × 0.5
  expect(invoice?.issuedOn).toEqual({ value: '2026-03-05', source: 'pdf', confidence: 0.95, check: false });
  // 0.9 × (1 − 0.5 × 0.5) = 0.675
  expect(invoice?.amount).toEqual({ value: '71.60', source: 'pdf', confidence: 0.68, check: true });
  expect(codes(proposal)).toEqual([['SOURCES_DISAGREE', 'amount', ['d1', 'd2']]]);
});

test('one number under two codes is two invoices, also where one code begins as the other', () => {
  const short = reading('pdf', { ...BILL, code: '130601' });
  const long = reading('pdf', { ...BILL, code: '13060126' });
  for (const documents of [
    [long, short],
    [short, long],
  ])
    expect(propose(documents).invoices).toHaveLength(2);
});

test('a list without a number belongs to the invoice of its amount and gives it its lines; one of another amount does not', () => {
  const bare = reading('qr', { ...BILL }, { confidence: 0.95 });
  const list = (amount: string) => reading('pdf', { amount }, { confidence: 0.9, lines: LINES });
  const joined = propose([list('71.60'), bare]);
  expect([joined.invoices.length, joined.lines.map(({ amount }) => amount.value)]).toEqual([1, ['35.20', '36.40']]);
  expect(propose([list('80.00'), bare]).invoices).toHaveLength(2);
});

test('what was read of a photograph alone is marked, field by field', () => {
  const { invoices, lines } = propose([reading('ocr', BILL, { confidence: 0.7, lines: LINES })]);
  expect(Object.values(invoices[0] ?? {}).flatMap((field) => ('check' in field ? field.check : []))).toEqual([true, true, true, true, true, true]);
  expect(lines.every(({ itemName, amount }) => itemName.check && amount.check)).toBe(true);
});

test('several invoices: all of them with their lines, and another payer or hospital said', () => {
  const other = reading('xml', { ...BILL, number: '0004512784', payer: '王强', hospital: '河北省人民医院' }, { lines: LINES });
  const proposal = propose([reading('xml', BILL, { lines: LINES }), other]);
  expect([proposal.invoices.map(({ number }) => number.value), proposal.lines.length]).toEqual([['0004512783', '0004512784'], 4]);
  expect(codes(proposal)).toEqual([
    ['PAYER_DIFFERS', 'payer', ['d2']],
    ['HOSPITALS_DIFFER', 'hospital', ['d1', 'd2']],
  ]);
  expect(proposal.hospital.name.check).toBe(true);
});

test('lines that do not add up are to be checked; an invoice without lines is one line that somebody has to name', () => {
  const wrong = propose([reading('xml', { ...BILL, amount: '80.00' }, { lines: LINES })]);
  expect(wrong.lines.every(({ amount }) => amount.check)).toBe(true);
  const bare = propose([reading('xml', BILL)]);
  expect(bare.lines).toMatchObject([{ itemName: { value: null, check: true }, quantity: { value: '1' }, amount: { value: '71.60', check: true } }]);
});

test('a price that a claim could not say is worked out, or the line is one of one', () => {
  const lines = [
    { name: '餐费', quantity: '1', unitPrice: '510.679612', amount: '526.00' },
    { name: '药', quantity: '3', unitPrice: '33.33', amount: '100.00' },
    { name: '针', quantity: '4', unitPrice: '25.0000', amount: '100.00' },
    { name: '费', quantity: '0', unitPrice: '', amount: '5.00' },
  ];
  const { lines: made } = propose([reading('pdf', BILL, { lines })]);
  expect(made.map(({ quantity, unitPrice, amount }) => [quantity.value, unitPrice.value, unitPrice.source, amount.value])).toEqual([
    ['1', '526.00', 'derived', '526.00'],
    ['1', '100.00', 'derived', '100.00'],
    ['4', '25.00', 'pdf', '100.00'],
    ['1', '5.00', 'derived', '5.00'],
  ]);
});

test('a fully digital invoice has no code, and nobody looks for it; what could not be read at all leaves the claim empty', () => {
  const { invoices } = propose([reading('xml', { type: '3', number: '26132000000012345678', date: '2026-03-05', amount: '9.00' })]);
  expect(invoices[0]?.code).toEqual({ value: '', source: 'derived', confidence: 1, check: false });
  const nothing = propose([{ kind: 'PDF', ...unread({ code: 'DOCUMENT_ENCRYPTED', detail: 'x' }) }], { kind: undefined });
  expect([nothing.invoices, nothing.lines, codes(nothing)]).toEqual([[], [], [['DOCUMENT_ENCRYPTED', undefined, ['d1']]]]);
  expect([nothing.kind, nothing.visit.start, nothing.hospital.name].map(({ value, check }) => [value, check])).toEqual(
    Array.from({ length: 3 }, () => [null, true]),
  );
});

test('an item is known by its name where exactly one has it in the catalogue of the hospital’s region', () => {
  const [item] = loaded.catalogues.filter(({ value }) => value.id === '130000-drugs').flatMap(({ value }) => [...value.items.values()].flat());
  const { lines } = propose([
    reading(
      'xml',
      { ...BILL, amount: '20.00' },
      {
        lines: [
          { name: `*药品*${item?.name}`, amount: '10.00' },
          { name: '没有这一项', amount: '10.00' },
        ],
      },
    ),
  ]);
  expect(lines.map(({ itemCode, itemClass }) => [itemCode.value, itemCode.source, itemClass.value])).toEqual([
    [item?.code, 'directory', item?.itemClass],
    [null, null, null],
  ]);
});
