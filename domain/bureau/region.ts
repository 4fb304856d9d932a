/**
 * The bureau that is responsible for an insured region: its own, else that of the city, else that of the province or municipality, by the levels
 * of the six-digit administrative code. Undefined where none of `bureaus` is.
 */
export function responsibleBureau<Bureau extends { code: string }>(bureaus: readonly Bureau[], region: string): Bureau | undefined {
  for (const code of regionLevels(region)) {
    const found = bureaus.find((bureau) => bureau.code === code);
    if (found) return found;
  }
  return undefined;
}

/** A region, the city that it lies in and the province, each once: `130102`, `130100`, `130000`. */
export function regionLevels(region: string): string[] {
  return [...new Set([region, `${region.slice(0, 4)}00`, `${region.slice(0, 2)}0000`])];
}

/** Beijing, Tianjin, Shanghai and Chongqing: the whole municipality is one insured city. */
const MUNICIPALITIES: ReadonlySet<string> = new Set(['11', '12', '31', '50']);

/** Whether two six-digit regions belong to the same city, which is what insurance is pooled by: a district is not another region. */
export function isSameCity(a: string, b: string): boolean {
  return cityOf(a) === cityOf(b);
}

function cityOf(region: string): string {
  const province = region.slice(0, 2);
  return MUNICIPALITIES.has(province) ? province : region.slice(0, 4);
}

/** Provinces whose schemes are one system. Hong Kong, Macau and Taiwan have insurance of their own: treated there counts as abroad. */
const MAINLAND = /^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])/;

/** Whether a region, or the first digits of some, lies where the schemes pay. */
export const isMainland = (region: string): boolean => MAINLAND.test(region);
