import { shanghaiDay } from './calendar.ts';

export const LOCALES = ['zh', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** The language for a stored or requested one (`zh-CN`, `en-GB`): Chinese unless it is English. */
export function localeOf(tag: string): Locale {
  return tag.toLowerCase().startsWith('en') ? 'en' : 'zh';
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** The day in Shanghai of an RFC 3339 time: `2026年11月25日`, `25 November 2026`. What is no time is given back as it is. */
export function formatDate(time: string, locale: Locale): string {
  const instant = new Date(time);
  if (Number.isNaN(instant.getTime())) return time;
  const [year, month, day] = shanghaiDay(instant).split('-').map(Number);
  return locale === 'zh' ? `${year}年${month}月${day}日` : `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}

/** `甲、乙` or `a, b`. */
export function formatList(items: readonly string[], locale: Locale): string {
  return items.join(locale === 'zh' ? '、' : ', ');
}
