import type { Circumstance } from '#domain/claim/completeness.ts';
import { ageOn } from '#domain/policy/age.ts';
import { completeLines, type SettlementMode } from '#domain/policy/catalogue.ts';
import { entitle, type KnownClaim, type Settlements } from '#domain/policy/entitle.ts';
import { completeHospital } from '#domain/policy/hospitals.ts';
import type { Policies } from '#domain/policy/policies.ts';
import { isFor } from '#domain/policy/rulebook.ts';
import type { Quantities } from '#domain/policy/limits.ts';
import type { NotCovered, Settlement } from '#domain/policy/settle.ts';
import { quantitiesSoFar } from '#domain/policy/year.ts';
import type { ClaimContext } from '#prisma/queries/claim-context.ts';
import { insertEntitlement, lockYear, readClaimFacts } from '#prisma/queries/entitlements.ts';
import { quotaYear, type Transition } from './transition.ts';

/**
 * Settles a claim after the person's other ones of the year, by the rulebook in force on its first day and the plan of its unit, and stores what came out with what decided it.
 * Where no rulebook answers, or something is not known that it asks for, that is what is stored: nothing is guessed. `used`: of items with a treatment limit, by the others.
 */
export function entitlements(policies: Policies) {
  return async function assessEntitlement(claim: ClaimContext, t: Transition): Promise<{ entitlement: Settlement | NotCovered; used: Quantities }> {
    const facts = await readClaimFacts(t.tx, { claimNumber: claim.number, employeeId: claim.employeeId });
    const rulebook = policies.rulebooks.find(({ value }) => isFor(value, { insuredRegion: claim.insuredRegion, scheme: facts.scheme }));
    const planId = claim.settings.plan;
    const plan = planId === null ? null : policies.plans.find(({ value }) => value.id === planId);
    const day = claim.visitStart;
    const circumstances = claim.circumstances as Circumstance[];
    const about = { ...policies, ...claim, circumstances, day, rulebook: rulebook?.value, settlement: modeOf(facts) };
    const where = completeHospital(facts.hospital, about);
    const completed = completeLines(facts.lines, { ...about, grade: where.ok ? where.hospital.grade : undefined });
    const known: KnownClaim = {
      ...{ insuredRegion: claim.insuredRegion, treatedRegion: claim.treatedRegion, scheme: facts.scheme, kind: claim.kind, visitStart: day, circumstances },
      ...{ personType: facts.personType, age: (facts.identityNo === null ? undefined : ageOn(facts.identityNo, day)) ?? null },
      hospital: where.ok ? where.hospital : null,
      // said only where it changes something: what was kept before is still the same
      ...(facts.settlement !== 'manual' && { settlement: facts.settlement }),
      lines: completed.ok ? completed.lines : facts.lines,
    };
    const year = quotaYear(claim);
    const earlier = await lockYear(t.tx, { employeeId: claim.employeeId, year, except: claim.number });
    const result = entitle(known, { rulebook: rulebook?.value, plan: plan === null ? null : plan?.value }, earlier);
    await insertEntitlement(t.tx, {
      ...{ claimNumber: claim.number, employeeId: claim.employeeId, year, at: t.at, kind: claim.kind, submittedFen: claim.submittedFen },
      rulebook: rulebook ? { id: rulebook.value.id, version: rulebook.version } : null,
      plan: plan ? { id: plan.value.id, version: plan.version } : null,
      catalogues: [...new Set(known.lines.flatMap(({ catalogue }) => catalogue?.source ?? []))].toSorted(),
      assessed: { claim: known, result },
    });
    return { entitlement: result, used: rulebook ? quantitiesSoFar(earlier, rulebook.value) : {} };
  };
}

/** Whose catalogue is asked: of a claim with both kinds of invoices that for what is claimed afterwards. */
export const modeOf = ({ settlement }: { settlement: Settlements }): SettlementMode => (settlement === 'direct' ? 'direct' : 'manual');
