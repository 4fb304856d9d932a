import { signal } from '@preact/signals';
import type { TaskJson } from '#api/contract/tasks.ts';
import { t } from './words.ts';

const MINUTE_MS = 60_000;
/** Moves on by itself: what is left is shown by the minute. */
const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, MINUTE_MS / 2);

type Timed = Pick<TaskJson, 'status' | 'dueAt' | 'workingDaysLeft'>;

/** `剩余 3 小时 20 分` on the day on which it is due, working days before that, `已超时` after it; nothing where nothing is due. */
export function TimeLeft({ task }: { task: Timed }) {
  const { status, dueAt, workingDaysLeft } = task;
  if (status !== 'OPEN' || dueAt === null) return null;
  const minutes = Math.ceil((Date.parse(dueAt) - now.value) / MINUTE_MS);
  if (minutes <= 0) return <span class="tag bad">{t('left.overdue')}</span>;
  if ((workingDaysLeft ?? 0) > 0) return <span class="tag quiet">{t('left.days', { n: workingDaysLeft ?? 0 })}</span>;
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return <span class="tag warn">{h > 0 ? t('left.hours', { h, m }) : t('left.minutes', { m })}</span>;
}
