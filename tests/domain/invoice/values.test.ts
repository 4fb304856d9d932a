import { describe, expect, test } from 'vitest';
import { readAmount, readAmountInWords, readCheckCode, readDay, readDigits, readName, typeByShape } from '#domain/invoice/values.ts';

test.each([
  ['2020年07月23日', '2020-07-23'],
  ['2026-3-5', '2026-03-05'],
  ['2026/03/05 10:11:12', '2026-03-05'],
  ['20260305', '2026-03-05'],
  ['20260305101112', '2026-03-05'],
  ['2026 年 03 月 05 日', '2026-03-05'],
  ['２０２６年１月９日', '2026-01-09'],
  ['2026-02-30', undefined],
  ['20261301', undefined],
  ['10:11:12', undefined],
  ['32060225', undefined],
])('the day %s', (text, day) => expect(readDay(text)).toBe(day));

test.each([
  ['526', '526.00'],
  ['¥ 1,234.5', '1234.50'],
  ['￥12606.0900', '12606.09'],
  ['CNY 620.00', '620.00'],
  ['-386.45', '-386.45'],
  ['¥-386.45', '-386.45'],
  ['10.00元', '10.00'],
  ['0.005', undefined],
  ['1,23.00', undefined],
  ['***', undefined],
  ['', undefined],
])('the amount %s', (text, amount) => expect(readAmount(text)).toBe(amount));

test.each([
  ['伍佰贰拾陆圆整', '526.00'],
  ['叁佰捌拾陆元肆角伍分', '386.45'],
  ['壹万贰仟陆佰零陆元零玖分', '12606.09'],
  ['壹仟零伍拾捌圆伍角整', '1058.50'],
  ['拾元整', '10.00'],
  ['贰亿零叁万元正', '200030000.00'],
  ['⼆佰元整', undefined],
  ['负壹佰元整', '-100.00'],
  ['一百元', undefined],
])('%s in words', (text, amount) => expect(readAmountInWords(text)).toBe(amount));

describe('codes', () => {
  test('digits of a known length, whatever their width', () => {
    expect(readDigits('０００４５１２７８３', [10])).toBe('0004512783');
    expect(readDigits('000451278', [10])).toBeUndefined();
    expect(readDigits('00045127B3', [10])).toBeUndefined();
  });
  test('check codes of fiscal bills and of tax invoices', () => {
    expect(readCheckCode('k7f2x9')).toBe('k7f2x9');
    expect(readCheckCode('16197 83356 74145 07415')).toBe('16197833567414507415');
    expect(readCheckCode('16197 83356')).toBe('1619783356');
    expect(readCheckCode('校验码')).toBeUndefined();
  });
  test.each([
    ['13060126', '0004512783', '1'],
    ['033002000211', '83089647', '2'],
    ['1300204130', '83089647', '2'],
    [undefined, '26132000000048215097', '3'],
    ['13060126', '83089647', undefined],
  ] as const)('the type of %s %s', (code, number, type) => expect(typeByShape(code, number)).toBe(type));
});

test('names have letters, and lose what is no part of them', () => {
  expect(readName(' 石家庄市 长安康宁医院；')).toBe('石家庄市长安康宁医院');
  expect(readName('John  Smith')).toBe('John Smith');
  // a radical of the Kangxi dictionary, as some fonts' tables have it
  expect(readName('⽯家庄')).toBe('石家庄');
  expect(readName('123456')).toBeUndefined();
  expect(readName('李')).toBeUndefined();
});
