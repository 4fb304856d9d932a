import { describe, expect, test } from 'vitest';
import { readSheet } from '#platform/sheet/read-sheet.ts';
import { sheetOf, workbook } from './workbook.ts';

const read = async (content: Buffer) => {
  const sheet = await readSheet(content);
  return sheet.ok ? { rows: sheet.rows.map(({ number, cells }) => [number, ...cells]), faults: sheet.faults } : sheet;
};
const csv = (text: string) => read(Buffer.from(text));
const cells = async (xml: string, parts: Record<string, string> = {}) => read(await workbook(`<worksheet><sheetData>${xml}</sheetData></worksheet>`, parts));

describe('a CSV file', () => {
  test('in UTF-8 with its mark, and in GB18030, with commas, tabs or semicolons', async () => {
    expect(await csv('\uFEFF编码,名称\r\n"X,1","a ""b""\nc"\r\n')).toEqual({
      rows: [
        [1, '编码', '名称'],
        [2, 'X,1', 'a "b"\nc'],
        [3, ''],
      ],
      faults: [],
    });
    // 编码,名称 and X1,药
    const gb18030 = Buffer.concat([Buffer.from('b1e0c2eb2cc3fbb3c60a', 'hex'), Buffer.from('X1,'), Buffer.from('d2a9', 'hex')]);
    expect(await read(gb18030)).toEqual({
      rows: [
        [1, '编码', '名称'],
        [2, 'X1', '药'],
      ],
      faults: [],
    });
    expect(await csv('编码;名称\nX1;a')).toMatchObject({
      rows: [
        [1, '编码', '名称'],
        [2, 'X1', 'a'],
      ],
    });
    expect(await csv('编码\t名称\nX1\ta')).toMatchObject({
      rows: [
        [1, '编码', '名称'],
        [2, 'X1', 'a'],
      ],
    });
  });

  test('a quote that nobody closes, a cell beyond all measure and too many columns are faults of their rows', async () => {
    expect((await csv('a,b\n"x,1\n')) as unknown).toMatchObject({ faults: [{ row: 2, reason: 'Quoted field unterminated' }] });
    expect((await csv(`a,b\nx,${'y'.repeat(2_001)}\n`)) as unknown).toMatchObject({ faults: [{ row: 2, column: 1, reason: 'more than 2000 characters' }] });
    expect((await csv(`a,b\n${','.repeat(100)}\n`)) as unknown).toMatchObject({ faults: [{ row: 2, reason: 'more than 100 columns' }] });
  });

  test.each<[string, Buffer, RegExp]>([
    ['what is no text', Buffer.from([0x61, 0x00, 0x62]), /not a text file/],
    ['in no encoding that we know', Buffer.from([0xff, 0xff, 0x81]), /neither UTF-8 nor GB18030/],
    ['a workbook of Excel 97', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /of an old kind/],
    ['more rows than a list has', Buffer.from('a,b\n'.repeat(200_001)), /more than 200000 rows/],
  ])('%s is refused', async (_, content, reason) => {
    expect(await readSheet(content)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});

describe('a workbook', () => {
  test('shows texts, numbers, percentages and days as its cells do, where they stand', async () => {
    const strings = `<x:sst xmlns:x="x"><x:si><x:t>甲&amp;乙</x:t></x:si><x:si><x:r><x:t>连</x:t></x:r><x:r><x:t>花</x:t></x:r><x:rPh><x:t>lián</x:t></x:rPh></x:si></x:sst>`;
    const xml = `<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="s"><v>1</v></c></row>
      <row r="7"><c r="A7"><v>12.100000000000001</v></c><c r="B7" s="1"><v>0.1</v></c><c r="C7" s="3"><v>5.5E-2</v></c><c r="D7" s="2"><v>46027</v></c><c r="E7" s="4"><v>46027</v></c>
      <c r="F7"><f>A7*2</f><v>24.2</v></c><c r="G7" t="str"><f>"a"</f><v>a</v></c><c r="AA7" t="inlineStr"><is><t>end</t></is></c></row>`;
    expect(await cells(xml, { 'xl/sharedStrings.xml': strings })).toEqual({
      // 46 027 days after 30 December 1899
      rows: [
        [3, '', '甲&乙', '', '连花'],
        [7, '12.1', '10%', '5.5%', '2026-01-05', '2026-01-05', '24.2', 'a', ...Array.from({ length: 19 }, () => ''), 'end'],
      ],
      faults: [],
    });
  });

  test('a formula without a value, an error, a code that lost digits and a text that is not there are faults of their cells', async () => {
    const xml = `<row r="2"><c r="A2"><f>1+1</f></c><c r="B2" t="e"><v>#REF!</v></c><c r="C2"><v>1101000010000001</v></c><c r="D2" t="s"><v>9</v></c></row>`;
    expect((await cells(xml)) as unknown).toMatchObject({
      faults: [
        { row: 2, column: 0, reason: expect.stringContaining('a formula without its value') },
        { row: 2, column: 1, reason: 'an error of the spreadsheet: #REF!' },
        { row: 2, column: 2, reason: expect.stringContaining('more than 15 digits') },
        { row: 2, column: 3, reason: 'a text that is not there' },
      ],
    });
  });

  test.each<[string, () => Promise<Buffer>, RegExp]>([
    ['that would unpack to too much', () => workbook(sheetOf([['a'.repeat(30_000_000)]])), /DOCUMENT_SUSPICIOUS/],
    ['with entities', () => workbook(`<!DOCTYPE x [<!ENTITY a "b">]>${sheetOf([['&a;']])}`), /DOCUMENT_SUSPICIOUS/],
    ['without a workbook in it', () => workbook('<a/>', { 'xl/workbook.xml': '<other/>' }), /DOCUMENT_CONTENT_MISMATCH/],
    [
      'whose sheet lies elsewhere',
      () => workbook('<a/>', { 'xl/_rels/workbook.xml.rels': '<R><Relationship Id="rId3" Target="../../etc/passwd.xml"/></R>' }),
      /no sheet/,
    ],
    ['that is cut off', async () => (await workbook(sheetOf([['a']]))).subarray(0, 300), /DOCUMENT_CONTENT_MISMATCH/],
    ['whose sheet ends in the midst of a tag', () => workbook('<worksheet><sheetData><row><c r="A1'), /no XML/],
    [
      'whose comment never ends, many times over',
      () => workbook(`<worksheet>${Array.from({ length: 5_000 }, (_, index) => `<!-- ${index}`).join('')}`),
      /no XML/,
    ],
    [
      'with more rows than a list has',
      () => workbook(`<worksheet>${Array.from({ length: 200_001 }, (_, index) => `<row r="${index * 3}"/>`).join('')}`),
      /200000 rows/,
    ],
  ])('%s is refused', async (_, make, reason) => {
    expect(await readSheet(await make())).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});
