import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { BILLS, type Bill } from '#dev/bills/bill.ts';
import { boxesOf } from '#dev/bills/boxes.ts';
import { billOfd } from '#dev/bills/ofd.ts';
import { billPdf } from '#dev/bills/pdf.ts';
import { digitalXml, eInvoiceXml, fiscalXml, structuredXml } from '#dev/bills/xml.ts';
import type { ReadingSource } from '#domain/invoice/reading.ts';
import { readDocument } from '#platform/reading/read-document.ts';
import { openRenderer } from '#platform/render/renderer.ts';

const files = openRenderer();
afterAll(() => files.close());
const read = (content: Buffer | string) => readDocument({ files }, Buffer.from(content));

/** What every reader has to find; a page does not show all that data say of a line. */
function valuesOf({ code, checkCode, lines, ...bill }: Bill, parts: readonly ('itemCode' | 'quantity' | 'unitPrice' | 'level')[]) {
  const { type, number, date, amount, payer, hospital } = bill;
  const shown = lines.map((line) => ({ name: line.name, amount: line.amount, ...Object.fromEntries(parts.map((part) => [part, line[part]])) }));
  return { type, code: code || null, number, checkCode: checkCode || null, date, amount, payer, hospital, lines: shown };
}
async function valuesIn(content: Buffer | string): Promise<{ kind: string; values: object; sources: Set<ReadingSource | null>; findings: object[] }> {
  const { kind, fields, findings } = await read(content);
  const found = Object.entries(fields);
  return {
    kind,
    values: Object.fromEntries(found.map(([name, { value }]) => [name, value])),
    sources: new Set(found.flatMap(([, { value, source }]) => (value === null ? [] : [source]))),
    findings,
  };
}

const bills: readonly [string, Bill][] = Object.entries(BILLS);
const shownOf = (bill: Bill): readonly ('quantity' | 'unitPrice')[] => (bill.type === '1' ? ['quantity'] : ['quantity', 'unitPrice']);

