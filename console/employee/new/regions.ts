import { regionLevels } from '#domain/bureau/region.ts';

/** Where people of the group are mostly treated, by administrative division; others are entered by their six digits. */
export const REGIONS = {
  '130100': { zh: '石家庄', en: 'Shijiazhuang' },
  '110000': { zh: '北京', en: 'Beijing' },
  '120000': { zh: '天津', en: 'Tianjin' },
  '131000': { zh: '廊坊', en: 'Langfang' },
  '130600': { zh: '保定', en: 'Baoding' },
  '130200': { zh: '唐山', en: 'Tangshan' },
  '310000': { zh: '上海', en: 'Shanghai' },
  '440100': { zh: '广州', en: 'Guangzhou' },
} as const satisfies Record<string, { zh: string; en: string }>;

/** The name of a region, or of the city that it lies in; its digits where neither is known. */
export function regionName(code: string): { zh: string; en: string } {
  const known = regionLevels(code).find((level) => Object.hasOwn(REGIONS, level));
  return known === undefined ? { zh: code, en: code } : REGIONS[known as keyof typeof REGIONS];
}
