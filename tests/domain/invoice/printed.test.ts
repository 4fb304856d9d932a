import { expect, test } from 'vitest';
import type { Cell } from '#domain/invoice/printed-cells.ts';
import { readPrinted } from '#domain/invoice/printed.ts';

/** A Chinese character is 10 wide and high, any other 5. */
const at = (x: number, y: number, text: string): Cell => ({
  text,
  x,
  y,
  height: 10,
  width: Array.from(text).reduce((all, one) => all + (one.charCodeAt(0) > 0xff ? 10 : 5), 0),
});
function valuesOf(...cells: Cell[]) {
  const { fields, lines } = readPrinted('pdf', cells);
  return { ...Object.fromEntries(Object.entries(fields).map(([name, found]) => [name, found.value])), ...(lines && { lines: lines.value }) };
}
const WHOLE = {
  type: '1',
  code: '13060124',
  number: '0001234567',
  checkCode: 'a1b2c3',
  date: '2026-03-05',
  payer: '王小明',
  hospital: '石家庄市第一医院',
  amount: '123.45',
};

test('a value stands behind its label, in the same text or another', () => {
  const cells = [
    ...[at(0, 0, '票据代码：13060124 票据号码: 0001234567'), at(0, 20, '校 验 码：'), at(60, 21, 'a1b2c3'), at(200, 19, '开票日期：2026 年 3 月 5 日')],
    ...[
      at(0, 40, '交款人统一社会信用代码：'),
      at(0, 60, '交款人：王小明    性别：男'),
      at(0, 80, '收款单位（章）：'),
      at(90, 82, '石家庄市第一医院'),
      at(300, 80, '收款人：李四'),
    ],
    ...[at(0, 100, '金额合计（大写）壹佰贰拾叁元肆角伍分'), at(300, 100, '（小写）¥'), at(360, 100, '123.45')],
  ];
  expect(valuesOf(...cells)).toEqual(WHOLE);
  // what comes first in the file need not stand first on the page
  expect(valuesOf(...cells.toReversed())).toEqual(WHOLE);
});

test('a value stands below its label, in a table', () => {
  const heads = ['票据代码', '票据号码', '校验码', '开票日期', '交款人'].map((text, index) => at(index * 100, 0, text));
  const values = ['13060124', '0001234567', 'a1b2c3', '2026-03-05', '王小明'].map((text, index) => at(index * 100, 16, text));
  expect(valuesOf(...heads, ...values, at(0, 50, '收款单位'), at(100, 50, '石家庄市第一医院'), at(0, 80, '合计金额'), at(100, 80, '¥123.45'))).toEqual(WHOLE);
});

test('an empty value is nobody else’s', () => {
  expect(valuesOf(at(0, 0, '交款人：'), at(60, 0, '校验码：a1b2c3'), at(0, 60, '票据号码：'), at(60, 60, '开票日期：2026-03-05'))).toEqual({
    checkCode: 'a1b2c3',
    date: '2026-03-05',
  });
});

test('of two parties the left or upper one pays', () => {
  const number = at(0, 0, '发票号码：26132000000012345678');
  expect(valuesOf(number, at(300, 40, '名称：石家庄惠民医院'), at(0, 41, '名称：王小明'))).toMatchObject({
    payer: '王小明',
    hospital: '石家庄惠民医院',
    type: '3',
  });
  expect(valuesOf(number, at(0, 200, '名    称：石家庄惠民医院'), at(0, 40, '名'), at(35, 40, '称：王小明'))).toMatchObject({
    payer: '王小明',
    hospital: '石家庄惠民医院',
  });
});

const LINES = [
  { name: '西药费', quantity: '1', unitPrice: '100.00', amount: '100.00' },
  { name: '检查费', quantity: '2', unitPrice: '11.73', amount: '23.45' },
];
test.each<[string, Cell[]]>([
  [
    'texts below their heads',
    [
      [0, '项目名称', '西药费', '检查费'],
      [100, '数量', '1', '2'],
      [200, '单价', '100.00', '11.73'],
      [300, '金额(元)', '100.00', '23.45'],
    ].flatMap(([x, ...texts]) => texts.map((text, row) => at(Number(x), row * 20, String(text)))),
  ],
  ['rows of one text each', [at(0, 0, '项目名称 数量 单价 金额(元)'), at(0, 20, '西药费 1 100.00 100.00'), at(0, 40, '检查费 2 11.73 23.45')]],
  [
    'texts that do not mind their heads',
    [
      at(0, 0, '项目名称'),
      at(48, 0, '数量'),
      at(77, 0, '单价'),
      at(105, 0, '金额(元)'),
      ...['西药费 1 100.00 100.00', '检查费 2 11.73 23.45'].flatMap((row, index) =>
        row.split(' ').map((text, column) => at([0, 38, 51, 85][column] ?? 0, 20 + index * 20, text)),
      ),
    ],
  ],
])('lines: %s', (_, cells) => {
  const end = [at(0, 60, '金额合计（小写）：123.45'), at(0, 80, '其他 9 9.00 9.00')];
  expect(valuesOf(...cells, ...end)).toEqual({ amount: '123.45', lines: LINES });
});

test('items that are printed twice, summed up and one by one, count once', () => {
  const table = (y: number, ...amounts: string[]): Cell[] => [
    at(0, y, '项目名称'),
    at(300, y, '金额'),
    ...amounts.flatMap((amount, row) => [at(0, y + 20 + row * 20, '某项'), at(300, y + 20 + row * 20, amount)]),
  ];
  const { lines } = readPrinted('pdf', [...table(0, '123.45'), at(0, 60, '小写：123.45'), ...table(100, '100.00', '23.45')]);
  expect(lines?.value.map(({ amount }) => amount)).toEqual(['123.45']);
});
