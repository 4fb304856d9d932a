import { shanghaiDay } from '../calendar.ts';
import type { Locale } from '../locale.ts';

/** What the last calls to a bureau or bank came to. A call that was answered, with whatever, is a success. */
export type GatewayHealth = { lastSuccessAt: Date | null; lastFailureAt: Date | null; failingSince: Date | null; failures: number };

/** Fewer failures in a row are a hiccup that the next attempt heals. */
const FAILURES = 3;
/** Shorter than this nobody has to be told. */
const LASTING_MS = 2 * 60_000;
/** Calls are repeated every five minutes at least: what has not failed for so long has nobody who calls, and is not known to be away. */
const HEARD_WITHIN_MS = 15 * 60_000;

/** Since when a bureau or bank cannot be reached; null where it can, or nobody knows. */
export function outageSince({ failingSince, lastFailureAt, failures }: GatewayHealth, now: Date): Date | null {
  if (!failingSince || !lastFailureAt || failures < FAILURES) return null;
  const [lasted, quiet] = [now.getTime() - failingSince.getTime(), now.getTime() - lastFailureAt.getTime()];
  return lasted >= LASTING_MS && quiet < HEARD_WITHIN_MS ? failingSince : null;
}

type Text = Record<Locale, string>;

/** What everybody is told: what is away, since when, and that nobody has to do anything. Times are Shanghai's, with the day where it is not today's. */
export function outageText(kind: 'bureau' | 'bank', name: Text, { since, now }: { since: Date; now: Date }): Text {
  const { zh, en } = momentOf(since, now);
  return kind === 'bureau'
    ? {
        zh: `${name.zh}系统中断，自 ${zh} 起；您的申请不受影响，恢复后自动提交。`,
        en: `${name.en}: its system has been down since ${en}. Your claims are safe and are sent by themselves once it is back.`,
      }
    : {
        zh: `${name.zh}系统中断，自 ${zh} 起；款项不会重复或丢失，恢复后自动继续。`,
        en: `${name.en}: its system has been down since ${en}. No payment is lost or made twice; payments go on by themselves once it is back.`,
      };
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });

function momentOf(at: Date, now: Date): Text {
  const time = CLOCK.format(at);
  const day = shanghaiDay(at);
  if (day === shanghaiDay(now)) return { zh: time, en: time };
  const [, month, date] = day.split('-').map(Number);
  return { zh: `${month}月${date}日 ${time}`, en: `${time} on ${day}` };
}
