import { language } from '../i18n/language.ts';
import { t } from '../i18n/words.ts';

const ZONE = 'Asia/Shanghai';
const tag = (): string => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** Times are those of Shanghai, wherever the reader is: so are deadlines. */
export const formatDay = (at: string): string =>
  new Intl.DateTimeFormat(tag(), { timeZone: ZONE, month: 'long', day: 'numeric', weekday: 'short' }).format(new Date(at));
export const formatTime = (at: string): string =>
  new Intl.DateTimeFormat(tag(), { timeZone: ZONE, month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));

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