describe('structured data', () => {
  test.each(bills)('of the insurance: %s', async (_, bill) => {
    expect(await valuesIn(structuredXml(bill))).toEqual({
      ...{ kind: 'XML', values: valuesOf(bill, ['itemCode', 'quantity', 'unitPrice', 'level']), sources: new Set(['xml']), findings: [] },
    });
  });

  test('with a prefix on every element, in GB18030', async () => {
    const text = structuredXml(BILLS.outpatient)
      .replaceAll(/<(\/?)(?=[a-zA-Z])/g, '<$1hn:')
      .replace('<hn:tktextinfo>', '<hn:tktextinfo xmlns:hn="urn:x">');
    expect(await valuesIn(text)).toMatchObject({ values: { number: '0004512783', payer: '陈晓梅', lines: { length: 5 } }, findings: [] });
    // the two characters 王明 in GB18030
    const bytes = Buffer.from(
      structuredXml({ ...BILLS.outpatient, payer: '@@' })
        .replace('UTF-8', 'GB18030')
        .replaceAll(/[^\0-\x7f]/g, ''),
      'latin1',
    );
    const at = bytes.indexOf('@@');
    const encoded = Buffer.concat([bytes.subarray(0, at), Buffer.from('cdf5c3f7', 'hex'), bytes.subarray(at + 2)]);
    expect((await read(encoded)).fields.payer.value).toBe('王明');
  });

  test.each(['utf-16le', 'utf-16be'])('in %s, with its mark and without, as Windows programs save it', async (encoding) => {
    const wide = (text: string): Buffer => {
      const bytes = Buffer.from(text, 'utf16le');
      return encoding === 'utf-16be' ? bytes.swap16() : bytes;
    };
    const text = structuredXml(BILLS.outpatient).replace('UTF-8', 'UTF-16');
    for (const content of [wide(`\uFEFF${text}`), wide(text)]) {
      const { kind, values, findings } = await valuesIn(content);
      expect({ kind, values, findings }).toMatchObject({ kind: 'XML', values: { number: '0004512783', payer: '陈晓梅', lines: { length: 5 } }, findings: [] });
    }
    // one that says to be in another encoding, one that is cut in half a character, and a page for a browser
    const codes = async (content: Buffer) => (await read(content)).findings.map(({ code }) => code);
    expect(await codes(wide(`\uFEFF${structuredXml(BILLS.outpatient)}`))).toEqual(['DOCUMENT_CONTENT_MISMATCH']);
    expect(await codes(wide(`\uFEFF${text}`).subarray(0, -1))).toEqual(['DOCUMENT_CONTENT_MISMATCH']);
    expect(await codes(wide('\uFEFF<html><script>alert(1)</script></html>'))).toEqual(['DOCUMENT_TYPE_REFUSED']);
  });

  test('with attributes in place of elements, lines under another name, and in GBK without saying so', async () => {
    const { outpatient } = BILLS;
    const flat = structuredXml(outpatient)
      .replaceAll(/<(\w+)>([^<]*)<\/\1>/g, ' $1="$2"')
      .replaceAll(
        /<(billInfo|mdtrtInfo|feeDetl)>((?: \w+="[^"]*"|\s)+)<\/\1>/g,
        (_, name: string, inside: string) => `<${name === 'feeDetl' ? 'row' : name}${inside}/>`,
      );
    expect(flat).toContain('<row feeOcurTime=');
    expect((await valuesIn(flat)).values).toEqual((await valuesIn(structuredXml(outpatient))).values);
    const bare = `<bill><billInfo><elecSetlCertNo>0004512783</elecSetlCertNo><psnName>@@</psnName></billInfo></bill>`;
    const [before = '', after = ''] = bare.split('@@');
    const { fields } = await read(Buffer.concat([Buffer.from(before), Buffer.from('cdf5c3f7', 'hex'), Buffer.from(after)]));
    expect(fields.payer.value).toBe('王明');
  });

  test('without the names that the interface does not promise', async () => {
    const text = structuredXml(BILLS.outpatient).replaceAll(/<(fixmedinsName|medListName)>[^<]*<\/\1>/g, '');
    const { fields, findings } = await read(text);
    expect([fields.hospital.value, fields.lines.value?.[0], findings]).toEqual([
      'H13010200017',
      { itemCode: '110200001', quantity: '1', unitPrice: '12.00', amount: '12.00', level: '01' },
      [],
    ]);
  });

  test('of the Ministry of Finance', async () => {
    expect(await valuesIn(fiscalXml(BILLS.inpatient))).toMatchObject({ values: valuesOf(BILLS.inpatient, ['itemCode', 'quantity']), findings: [] });
  });

  test('of a fully digital invoice, whose lines name their own totals', async () => {
    // 1058.50 + 422.40 = 1480.90
    const bill = { ...BILLS.digital, amount: '1480.90', lines: [...BILLS.digital.lines, { ...BILLS.digital.lines[0], name: '针头', amount: '422.40' }] };
    expect(await valuesIn(digitalXml(bill))).toMatchObject({ values: valuesOf(bill, ['quantity', 'unitPrice']), findings: [] });
  });

  test('of the standard of 2019, with tax', async () => {
    expect(await valuesIn(eInvoiceXml(BILLS.taxInvoice))).toMatchObject({ values: valuesOf(BILLS.taxInvoice, ['quantity', 'unitPrice']), findings: [] });
  });
});

describe('pages of text', () => {
  test.each(bills)('OFD: %s', async (_, bill) => {
    expect(await valuesIn(await billOfd(bill))).toEqual({ kind: 'OFD', values: valuesOf(bill, shownOf(bill)), sources: new Set(['ofd']), findings: [] });
  });

  test.each(bills)('PDF: %s', async (_, bill) => {
    expect(await valuesIn(await billPdf(bill, { qr: false }))).toEqual({
      kind: 'PDF',
      values: valuesOf(bill, shownOf(bill)),
      sources: new Set(['pdf']),
      findings: [],
    });
  });

  test.each(bills)('PDF with its QR code, which agrees: %s', async (_, bill) => {
    const { fields, findings } = await read(await billPdf(bill));
    expect(findings).toEqual([]);
    expect([fields.number.source, fields.number.confidence > 0.98]).toEqual(['pdf', true]);
  });

  test.each(bills)('in boxes, as PDF and as OFD: %s', async (_, bill) => {
    const values = valuesOf(bill, ['quantity', 'unitPrice']);
    expect(await valuesIn(await billPdf(bill, { qr: false, layout: boxesOf }))).toEqual({ kind: 'PDF', values, sources: new Set(['pdf']), findings: [] });
    expect(await valuesIn(await billOfd(bill, { layout: boxesOf }))).toEqual({ kind: 'OFD', values, sources: new Set(['ofd']), findings: [] });
  });

  test('a PDF whose font has Kangxi radicals for characters', async () => {
    const radicals: Record<string, string> = { 金: '⾦', 石: '⽯', 长: '⻓', 安: '安', 人: '⼈', 大: '⼤', 小: '⼩', 门: '⻔' };
    const rewrite = (text: string): string => Array.from(text, (one) => radicals[one] ?? one).join('');
    expect(rewrite('金额')).not.toBe('金额');
    expect(await valuesIn(await billPdf(BILLS.outpatient, { rewrite, qr: false }))).toMatchObject({
      values: valuesOf(BILLS.outpatient, ['quantity']),
      findings: [],
    });
  });

  test('an OFD is read by the invoice that it carries; its page tells whether that is another one', async () => {
    const same = await read(await billOfd(BILLS.taxInvoice, { attached: eInvoiceXml(BILLS.taxInvoice) }));
    expect(same.findings).toEqual([]);
    expect(same.fields.amount).toEqual({ value: '742.00', source: 'ofd', confidence: 1 });
    const other = await read(await billOfd(BILLS.taxInvoice, { attached: eInvoiceXml({ ...BILLS.taxInvoice, number: '57120847' }) }));
    expect(other.findings).toEqual([{ code: 'SOURCES_DISAGREE', field: 'number', detail: 'number: ofd and ofd differ' }]);
    expect(other.fields.number.confidence).toBeLessThan(0.6);
  });
});

describe('documents that were changed', () => {
  const changed = { ...BILLS.outpatient, lines: BILLS.outpatient.lines.map((line, index) => (index === 1 ? { ...line, amount: '185.60' } : line)) };
  test.each([
    ['XML', () => structuredXml(changed)],
    ['OFD', () => billOfd(changed)],
    ['PDF', () => billPdf(changed)],
  ])('a line of a %s', async (_, make) => {
    // 386.45 − 145.60 + 185.60 = 426.45
    expect((await read(await make())).findings).toContainEqual({
      code: 'LINES_DO_NOT_ADD_UP',
      field: 'lines',
      detail: '5 lines make 426.45, the total is 386.45',
    });
  });

  test('the digits of the total: words, QR code and lines all say otherwise', async () => {
    const page = await billPdf(BILLS.outpatient, { rewrite: (one) => one });
    const forged = await billPdf({ ...BILLS.outpatient, amount: '986.45' });
    expect((await read(page)).findings).toEqual([]);
    const codes = (await read(forged)).findings.map(({ code, field }) => `${code} ${field}`);
    expect(codes).toEqual(['SOURCES_DISAGREE amount', 'LINES_DO_NOT_ADD_UP lines']);
  });

  test('the shares of a structured bill', async () => {
    const text = structuredXml(BILLS.outpatient).replace('<psnCashpay>386.45<', '<psnCashpay>300.00<');
    expect((await read(text)).findings).toEqual([{ code: 'DATA_ERROR', field: 'amount', detail: expect.stringContaining('300.00') }]);
  });

  test('a reversed bill, and two in one file', async () => {
    expect((await read(structuredXml(BILLS.outpatient, { reversed: true }))).findings.map(({ code }) => code)).toEqual(['INVOICE_REVERSED']);
    const two = structuredXml(BILLS.outpatient).replace('</billInfo>', '</billInfo><billInfo><elecSetlCertNo>0004512784</elecSetlCertNo></billInfo>');
    expect((await read(two)).findings.map(({ code }) => code)).toEqual(['SEVERAL_INVOICES']);
  });
});

// a real one, where somebody has put it beside the checkout: other people's invoices have no place in it
const samples = [fileURLToPath(new URL('../../../../shared/examples/tax-invoice-2020.ofd', import.meta.url))].filter((path) => existsSync(path));
test.each(samples)('a tax invoice as its issuer made it', async (path) => {
  const { fields, findings } = await read(readFileSync(path));
  expect([fields.type, fields.code, fields.number, fields.date, fields.amount].map(({ value }) => value)).toEqual([
    ...['2', '033002000211', '83089647', '2020-07-23', '526.00'],
  ]);
  expect([fields.lines.value?.length, findings]).toEqual([1, []]);
});
