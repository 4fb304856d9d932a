import { signal } from '@preact/signals';
import { localeOf, type Locale } from '#domain/locale.ts';

const KEPT = 'daozhang.language';

/** The language of the pages: what was chosen here before, else the browser's; Chinese unless that is English. */
export const language = signal<Locale>(localeOf(kept() ?? navigator.language));

language.subscribe((chosen) => {
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en';
});

/** Switches every text at once, and remembers it on this device. */
export function chooseLanguage(chosen: Locale): void {
  language.value = chosen;
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // a browser that keeps nothing: the choice holds for this page
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** The text in the language of the pages. */
export const say = (text: { zh: string; en: string }): string => text[language.value];

/** A dictionary of one area of the console, the same keys in both languages. */
export type Words<Key extends string> = { zh: Readonly<Record<Key, string>>; en: Readonly<Record<Key, string>> };

/** `t('due', { n: 3 })`: the text of a key with its `{n}` filled in. Read within a component it is written anew when the language changes. */
export function createWords<Key extends string>(words: Words<Key>): (key: Key, values?: Readonly<Record<string, string | number>>) => string {
  return (key, values = {}) => words[language.value][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
