/** The simulated business clock: real time plus an offset that tests move. Signatures and delays use real time. */
export type Clock = { offsetMs: number };

const SHANGHAI_MS = 8 * 60 * 60 * 1000;

/** Milliseconds since the epoch on the business clock. */
export const businessNow = (clock: Clock) => Date.now() + clock.offsetMs;

/** `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai (which has had no daylight saving since 1991). */
export const shanghaiTime = (ms: number) => iso(ms).slice(0, 19).replace('T', ' ');

/** `yyyy-MM-dd` in Asia/Shanghai. */
export const shanghaiDate = (ms: number) => iso(ms).slice(0, 10);

/** `yyyyMMddHHmmssSSS` in Asia/Shanghai. */
export const shanghaiDigits = (ms: number) => iso(ms).replaceAll(/\D/g, '');

const iso = (ms: number) => new Date(ms + SHANGHAI_MS).toISOString();

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Runs `work` at a real time, also one further away than a single timer reaches. Its timers keep no process alive. */
export function at(dueMs: number, work: () => void): void {
  const wait = Math.max(0, dueMs - Date.now());
  if (wait > LONGEST_TIMEOUT_MS) setTimeout(() => at(dueMs, work), LONGEST_TIMEOUT_MS).unref();
  else setTimeout(work, wait).unref();
}

/** Waits in real time. */
export const pause = (ms: number) => new Promise<void>((resolve) => at(Date.now() + ms, resolve));
