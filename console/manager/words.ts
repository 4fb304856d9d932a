import { createWords } from '../i18n/language.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export const t = createWords({ zh, en });
