import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { mergeSettings } from '#domain/org/settings.ts';
import { coarseKind } from '#domain/retention/erased.ts';
import { CONFIGURABLE, daysFor, dueBefore, ERASED, ERASURE_RULES, KEPT } from '#domain/retention/periods.ts';

describe('periods', () => {
  it('lie within their bounds, and say which law they come from and why', () => {
    for (const rule of ERASURE_RULES) {
      const { days, least, most, law, why } = ERASED[rule];
      expect([rule, least <= days && days <= most]).toEqual([rule, true]);
      expect(law).toMatch(/\d/);
      expect(why.length).toBeGreaterThan(20);
    }
  });

  it('are as long as the law asks at least: logs half a year, disclosures three years, vouchers thirty', () => {
    for (const rule of ['WORKFLOW_COMMANDS', 'SESSIONS'] as const) expect(ERASED[rule].least).toBeGreaterThanOrEqual(183);
    expect(ERASED.WEBHOOK_DELIVERIES.least).toBeGreaterThanOrEqual(3 * 365 + 1);
    expect(KEPT.VOUCHERS.days).toBeGreaterThanOrEqual(30 * 365 + 8);
    expect(KEPT.DISCLOSURES.days).toBeGreaterThanOrEqual(3 * 365 + 1);
    expect(KEPT.IMPACT_ASSESSMENT.days).toBeGreaterThanOrEqual(3 * 365 + 1);
    expect(KEPT.LOGS.days).toBeGreaterThanOrEqual(183);
  });

  it('chosen by a unit count within the bounds; the nearest unit’s choice counts', () => {
    expect([daysFor('MEDICAL_CONTENT'), daysFor('MEDICAL_CONTENT', 400), daysFor('MEDICAL_CONTENT', 0), daysFor('MEDICAL_CONTENT', 9_999)]).toEqual([
      1_096, 400, 183, 1_827,
    ]);
    const { retention } = mergeSettings([{ retention: { NOTICES: 40, MEDICAL_CONTENT: 900 } }, {}, { retention: { NOTICES: 50 } }]);
    expect(retention).toEqual({ NOTICES: 50, MEDICAL_CONTENT: 900 });
    expect(CONFIGURABLE.every((rule) => rule in ERASED)).toBe(true);
  });

  it('count calendar days back from now', () => {
    expect(dueBefore(183, new Date('2026-11-18T01:30:00.000Z')).toISOString()).toBe('2026-05-19T01:30:00.000Z');
  });
});

it('a coarse kind says whether somebody lay in a ward, and stays what it is when taken twice', () => {
  expect(CLAIM_KIND_CODES.map(coarseKind)).toEqual(['OUTPATIENT', 'OUTPATIENT', 'OUTPATIENT', 'INPATIENT', 'INPATIENT', 'INPATIENT']);
  for (const kind of CLAIM_KIND_CODES) expect(coarseKind(coarseKind(kind))).toBe(coarseKind(kind));
});

it('docs/operations.md says the same', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  for (const rule of ERASURE_RULES) {
    const { en, from, days, least, most, law } = ERASED[rule];
    const chosen = (CONFIGURABLE as readonly string[]).includes(rule) ? `${least}–${most}` : '–';
    expect(page).toContain(`| \`${rule}\` | ${en} | ${from} | ${days} | ${chosen} | ${law} |`);
  }
  for (const { en, days, law } of Object.values(KEPT)) expect(page).toContain(`| ${en} | ${days} | ${law} |`);
});
