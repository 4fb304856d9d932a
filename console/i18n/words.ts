import { en } from './en.ts';
import { createWords } from './language.ts';
import { zh } from './zh.ts';

/** The words that all pages share. */
export const t = createWords({ zh, en });
