import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/glossary.md', import.meta.url), 'utf8');
const rows = page.split('\n').flatMap((row) => {
  const [, zh, en, identifiers] = /^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$/.exec(row) ?? [];
  return zh && en && identifiers && zh !== '中文' && !zh.startsWith('-')
    ? [{ zh, en, identifiers: [...identifiers.matchAll(/`([^`]+)`/g)].map(([, name]) => name) }]
    : [];
});

test('the glossary gives each term and each identifier once', () => {
  expect(rows.length).toBeGreaterThan(60);
  for (const list of [rows.map(({ zh }) => zh), rows.map(({ en }) => en), rows.flatMap(({ identifiers }) => identifiers)]) {
    expect(list.filter((item, index) => list.indexOf(item) !== index)).toEqual([]);
  }
});
