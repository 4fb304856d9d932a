import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invoiceKeyText } from '#domain/invoice/key.ts';

const FISCAL = { type: '1', code: '13010125', number: '0000123456' };
const TAX = { type: '2', code: '013001900111', number: '00123456' };
const DIGITAL = { type: '3', code: '', number: '26132000000012345678' };

describe('the identity of an invoice', () => {
  test('is type, code and number', () => {
    expect(invoiceKeyText(FISCAL)).toEqual({ ok: true, text: '1|13010125|0000123456' });
    expect(invoiceKeyText(TAX)).toEqual({ ok: true, text: '2|013001900111|00123456' });
    expect(invoiceKeyText(DIGITAL)).toEqual({ ok: true, text: '3||26132000000012345678' });
  });

  test.each([
    { ...FISCAL, number: ' 0000 123456 ' },
    { ...FISCAL, number: '００００１２３４５６' },
    { ...FISCAL, code: '1301-0125' },
    { ...FISCAL, code: '1301–0125\u200b' },
    { ...FISCAL, type: '１' },
  ])('is the same however it is written: %j', (written) => expect(invoiceKeyText(written)).toEqual(invoiceKeyText(FISCAL)));

  test('a fully digital invoice is known by its number alone', () => {
    expect(invoiceKeyText({ ...DIGITAL, code: '013001900111' })).toEqual(invoiceKeyText(DIGITAL));
  });

  test.each([
    [{ ...FISCAL, type: '4' }, 'type'],
    [{ ...FISCAL, type: '' }, 'type'],
    [{ ...FISCAL, code: '' }, 'code'],
    [{ ...FISCAL, number: '123456' }, 'number'],
    [{ ...FISCAL, number: '000012345A' }, 'number'],
    [{ ...TAX, number: '0000123456' }, 'number'],
    [{ ...DIGITAL, number: '1234' }, 'number'],
    [{ ...FISCAL, code: '13010125|0' }, 'code'],
  ])('%j is refused for its %s', (wrong, field) => expect(invoiceKeyText(wrong)).toEqual({ ok: false, code: 'INVOICE_KEY_INVALID', params: { field } }));

  test('no invoice passes under two types', () => {
    const digits = fc.stringMatching(/^[0-9]{0,21}$/);
    fc.assert(
      fc.property(digits, digits, (code, number) => {
        expect(['1', '2', '3'].filter((type) => invoiceKeyText({ type, code, number }).ok).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
