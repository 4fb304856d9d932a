import type { Day } from '../calendar.ts';
import { CLAIM_KIND_CODES } from '../claim/completeness.ts';
import {
  holds,
  type Benefit,
  type Case,
  type Dated,
  type EmployerPlan,
  type Rulebook,
  type Segment,
  type Table,
  type TreatmentLimit,
  type When,
} from './rulebook.ts';

/** Something that no schema sees: where in the file (`['benefits', 0, 'ratio', 1, 'value', 'table']`) and what is wrong. */
export type RulebookFault = { path: readonly (string | number)[]; reason: string };

/** National bounds of what treatment elsewhere may cost in points: filed or an emergency at most 10, unfiled at most 20. */
const MOST_LESS_BP = { filed: 1_000, emergency: 1_000, longTermResident: 0, unfiled: 2_000 };

/** Gaps, overlaps, orders and bounds: a rulebook without faults answers every case that it says it covers, and answers it once. */
export function findRulebookFaults(rulebook: Rulebook): RulebookFault[] {
  return [
    ...regionsOnce(rulebook.insuredRegions),
    ...kindsOnce(rulebook.benefits),
    ...rulebook.benefits.flatMap((benefit, index) => within(['benefits', index], benefitFaults(benefit))),
    ...within(['crossRegion'], [...orderFaults(rulebook.crossRegion), ...rulebook.crossRegion.flatMap(({ value }, index) => pointFaults(value.lessBp, index))]),
    ...within(['filing'], orderFaults(rulebook.filing)),
    ...within(['limits'], limitFaults(rulebook.limits)),
  ];
}

export function findPlanFaults(plan: EmployerPlan): RulebookFault[] {
  return [
    ...kindsOnce(plan.benefits),
    ...plan.benefits.flatMap(({ raise, quota }, index) =>
      within(['benefits', index], [...within(['raise'], orderFaults(raise)), ...within(['quota'], orderFaults(quota))]),
    ),
    ...within(['excludes'], orderFaults(plan.excludes)),
  ];
}

function benefitFaults(benefit: Benefit): RulebookFault[] {
  const tables = (['deductible', 'ratio', 'cap'] as const).flatMap((name) => {
    const entries: Dated<{ table: Table<object> }> = benefit[name];
    const faults = entries.flatMap(({ value }, index) => within([index, 'value', 'table'], tableFaults(value.table)));
    return within([name], [...orderFaults(entries), ...faults]);
  });
  const segments = benefit.ratio.flatMap(({ value }, entry) =>
    value.table.flatMap((row, index) => within(['ratio', entry, 'value', 'table', index, 'segments'], segmentFaults(row.segments))),
  );
  return [...[...tables, ...segments], ...within(['largeAmount'], orderFaults(benefit.largeAmount)), ...within(['documents'], orderFaults(benefit.documents))];
}

/** Two values that begin on one day, or stand in another order than they came into force, would leave it to chance which one counts. */
function orderFaults(entries: Dated<unknown>): RulebookFault[] {
  return entries.flatMap(({ from, checked }, index) => {
    const before: Day | undefined = entries[index - 1]?.from;
    const faults: RulebookFault[] = [];
    if (before !== undefined && before >= from) faults.push({ path: [index, 'from'], reason: `${from} does not come after ${before}` });
    if (checked < '2020-01-01') faults.push({ path: [index, 'checked'], reason: 'nobody has looked since 2020' });
    return faults;
  });
}

/** Every person, grade, tier, age and stay has exactly one row. */
function tableFaults(table: Table<object>): RulebookFault[] {
  const faults = new Map<string, RulebookFault>();
  for (const about of casesOf(table.map(({ when }) => when))) {
    const first = table.findIndex(({ when }) => holds(when, about));
    const second = first < 0 ? -1 : table.findIndex(({ when }, index) => index > first && holds(when, about));
    if (first >= 0 && second < 0) continue;
    // one fault for each pair of rows, and one for a gap: the first case says enough
    const key = `${first},${second}`;
    if (faults.has(key)) continue;
    const reason = first < 0 ? `no row for ${described(about)}` : `rows ${first} and ${second} both hold for ${described(about)}`;
    faults.set(key, { path: first < 0 ? [] : [second], reason });
  }
  return [...faults.values()];
}

