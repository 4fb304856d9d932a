import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { itemsOfSheet, type ImportTerms } from '#platform/policy/catalogue-sheet.ts';
import { loadPolicies, RULEBOOKS_DIR } from '#platform/policy/load.ts';
import { readSheet } from '#platform/sheet/read-sheet.ts';
import { sheetOf, workbook } from './workbook.ts';

const TERMS: ImportTerms = { codes: ['X', 'Z'], from: '2026-01-01' };

async function imported(text: string, terms: Partial<ImportTerms> = {}) {
  const sheet = await readSheet(Buffer.from(text));
  if (!sheet.ok) throw new Error(sheet.reason);
  const { items, faults, unread } = itemsOfSheet(sheet, { ...TERMS, ...terms });
  return { items, faults: faults.map(({ row, column, reason }) => `${row} ${column}: ${reason}`), unread };
}

describe('what a row says', () => {
  test('with heads as the lists of bureaus have them, below a title, in any order', async () => {
    const text = `附件1：药品目录,,,,,,,
药品名称,国家编码,甲乙类,先行自付比例（%）,医保支付标准（元）,限定支付范围,限定医院级别,生产企业
阿司匹林肠溶片,XA01,甲,,0.50,,,一厂
氯吡格雷片,XB02,乙类,10,"￥1,234.50",限二级及以上医疗机构,二级及以上,二厂
院内制剂,ZC03,丙,100,-,,,
`;
    expect(await imported(text)).toEqual({
      items: [
        { code: 'XA01', name: '阿司匹林肠溶片', class: '01', priceLimit: '0.50' },
        {
          code: 'XB02',
          name: '氯吡格雷片',
          class: '02',
          preSelfPay: '10',
          priceLimit: '1234.50',
          restricted: { text: '限二级及以上医疗机构', grades: ['2', '3'] },
        },
        { code: 'ZC03', name: '院内制剂', class: '03' },
      ],
      faults: [],
      unread: ['生产企业'],
    });
  });

  test('with English heads, codes, circumstances and days', async () => {
    const text = `Item Code,name,class,preSelfPay,kinds,circumstances,valid from,valid to
X1,Albumin,02,20%,EMERGENCY 住院,急诊抢救,2026/3/1,20261231
`;
    expect((await imported(text)).items).toEqual([
      {
        ...{ code: 'X1', name: 'Albumin', class: '02', preSelfPay: '20', from: '2026-03-01', to: '2026-12-31' },
        restricted: { text: 'EMERGENCY 住院；急诊抢救', kinds: ['EMERGENCY', 'INPATIENT'], circumstances: ['EMERGENCY'] },
      },
    ]);
  });

  test.each<[string, Partial<ImportTerms>, string | undefined]>([
    ['10%', {}, '10'],
    ['10', {}, '10'],
    ['0.5%', {}, '0.5'],
    ['0', {}, '0'],
    ['0.1', {}, undefined],
    ['1', {}, undefined],
    ['0.1', { ratio: 'fraction' }, '10'],
    ['0.055', { ratio: 'fraction' }, '5.5'],
    ['1', { ratio: 'fraction' }, '100'],
    ['10', { ratio: 'fraction' }, undefined],
    ['0.1', { ratio: 'percent' }, '0.1'],
    ['100.01', {}, undefined],
    ['10.125', {}, undefined],
    ['-5', {}, undefined],
    ['ten', {}, undefined],
    ['', {}, undefined],
    ['', { preSelfPay: '8' }, '8'],
  ])('the ratio %j with %j is %s', async (written, terms, percent) => {
    const { items, faults } = await imported(`code,name,class,preSelfPay\nX1,a,乙,${written}\n`, terms);
    expect(items.map(({ preSelfPay }) => preSelfPay)).toEqual(percent === undefined ? [] : [percent]);
    expect(faults).toHaveLength(percent === undefined ? 1 : 0);
  });
});

