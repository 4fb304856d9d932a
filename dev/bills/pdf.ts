import type { Bill } from './bill.ts';
import { qrTextOf } from './bill.ts';
import { layoutOf } from './layout.ts';
import { qrModules } from './qr.ts';

const POINTS = 72 / 25.4;
const hex = (value: number): string => value.toString(16).padStart(4, '0');

/**
 * The bill's page as text in a font that is named and not embedded, with numbers for characters and a table that says what they mean, as invoicing programs write it.
 * `rewrite` changes what the table says; `qr`: false leaves the code out.
 */
export async function billPdf(
  bill: Bill,
  { rewrite = (text: string) => text, qr = true, layout = layoutOf }: { rewrite?: (text: string) => string; qr?: boolean; layout?: typeof layoutOf } = {},
): Promise<Buffer> {
  const { width, height, texts, qr: place } = layout(bill);
  const ids = new Map<string, number>();
  const idOf = (one: string): number => {
    const known = ids.get(one) ?? ids.size + 1;
    ids.set(one, known);
    return known;
  };
  const down = (y: number): number => (height - y) * POINTS;
  const shown = texts.map(({ text, x, y, size }) => {
    const coded = Array.from(text, (one) => hex(idOf(one))).join('');
    return `BT /F1 ${(size * POINTS).toFixed(2)} Tf 1 0 0 1 ${(x * POINTS).toFixed(2)} ${down(y).toFixed(2)} Tm <${coded}> Tj ET`;
  });
  if (qr) shown.push('0 0 0 rg', ...(await qrRectangles(qrTextOf(bill), place, down)));
  const content = shown.join('\n');
  const meanings = [...ids].map(
    ([one, id]) => `<${hex(id)}> <${Array.from({ length: rewrite(one).length }, (_, at) => hex(rewrite(one).charCodeAt(at))).join('')}>`,
  );
  const toUnicode = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange ${meanings.length} beginbfchar ${meanings.join(' ')} endbfchar endcmap end end`;
  const widths = [...ids].map(([one, id]) => `${id} [${one.charCodeAt(0) > 0xff ? 1000 : 500}]`).join(' ');
  return assembled([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${(width * POINTS).toFixed(2)} ${(height * POINTS).toFixed(2)}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>',
    `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /W [${widths}] /FontDescriptor 8 0 R >>`,
    `<< /Length ${toUnicode.length} >>\nstream\n${toUnicode}\nendstream`,
    '<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 859 /Descent -141 /CapHeight 683 /StemV 80 >>',
  ]);
}

async function qrRectangles(text: string, place: { x: number; y: number; size: number }, down: (y: number) => number): Promise<string[]> {
  const modules = await qrModules(text);
  const step = place.size / modules.length;
  return modules.flatMap((row, y) =>
    row.flatMap((dark, x) => {
      const side = (step * POINTS).toFixed(3);
      return dark ? [`${((place.x + x * step) * POINTS).toFixed(3)} ${down(place.y + (y + 1) * step).toFixed(3)} ${side} ${side} re f`] : [];
    }),
  );
}

function assembled(objects: readonly string[]): Buffer {
  let file = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  return Buffer.from(
    `${file}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`,
    'latin1',
  );
}
