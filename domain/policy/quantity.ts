/** Quantities of fee lists have four places at most; here they are whole ten-thousandths, below 10¹². */
const PLACES = 4;

/** `"2.5"` → 25000; undefined where the text is no decimal with at most eight and four digits. */
export function parseQuantity(text: string): number | undefined {
  const [, whole = '', fraction = ''] = /^(\d{1,8})(?:\.(\d{1,4}))?$/.exec(text) ?? [];
  return whole === '' ? undefined : Number(whole) * 10 ** PLACES + Number(fraction.padEnd(PLACES, '0'));
}

/** As `parseQuantity`, of a line whose text was checked when it came in. Throws RangeError where it is no quantity. */
export function quantityOf(text: string): number {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new RangeError('not a quantity');
  return quantity;
}

/** 25000 → `"2.5"` */
export const formatQuantity = (quantity: number): string => String(quantity / 10 ** PLACES);

export const ONE = 10 ** PLACES;