describe('every fault is named with row, column and reason', () => {
  test('all of a file at once', async () => {
    const text = `编码,名称,类别,先行自付比例,限价,限定支付范围,限定医院级别,生效日期
X1,药,乙,0.1,,,,
Q1,药,甲,,,,,
X2,=cmd|' /C calc'!A0,丁,,1.234,,四级,2026-02-30
X3,,甲,10,,,,
X1,药,甲,,,,,
X4,药,丙,,,"@SUM(1)",,
X 5,药,甲,,,,,
`;
    expect((await imported(text)).faults).toEqual([
      '2 先行自付比例: 0.1 may be 10 % or 0.1 %: say --ratio fraction or --ratio percent',
      '3 编码: Q1 begins with none of X, Z',
      '4 名称: begins like a formula',
      '4 类别: none of 甲, 乙, 丙, 01, 02, 03: "丁"',
      '4 限价: no amount in yuan with at most two places: "1.234"',
      '4 限定医院级别: unknown: "四级"',
      '4 生效日期: no day (yyyy-MM-dd): "2026-02-30"',
      '5 名称: is empty',
      '5 先行自付比例: only an item of class 02 is paid for beforehand',
      '6 编码: X1 is there already for the same days',
      '7 限定支付范围: begins like a formula',
      '8 编码: no item code',
    ]);
  });

  test('terms of one item that follow each other are none', async () => {
    const text = 'code,name,class,preSelfPay,from,to\nX1,a,甲,,,2026-06-30\nX1,a,乙,10,2026-07-01,\n';
    expect(await imported(text)).toMatchObject({ faults: [], items: [{ to: '2026-06-30' }, { from: '2026-07-01' }] });
  });

  test.each([
    ['a file without heads', 'a,b,c\nX1,药,甲\n', ['1 : no row has the heads of the columns: code, name, class']],
    ['a column that is missing', '编码,名称\nX1,药\n', ['1 class: no such column: class']],
    ['a column twice', '编码,名称,类别,等级\nX1,药,甲,乙\n', ['1 等级: means the same as a column before it']],
    ['heads and nothing else', '编码,名称,类别\n', ['1 : no row follows']],
    ['an empty file', '', ['1 : no row has the heads of the columns']],
  ])('%s', async (_, text, expected) => {
    expect((await imported(text)).faults).toEqual(expected.map((fault) => expect.stringContaining(fault)));
  });
});

test('100 000 rows are read, and each that is faulty is named', async () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => `${index % 1_000 === 0 ? 'Q' : 'X'}${index},药品${index},乙,10,12.30`).join('\n');
  const { items, faults } = await imported(`编码,名称,类别,先行自付比例,限价\n${rows}\n`);
  expect([items.length, faults.length, faults[99]]).toEqual([99_900, 100, '99002 编码: Q99000 begins with none of X, Z']);
});

describe('catalogue:import', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'daozhang-import-'));
    cpSync(RULEBOOKS_DIR, join(dir, 'books'), { recursive: true });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const target = (): string => join(dir, 'books/catalogues/130000-drugs-2027-01-01.json');
  function run(content: Buffer | string, ...more: string[]): { code: number | null; out: string; err: string } {
    const file = join(dir, 'list');
    writeFileSync(file, content);
    const terms = ['--region', '130000', '--list', 'drugs', '--from', '2027-01-01', '--source', 'Notice of the bureau', '-o', join(dir, 'books/catalogues')];
    const entry = fileURLToPath(new URL('../../../dev/catalogue-import.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, file, ...terms, ...more], { encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  }

  test('writes an edition that counts from its day, and nothing while there is a fault', async () => {
    const faulty = run('编码,名称,类别\nX1,药,甲\nX2,药,丁\n');
    expect(faulty).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/list:3: 类别: none of .*\n1 faults; nothing was written\n$/) });
    expect(existsSync(target())).toBe(false);
    expect(run('编码,名称,类别\nX1,药,甲\nX2,药,丁\n', '--skip-faulty', '--complete').code).toBe(2);
    expect(run('编码,名称,类别\nX1,药,甲\nX2,药,丁\n', '--skip-faulty')).toMatchObject({ code: 0, out: expect.stringContaining('1 rows were left out') });

    const book = await workbook(
      sheetOf([
        ['编码', '名称', '类别', '先行自付比例'],
        ['X1', '药', '甲', ''],
        ['X2', '药', '乙', '10%'],
      ]),
    );
    expect(run(book, '--complete')).toMatchObject({ code: 1, err: expect.stringContaining('--replace') });
    expect(run(book, '--complete', '--replace')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/2 items \(甲 1, 乙 1, 丙 0\), version [0-9a-f]{12}\n$/),
    });
    expect(readFileSync(target(), 'utf8')).toContain('\n    { "code":"X2","name":"药","class":"02","preSelfPay":"10" }\n');
    const loaded = loadPolicies(join(dir, 'books'));
    const edition = loaded.ok ? loaded.catalogues.find(({ value }) => value.from === '2027-01-01') : undefined;
    expect(edition?.value).toMatchObject({
      id: '130000-drugs',
      region: '130000',
      complete: true,
      confirmed: false,
      source: 'Notice of the bureau',
      codes: ['X', 'Z', 'T'],
    });
    expect(edition?.value.items.size).toBe(2);
  });

  test('refuses what would overlap with what is there', () => {
    const again = run('编码,名称,类别\nX1,药,甲\n', '--id', 'hebei-drugs');
    expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/is the same list of 130000 under another name\nnothing was written/) });
    expect(run('a,b\n', '--from', '2027-02-30').code).toBe(2);
    expect(run('a,b\n', '--colour', 'red')).toMatchObject({ code: 2, err: expect.stringContaining('npm run catalogue:import') });
  });
});
