import { createWords } from '../i18n/language.ts';
import { en } from './en.ts';
import { zh, type Key } from './zh.ts';

export const t = createWords({ zh, en });
export type SampleKey = Extract<Key, `sample.${string}`>;
