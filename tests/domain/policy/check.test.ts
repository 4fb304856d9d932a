import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findPlanFaults, findRulebookFaults } from '#domain/policy/check.ts';
import { parsePlan, parseRulebook } from '#platform/policy/rulebook-file.ts';

type Json = { [key: string]: Json } & Json[] & string;
const dir = new URL('../../../domain/rulebooks/', import.meta.url);
const content = (name: string): Json => JSON.parse(readFileSync(new URL(name, dir), 'utf8'));

function faultsOf(change: (rulebook: Json) => void): string[] {
  const changed = content('130100-310.json');
  change(changed);
  const parsed = parseRulebook(changed);
  const faults = parsed.ok ? findRulebookFaults(parsed.value) : parsed.faults;
  return faults.map(({ path, reason }) => `${path.join('.')}: ${reason}`);
}

describe('the rulebooks that come with the product', () => {
  test.each(readdirSync(dir).filter((name) => name.endsWith('.json')))('%s answers every case once', (name) => {
    const parsed = parseRulebook(content(name));
    expect(parsed.ok ? findRulebookFaults(parsed.value) : parsed.faults).toEqual([]);
  });

  test.each(readdirSync(new URL('plans/', dir)))('plan %s has no fault', (name) => {
    const parsed = parsePlan(content(`plans/${name}`));
    expect(parsed.ok ? findPlanFaults(parsed.value) : parsed.faults).toEqual([]);
  });
});

describe('refused, with the place and the reason', () => {
  test.each<[string, (rulebook: Json) => void, string]>([
    [
      'a gap',
      (book) => book.benefits?.[0]?.deductible?.[0]?.value?.table?.splice(2, 1),
      'benefits.0.deductible.0.value.table: no row for in service, grade 2, first stay, age 0',
    ],
    [
      'an overlap',
      (book) =>
        book.benefits?.[0]?.deductible?.[0]?.value?.table?.push({ when: { grades: ['2'], personType: '11' }, yuan: '1.00' } as unknown as string & Json),
      'benefits.0.deductible.0.value.table.8: rows 2 and 8 both hold for in service, grade 2, first stay, age 0',
    ],
    [
      'an age between two rows',
      (book) => Object.assign(book.benefits?.[1]?.cap?.[0]?.value?.table?.[1]?.when ?? {}, { ageFrom: 46 }),
      'benefits.1.cap.0.value.table: no row for in service, grade community, first stay, age 45',
    ],
    [
      'a ratio over 100 %',
      (book) => Object.assign(book.benefits?.[0]?.ratio?.[0]?.value?.table?.[0]?.segments?.[0] ?? {}, { percent: '100.01' }),
      'benefits.0.ratio.0.value.table.0.segments.0.percent: more than 100 %',
    ],
    ['an unknown kind', (book) => book.benefits?.[0]?.kinds?.push('SPA' as string & Json), 'benefits.0.kinds.3'],
    ['a kind twice', (book) => book.benefits?.[1]?.kinds?.push('INPATIENT' as string & Json), 'benefits.1.kinds.3: INPATIENT is covered twice'],
    [
      'more points than the law allows',
      (book) => Object.assign(book.crossRegion?.[0]?.value?.points ?? {}, { unfiled: '21' }),
      'crossRegion.0.value.points.unfiled: at most 20 points are allowed',
    ],
    ['a value without a source', (book) => Object.assign(book.filing?.[0] ?? {}, { source: '' }), 'filing.0.source'],
    ['a source of blanks', (book) => Object.assign(book.filing?.[0] ?? {}, { source: ' ' }), 'filing.0.source: empty'],
    ['a region that no province has', (book) => Object.assign(book, { insuredRegions: ['9901'] }), 'insuredRegions.0: no region where a scheme pays'],
    [
      'more regions than there are',
      (book) => Object.assign(book, { insuredRegions: Array.from({ length: 201 }, (_, index) => String(130_100 + index)) }),
      'insuredRegions: Too big',
    ],
    [
      'more rows than cases',
      (book) => book.benefits?.[0]?.deductible?.[0]?.value?.table?.push(...(Array.from({ length: 60 }, () => ({ when: {}, yuan: '1' })) as unknown as Json[])),
      'benefits.0.deductible.0.value.table: Too big',
    ],
    ['a scheme that nobody has', (book) => Object.assign(book, { scheme: '999' }), 'scheme: Invalid option'],
    ['a day that does not exist', (book) => Object.assign(book.filing?.[0] ?? {}, { from: '2026-02-30' }), 'filing.0.from: no day (yyyy-MM-dd)'],
    ['two values of one day', (book) => book.filing?.push(book.filing[0] as Json), 'filing.1.from: 2024-01-01 does not come after 2024-01-01'],
    [
      'an item under two limits',
      (book) => book.limits?.push(Object.assign(structuredClone(book.limits[0] as Json), { id: 'again' })),
      'limits.1.itemCodes.0: 340200020 is limited by exercise-therapy already',
    ],
    [
      'a quantity that is none',
      (book) => Object.assign(book.limits?.[0]?.allowed?.[0]?.value ?? {}, { perYear: 'many' }),
      'limits.0.allowed.0.value.perYear: no quantity',
    ],
    [
      'an unknown document',
      (book) => book.benefits?.[0]?.documents?.[0]?.value?.kinds?.push('SELFIE' as string & Json),
      'benefits.0.documents.0.value.kinds.4',
    ],
    [
      'a catalogue of nobody',
      (book) => Object.assign(book.crossRegion?.[0]?.value?.catalogue ?? {}, { manual: 'home' }),
      'crossRegion.0.value.catalogue.manual',
    ],
    ['a deadline of no months', (book) => Object.assign(book.filing?.[0]?.value ?? {}, { months: 0 }), 'filing.0.value.months'],
    [
      'segments out of order',
      (book) => book.benefits?.[0]?.ratio?.[0]?.value?.table?.[0]?.segments?.push({ over: '0.00', percent: '90' } as unknown as string & Json),
      'benefits.0.ratio.0.value.table.0.segments.1.over: segments stand in the order of their bounds',
    ],
    [
      'an unknown fund',
      (book) => Object.assign(book.benefits?.[0]?.ratio?.[0]?.value?.table?.[0]?.segments?.[0] ?? {}, { fund: 'lottery' }),
      'segments.0.fund',
    ],
    [
      'an unknown grade',
      (book) => book.benefits?.[0]?.cap?.[0]?.value?.table?.push({ when: { grades: ['4'] }, yuan: '1' } as unknown as string & Json),
      'table.1.when.grades.0',
    ],
    ['a property that nobody reads', (book) => Object.assign(book, { ratio: '0.82' }), ''],
  ])('%s', (_, change, expected) => {
    const faults = faultsOf(change);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(expected);
  });
});
