import type { z } from 'zod';
import { namedIn, type ApprovalFlow, type Approvers, type FlowDefinition } from '#domain/approval/flow.ts';
import { refuse, type Refusal } from '#domain/errors.ts';
import { formatYuan, parseYuan } from '#domain/money.ts';
import type { FlowRow } from '#prisma/queries/approval-reading.ts';
import type { approvalFlow, NewApprovalFlow } from './contract/approval.ts';

type ApproversJson = NonNullable<NewApprovalFlow['copies']>[number];

/** The numbers of all whom a flow to be made names. */
export function numbersIn({ steps = [], copies = [] }: NewApprovalFlow): string[] {
  const all = [...steps.flatMap((step) => [step.approvers, ...(step.copies ?? [])]), ...copies];
  return all.flatMap((one) => (one.kind === 'people' ? one.employeeNos : []));
}

/** EMPLOYEE_UNKNOWN: somebody named is not there (any more). AMOUNT_INVALID: the range ends before it begins. */
export function flowFromJson(json: NewApprovalFlow, idOf: ReadonlyMap<string, string>): ({ ok: true } & FlowDefinition) | Refusal {
  const unknown = numbersIn(json).filter((no) => !idOf.has(no));
  if (unknown.length > 0) return refuse('EMPLOYEE_UNKNOWN', { params: { employeeNos: unknown } });
  const minFen = (json.minAmount === undefined ? undefined : parseYuan(json.minAmount)) ?? null;
  const maxFen = (json.maxAmount === undefined ? undefined : parseYuan(json.maxAmount)) ?? null;
  if (minFen !== null && maxFen !== null && minFen > maxFen) return refuse('AMOUNT_INVALID', { params: { path: 'maxAmount' } });
  const who = (one: ApproversJson): Approvers =>
    one.kind === 'role'
      ? { kind: 'role', role: one.role, place: one.place ?? 'nearest' }
      : { kind: 'people', employeeIds: one.employeeNos.flatMap((no) => idOf.get(no) ?? []) };
  const steps = (json.steps ?? []).map(({ name, mode, approvers, copies = [] }) => ({ name, mode, approvers: who(approvers), copies: copies.map(who) }));
  return { ok: true, claimKinds: json.claimKinds ?? null, minFen, maxFen, steps, copies: (json.copies ?? []).map(who) };
}

export function flowToJson(row: FlowRow, { inForce, noOf }: { inForce: boolean; noOf: ReadonlyMap<string, string> }): z.output<typeof approvalFlow> {
  const { id, unitCode, name, version, claimKinds, minFen, maxFen, steps, copies } = row;
  const who = (one: Approvers): ApproversJson =>
    one.kind === 'role' ? one : { kind: 'people', employeeNos: one.employeeIds.map((each) => noOf.get(each) ?? '') };
  return {
    ...{ id, unitCode, name, version, inForce, claimKinds: claimKinds && [...claimKinds], ends: steps.length === 0 },
    ...{ minAmount: minFen === null ? null : formatYuan(minFen), maxAmount: maxFen === null ? null : formatYuan(maxFen) },
    steps: steps.map((step) => ({ name: step.name, mode: step.mode, approvers: who(step.approvers), copies: step.copies.map(who) })),
    ...{ copies: copies.map(who), validFrom: row.validFrom.toISOString(), createdAt: row.createdAt.toISOString() },
  };
}

export const namedInAll = (flows: readonly ApprovalFlow[]): string[] => flows.flatMap(namedIn);
