/** Fen of a decimal yuan string with exactly two places and no sign; undefined for anything else. */
export function fenOf(yuan: unknown): number | undefined {
  if (typeof yuan !== 'string' || !/^(0|[1-9]\d{0,12})\.\d{2}$/.test(yuan)) return undefined;
  return Number(yuan.replace('.', ''));
}

/** Decimal yuan with two places; negative amounts keep their sign. */
export function yuanOf(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** `fen × basisPoints / 10 000`, half up to the fen; in BigInt because large amounts times 10 000 leave the safe integers. */
export function share(fen: number, basisPoints: number): number {
  return Number((BigInt(fen) * BigInt(basisPoints) + 5_000n) / 10_000n);
}
