import type { Role } from '../claim/actor.ts';
import type { ClaimKind } from '../claim/completeness.ts';
import type { Fen } from '../money.ts';

/** 审批流: which steps a claim of a unit passes before the bureau sees it. */

/** 单人 · 或签 · 会签 · 依次: how the people of a step decide together. `one` asks the first who is found. */
export const APPROVAL_MODES = ['one', 'any', 'all', 'in-order'] as const;
export type ApprovalMode = (typeof APPROVAL_MODES)[number];

/** Who may be asked by role: whoever may decide at all (domain/org/can.ts). An admin only passes on what finds nobody else. */
export const APPROVER_ROLES = ['approver', 'hr', 'finance'] as const satisfies readonly Role[];
export type ApproverRole = (typeof APPROVER_ROLES)[number];

/** `nearest`: on the claim's unit, or else on the nearest unit above it where anybody holds the role. `head-office`: on the root alone. */
export const APPROVER_PLACES = ['nearest', 'head-office'] as const;

/** Whom a step asks, or who gets a copy: people by name, or the holders of a role. */
export type Approvers = { kind: 'people'; employeeIds: readonly string[] } | { kind: 'role'; role: ApproverRole; place: (typeof APPROVER_PLACES)[number] };

export type ApprovalStep = {
  name: string;
  approvers: Approvers;
  mode: ApprovalMode;
  /** 抄送: told when the step is passed */
  copies: readonly Approvers[];
};

/** What a version of a flow says. A version without steps ends the flow: from then on there is none of its name. */
export type FlowDefinition = {
  /** for all kinds where null */
  claimKinds: readonly ClaimKind[] | null;
  /** submitted amount, both ends included; null: no end */
  minFen: Fen | null;
  maxFen: Fen | null;
  steps: readonly ApprovalStep[];
  /** 抄送: told when the last step is passed, or a step refused */
  copies: readonly Approvers[];
};

/** A version of a flow. Versions are added and never changed. */
export type ApprovalFlow = FlowDefinition & { id: string; unitId: string; name: string; version: number; validFrom: Date };

/** The version of each flow (by unit and name) that is in force at `at`: the one that begins last, of several that begin together the newest. */
export function inForce<Flow extends Pick<ApprovalFlow, 'unitId' | 'name' | 'version' | 'validFrom'>>(versions: readonly Flow[], at: Date): Flow[] {
  const newest = new Map<string, Flow>();
  for (const flow of versions) {
    if (flow.validFrom > at) continue;
    const key = `${flow.unitId} ${flow.name}`;
    const other = newest.get(key);
    if (!other || beginsAfter(flow, other)) newest.set(key, flow);
  }
  return [...newest.values()];
}

function beginsAfter(flow: Pick<ApprovalFlow, 'version' | 'validFrom'>, other: Pick<ApprovalFlow, 'version' | 'validFrom'>): boolean {
  const later = flow.validFrom.getTime() - other.validFrom.getTime();
  return later > 0 || (later === 0 && flow.version > other.version);
}

/**
 * The flow that a claim takes: of the nearest unit that has one for it, the most specific. `ancestorIds` from the root down to the claim's unit; `at` is
 * when the claim was submitted. Null where no flow is meant for it: then nobody of ours is asked.
 */
export function selectFlow(
  versions: readonly ApprovalFlow[],
  claim: { ancestorIds: readonly string[]; kind: ClaimKind; submittedFen: Fen; at: Date },
): ApprovalFlow | null {
  const meant = inForce(versions, claim.at).filter((flow) => flow.steps.length > 0 && isFor(flow, claim));
  for (const unitId of claim.ancestorIds.toReversed()) {
    const own = meant.filter((flow) => flow.unitId === unitId);
    // of two that are meant for one claim, one lies within the other: `findOverlap` lets no others in
    const [best] = own.toSorted((a, b) => (liesWithin(a, b) ? -1 : liesWithin(b, a) ? 1 : a.name < b.name ? -1 : 1));
    if (best) return best;
  }
  return null;
}

type Range = Pick<FlowDefinition, 'claimKinds' | 'minFen' | 'maxFen'>;

function isFor({ claimKinds, minFen, maxFen }: Range, { kind, submittedFen }: { kind: ClaimKind; submittedFen: Fen }): boolean {
  return (claimKinds?.includes(kind) ?? true) && submittedFen >= (minFen ?? 0) && submittedFen <= (maxFen ?? Infinity);
}

/**
 * The flow of `others` (same unit, other names) that would leave open which of the two a claim takes. One that is meant for fewer kinds and a
 * narrower range of amounts than the other is the more specific one, and wins; two that merely overlap, or are meant for the same, would be a coin toss.
 */
export function findOverlap<Other extends Range>(flow: Range, others: readonly Other[]): Other | null {
  return others.find((other) => meet(flow, other) && liesWithin(flow, other) === liesWithin(other, flow)) ?? null;
}

function meet(a: Range, b: Range): boolean {
  const kinds = a.claimKinds === null || b.claimKinds === null || a.claimKinds.some((kind) => b.claimKinds?.includes(kind));
  return kinds && (a.minFen ?? 0) <= (b.maxFen ?? Infinity) && (b.minFen ?? 0) <= (a.maxFen ?? Infinity);
}

function liesWithin(inner: Range, outer: Range): boolean {
  const kinds = outer.claimKinds === null || (inner.claimKinds?.every((kind) => outer.claimKinds?.includes(kind)) ?? false);
  return kinds && (inner.minFen ?? 0) >= (outer.minFen ?? 0) && (inner.maxFen ?? Infinity) <= (outer.maxFen ?? Infinity);
}

/** The employees whom a flow names. */
export function namedIn({ steps, copies }: Pick<FlowDefinition, 'steps' | 'copies'>): string[] {
  const all = [...steps.flatMap((step) => [step.approvers, ...step.copies]), ...copies];
  return [...new Set(all.flatMap((one) => (one.kind === 'people' ? one.employeeIds : [])))];
}
