import { refuse, type Refusal } from '../errors.ts';

/** `elecSetlCertType`: fiscal e-bill (财政电子票据), tax e-invoice (电子发票), fully digital invoice (数电票). */
export const INVOICE_TYPES = ['1', '2', '3'] as const;
export type InvoiceType = (typeof INVOICE_TYPES)[number];

/** The shapes exclude each other, so that one invoice cannot be claimed a second time under another type. */
const SHAPES: Record<InvoiceType, { code: RegExp; number: RegExp }> = {
  '1': { code: /^\d{8}$/, number: /^\d{10}$/ },
  '2': { code: /^\d{10}(\d{2})?$/, number: /^\d{8}$/ },
  '3': { code: /^(\d{10}(\d{2})?)?$/, number: /^\d{20}$/ },
};

export type InvoiceIdentity = { type: string; code: string; number: string };

/**
 * The canonical text of an invoice's identity (type, code, number), of which the platform makes a keyed hash. Full-width digits, spaces and
 * dashes make no difference. A fully digital invoice is known by its number alone: its code may be left out, and must not tell two copies apart.
 */
export function invoiceKeyText(invoice: InvoiceIdentity): { ok: true; text: string } | Refusal {
  const type = INVOICE_TYPES.find((known) => known === canonical(invoice.type));
  const code = canonical(invoice.code);
  const number = canonical(invoice.number);
  if (!type || !SHAPES[type].code.test(code)) return refuse('INVOICE_KEY_INVALID', { params: { field: type ? 'code' : 'type' } });
  if (!SHAPES[type].number.test(number)) return refuse('INVOICE_KEY_INVALID', { params: { field: 'number' } });
  return { ok: true, text: `${type}|${type === '3' ? '' : code}|${number}` };
}

function canonical(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/[\s\p{Pd}\p{Cf}]/gu, '')
    .toUpperCase();
}
