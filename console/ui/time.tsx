import { language } from '../i18n/language.ts';
import { t } from '../i18n/words.ts';

const ZONE = 'Asia/Shanghai';
const tag = (): string => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** Times are those of Shanghai, wherever the reader is: so are deadlines. */
export function formatDay(at: string): string {
  const day = new Date(at);
  const format = (how: Intl.DateTimeFormatOptions, date: Date): string => new Intl.DateTimeFormat(tag(), { timeZone: ZONE, ...how }).format(date);
  // the weekday says which day of these weeks it is, the year which one is meant of another
  const thisYear = format({ year: 'numeric' }, day) === format({ year: 'numeric' }, new Date());
  return format({ month: 'long', day: 'numeric', ...(thisYear ? { weekday: 'short' } : { year: 'numeric' }) }, day);
}
export const formatTime = (at: string): string =>
  new Intl.DateTimeFormat(tag(), { timeZone: ZONE, month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));

const DAY_MS = 86_400_000;
/** Days of Shanghai, which has kept UTC+8 without summer time. */
const shanghaiDayNumber = (ms: number): number => Math.floor((ms + 8 * 3_600_000) / DAY_MS);

/** How long something is still possible, in days as one reads them from a wall calendar: today counts as none. */
export function DaysLeft({ at }: { at: string }) {
  const days = shanghaiDayNumber(Date.parse(at)) - shanghaiDayNumber(Date.now());
  const left = Date.parse(at) < Date.now() ? t('due.overdue') : days === 0 ? t('due.today') : t('due.calendar-days', { n: days });
  return (
    <span>
      <strong>{left} · </strong>
      <time dateTime={at}>{t('due.by', { date: formatDay(at) })}</time>
    </span>
  );
}

export function Time({ at }: { at: string }) {
  return <time dateTime={at}>{formatTime(at)}</time>;
}

/** Until when, in working days of the employer's calendar, which the server counts. */
export function Due({ at, workingDays, provisional }: { at: string; workingDays: number | null; provisional: boolean }) {
  const left =
    Date.parse(at) < Date.now() ? t('due.overdue') : workingDays === null ? null : workingDays === 0 ? t('due.today') : t('due.days', { n: workingDays });
  return (
    <span>
      {left !== null && <strong>{left} · </strong>}
      <time dateTime={at}>{t('due.by', { date: formatDay(at) })}</time>
      {provisional && <span class="muted small"> {t('due.provisional')}</span>}
    </span>
  );
}
