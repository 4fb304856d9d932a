import { expect, test } from 'vitest';
import { readQr } from '#domain/invoice/qr.ts';

const valuesOf = (text: string) => {
  const draft = readQr(text);
  return (
    draft && {
      ...Object.fromEntries(Object.entries(draft.fields).map(([name, { value }]) => [name, value])),
      ...(draft.beforeTax && { beforeTax: draft.beforeTax }),
    }
  );
};

test('a tax invoice of the older kind carries its amount without tax', () => {
  expect(valuesOf('01,10,033002000211,83089647,510.68,20200723,16197833567414507415,0941,')).toEqual({
    ...{ type: '2', code: '033002000211', number: '83089647', beforeTax: '510.68', date: '2020-07-23', checkCode: '16197833567414507415' },
  });
});

test('a fully digital invoice carries the whole amount and no code', () => {
  expect(valuesOf('01,32,,26132000000048215097,1058.5,20260109,,74AE,')).toEqual({
    type: '3',
    number: '26132000000048215097',
    amount: '1058.50',
    date: '2026-01-09',
  });
});

test.each([
  'https://einvoice.example/check?billCode=13060126&billNo=0004512783&random=k7f2x9&issueDate=20260305&totalAmount=386.45',
  'https://einvoice.example/#/h5?a=1&pjdm=13060126&pjhm=0004512783&jym=k7f2x9&kprq=2026-03-05&je=386.45',
  '01,06,13060126,0004512783,k7f2x9,20260305,386.45,',
])('a fiscal bill: %s', (text) => {
  expect(valuesOf(text)).toEqual({ type: '1', code: '13060126', number: '0004512783', checkCode: 'k7f2x9', date: '2026-03-05', amount: '386.45' });
});

test('a fiscal bill whose address has no names', () => {
  expect(valuesOf('https://einvoice.example/q/13060126/0004512783/k7f2x9')).toEqual({ type: '1', code: '13060126', number: '0004512783', checkCode: 'k7f2x9' });
});

test.each([
  '',
  'https://hospital.example/app?id=20260305',
  '20260305,0004512783',
  '01,10,033002000211',
  '01,10,abc,83089647,1,20200723,',
  `01,${','.repeat(10_000)}`,
  'https://x.example/?billCode=%E0%A4%A&billNo=1',
])('nothing about an invoice: %s', (text) => expect(readQr(text)).toBeUndefined());
