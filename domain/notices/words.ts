import { formatDate, type Locale } from '../locale.ts';
import type { NoticeParams } from './notice.ts';

/** A paragraph, or a list of items. */
export type Block = string | readonly string[];
export type Words = { subject: string; body: readonly (Block | undefined)[] };

/** Until when, in brackets or after a word; nothing where nothing is due. */
export function before({ until, provisional }: NoticeParams, locale: Locale): string {
  if (!until) return '';
  const date = formatDate(until, locale);
  if (locale === 'zh') return `（截止${date}${provisional ? '，暂定' : ''}）`;
  return ` by ${date}${provisional ? ' (provisional)' : ''}`;
}
