import { say } from '../i18n/language.ts';
import { codeWord, t } from './words.ts';

/** What tells groups of one reason apart, in words. */
export const keyLabel = (key: string, label: { zh: string; en: string } | null = null): string => (label ? say(label) : codeWord('key', key));

/** How long ago, in its two largest units: `3 天 4 小时`. */
export function ago(at: string): string {
  const minutes = Math.floor((Date.now() - Date.parse(at)) / 60_000);
  if (minutes < 1) return t('time.moment');
  const parts = [
    { n: Math.floor(minutes / 1_440), word: 'time.days' },
    { n: Math.floor(minutes / 60) % 24, word: 'time.hours' },
    { n: minutes % 60, word: 'time.minutes' },
  ] as const;
  const first = parts.findIndex(({ n }) => n > 0);
  return parts
    .slice(first, first + 2)
    .filter(({ n }) => n > 0)
    .map(({ n, word }) => t(word, { n }))
    .join(' ');
}
