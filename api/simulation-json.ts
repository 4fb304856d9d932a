import { formatYuan, subtract } from '#domain/money.ts';
import { shownTotals, smallestSizes, type UnitTotals } from '#domain/simulation/shown.ts';
import { benefitOf, noTotals, UNCOVERED, type Totals } from '#domain/simulation/totals.ts';
import type { SimulationRow } from '#prisma/queries/simulations.ts';
import { actorToJson, rfc3339 } from './claim-json.ts';
import type { ComparisonJson, SimulationJson, TotalsJson } from './contract/simulations.ts';

export function summaryToJson(row: SimulationRow) {
  return {
    ...{ id: row.id, unitCode: row.unitCode, year: row.year, name: row.name, status: row.status, hash: row.hash },
    ...{ progress: { claims: row.claimsDone, of: Math.max(row.claimsDone, row.claimsTotal) }, createdBy: actorToJson(row.actor) },
    ...{ createdAt: row.createdAt.toISOString(), startedAt: rfc3339(row.startedAt), endedAt: rfc3339(row.endedAt) },
  };
}

/** `units`: null while it is under way. */
export function simulationToJson(row: SimulationRow, units: readonly UnitTotals[] | null): SimulationJson {
  const { rulebooks, plan } = row.under;
  const about = { ...summaryToJson(row), rulebooks, plan: { mode: row.planMode, given: plan } };
  if (!units) return { ...about, result: null };
  const shown = shownTotals(units);
  return {
    ...about,
    result: {
      ...{ partial: row.status !== 'DONE', digest: row.digest },
      total: shown.total && totalsToJson(shown.total),
      units: shown.units.map(({ unitCode, totals }) => ({ unitCode, totals: totalsToJson(totals) })),
      others: shown.others && totalsToJson(shown.others),
    },
  };
}

type Side = { row: Pick<SimulationRow, 'id' | 'digest'>; units: readonly UnitTotals[] };

/** Two runs side by side, each unit judged by the fewer people that it has in one of them. */
export function comparisonToJson(one: Side, other: Side): ComparisonJson {
  const sizes = smallestSizes(one.units, other.units);
  // a unit that has no claims in one of the runs has none there
  const whole = (side: Side): UnitTotals[] =>
    [...sizes.keys()].map((unitCode) => ({ unitCode, totals: side.units.find((unit) => unit.unitCode === unitCode)?.totals ?? noTotals() }));
  const [a, b] = [shownTotals(whole(one), sizes), shownTotals(whole(other), sizes)];
  const both = (left: Totals | null, right: Totals | null) => (left && right ? comparedToJson(left, right) : null);
  return {
    ...{ one: one.row.id, other: other.row.id, sameClaims: one.row.digest === other.row.digest },
    ...{ total: both(a.total, b.total), others: both(a.others, b.others) },
    units: a.units.map(({ unitCode, totals }) => ({
      unitCode,
      ...comparedToJson(totals, b.units.find((unit) => unit.unitCode === unitCode)?.totals ?? noTotals()),
    })),
  };
}

function comparedToJson(one: Totals, other: Totals) {
  const less = (name: 'eligibleFen' | 'pooledFen' | 'largeAmountFen' | 'planFen'): string => formatYuan(subtract(other[name], one[name]));
  return {
    ...{ one: totalsToJson(one), other: totalsToJson(other) },
    difference: {
      ...{ covered: other.covered - one.covered, eligible: less('eligibleFen'), benefit: formatYuan(subtract(benefitOf(other), benefitOf(one))) },
      funding: { bureauFund: less('pooledFen'), largeAmount: less('largeAmountFen'), employerPlan: less('planFen') },
    },
  };
}

function totalsToJson(totals: Totals): TotalsJson {
  return {
    ...{ people: totals.people, claims: totals.claims, submitted: formatYuan(totals.submittedFen), covered: totals.covered },
    ...{ eligible: formatYuan(totals.eligibleFen), benefit: formatYuan(benefitOf(totals)) },
    funding: { bureauFund: formatYuan(totals.pooledFen), largeAmount: formatYuan(totals.largeAmountFen), employerPlan: formatYuan(totals.planFen) },
    notCovered: UNCOVERED.flatMap((why) => {
      const one = totals.uncovered[why];
      return one ? [{ why, claims: one.claims, submitted: formatYuan(one.submittedFen) }] : [];
    }),
  };
}