function casesOf(conditions: readonly When[]): Case[] {
  const ages = [...new Set([0, ...conditions.flatMap(({ ageFrom, ageBelow }) => [ageFrom ?? 0, ageBelow ?? 0])])].toSorted((a, b) => a - b);
  return (['11', '12'] as const).flatMap((personType) =>
    (['community', '1', '2', '3'] as const).flatMap((grade) =>
      (['municipal', 'provincial'] as const)
        .filter((tier) => grade === '3' || tier === 'provincial')
        .flatMap((tier) => (['first', 'later'] as const).flatMap((stay) => ages.map((age) => ({ personType, grade, tier, stay, age })))),
    ),
  );
}

const described = ({ personType, grade, tier, stay, age }: Case): string =>
  `${personType === '11' ? 'in service' : 'retired'}, grade ${grade}${grade === '3' ? ` ${tier}` : ''}, ${stay} stay, age ${age}`;

function segmentFaults(segments: readonly Segment[]): RulebookFault[] {
  return segments.flatMap(({ overFen, bp }, index) => {
    const faults: RulebookFault[] = [];
    if (index === 0 && overFen !== 0) faults.push({ path: [0, 'over'], reason: 'the first segment begins at 0.00' });
    const before = segments[index - 1]?.overFen;
    if (before !== undefined && before >= overFen) faults.push({ path: [index, 'over'], reason: 'segments stand in the order of their bounds' });
    if (bp > 10_000) faults.push({ path: [index, 'percent'], reason: 'more than 100 %' });
    return faults;
  });
}

function pointFaults(lessBp: typeof MOST_LESS_BP, index: number): RulebookFault[] {
  return (Object.keys(MOST_LESS_BP) as (keyof typeof MOST_LESS_BP)[])
    .filter((name) => lessBp[name] > MOST_LESS_BP[name])
    .map((name) => ({ path: [index, 'value', 'points', name], reason: `at most ${MOST_LESS_BP[name] / 100} points are allowed` }));
}

function regionsOnce(regions: readonly string[]): RulebookFault[] {
  return regions.flatMap((digits, index) => {
    const wider = regions.slice(0, index).find((before) => digits.startsWith(before) || before.startsWith(digits));
    return wider === undefined ? [] : [{ path: ['insuredRegions', index], reason: `${digits} is covered by ${wider} already` }];
  });
}

/** An item under two limits would be counted twice. */
function limitFaults(limits: readonly TreatmentLimit[]): RulebookFault[] {
  const seen = new Map<string, string>();
  return limits.flatMap(({ id, itemCodes, allowed }, index) => [
    ...itemCodes.flatMap((code, place) => {
      const other = seen.get(code);
      seen.set(code, id);
      return other === undefined ? [] : [{ path: [index, 'itemCodes', place], reason: `${code} is limited by ${other} already` }];
    }),
    ...within([index, 'allowed'], orderFaults(allowed)),
  ]);
}

function kindsOnce(benefits: readonly { kinds: readonly string[] }[]): RulebookFault[] {
  return CLAIM_KIND_CODES.flatMap((kind) => {
    const at = benefits.flatMap(({ kinds }, index) => kinds.flatMap((each, place) => (each === kind ? [{ index, place }] : [])));
    return at.slice(1).map(({ index, place }) => ({ path: ['benefits', index, 'kinds', place], reason: `${kind} is covered twice` }));
  });
}

function within(path: readonly (string | number)[], faults: readonly RulebookFault[]): RulebookFault[] {
  return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
}
