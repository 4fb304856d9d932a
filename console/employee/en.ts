import type { Key } from './zh.ts';

export const en: Record<Key, string> = {
  'home.title': 'My claims',
  'home.none': 'There are no claims yet.',
  'home.new': 'New claim',
};
