import { createWords } from '../i18n/language.ts';
import { en } from './en.ts';
import { zh, type Key } from './zh.ts';

export const t = createWords({ zh, en });

/** The word for a code of the API under `prefix`; the code itself where there is none: a newer server may know more. */
export function codeWord(prefix: 'key' | 'at' | 'status' | 'role' | 'health.relay' | 'health.schedule' | 'event', code: string): string {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(zh, key) ? t(key as Key) : code;
}
