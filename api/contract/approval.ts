import { z } from 'zod';
import { APPROVAL_MODES, APPROVER_PLACES, APPROVER_ROLES } from '#domain/approval/flow.ts';
import { APPROVAL_STATUSES } from '#domain/approval/instance.ts';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { employeeNo, line, pageOf, pageQuery, time, unitCode, yuan } from './common.ts';

const APPROVERS_LIMIT = 20;
const STEPS_LIMIT = 20;
const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;
const people = z.array(employeeNo).min(1).max(APPROVERS_LIMIT).refine(distinct, 'each person once').meta({ uniqueItems: true });

const approvers = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('people'), employeeNos: people }),
    z.strictObject({ kind: z.literal('role'), role: z.enum(APPROVER_ROLES), place: z.enum(APPROVER_PLACES).optional() }),
  ])
  .meta({
    id: 'Approvers',
    description: '`nearest`, where `place` is absent: holders of the role on the claim’s unit, or else on the nearest unit above it where anybody holds it',
  });
const copies = z.array(approvers).max(APPROVERS_LIMIT).optional().meta({ description: '抄送: they read and decide nothing' });

const step = z
  .strictObject({
    name: line(60),
    mode: z.enum(APPROVAL_MODES).meta({ description: '单人 one, 或签 any, 会签 all, 依次 in-order' }),
    approvers,
    copies,
  })
  .refine(({ mode, approvers: who }) => mode !== 'one' || who.kind === 'role' || who.employeeNos.length === 1, 'a step of one names one person')
  .meta({ id: 'ApprovalStep' });

const kinds = z.array(z.enum(CLAIM_KIND_CODES)).min(1).refine(distinct, 'each kind once').meta({ uniqueItems: true });
const name = line(60);

/** A new version of a flow: what it asks, or that it ends. */
export const newApprovalFlow = z
  .strictObject({
    name,
    basedOn: z.int().min(0).max(1_000_000).meta({ description: 'The version that was the newest when this one was written; 0 for a flow that is new' }),
    validFrom: time.optional().meta({ description: 'Counts for claims submitted from then on; now where absent, never before' }),
    claimKinds: kinds.optional().meta({ description: 'All kinds where absent' }),
    minAmount: yuan.optional(),
    maxAmount: yuan.optional(),
    steps: z.array(step).min(1).max(STEPS_LIMIT).optional(),
    copies,
    ends: z.literal(true).optional().meta({ description: 'In the place of `steps`: from `validFrom` on there is no flow of this name' }),
  })
  .refine(({ steps, ends }) => (steps === undefined) === (ends === true), 'either `steps` or `ends`')
  .meta({ id: 'NewApprovalFlow' });
export type NewApprovalFlow = z.output<typeof newApprovalFlow>;

export const approvalFlow = z
  .strictObject({
    id: z.uuid(),
    unitCode,
    name: z.string(),
    version: z.int(),
    validFrom: time,
    inForce: z.boolean().meta({ description: 'Whether claims submitted now take it' }),
    claimKinds: z.array(z.enum(CLAIM_KIND_CODES)).nullable(),
    minAmount: yuan.nullable(),
    maxAmount: yuan.nullable(),
    steps: z.array(step),
    copies: z.array(approvers),
    ends: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'ApprovalFlow', description: 'A version of a flow; it is never changed' });
export const approvalFlowPage = pageOf(approvalFlow);
export const approvalFlowQuery = z.strictObject({ ...pageQuery, name: name.optional() });

const person = z.strictObject({ employeeNo, name: z.string() }).meta({ id: 'ApprovalPerson' });

/** 审批记录 of a claim. */
export const approval = z
  .strictObject({
    flow: z.strictObject({ name: z.string(), version: z.int() }).nullable().meta({ description: 'Null: the claim passes no approval, or has not come so far' }),
    status: z.enum(APPROVAL_STATUSES).nullable(),
    step: z.int().nullable().meta({ description: 'The step that decides now, from 1' }),
    steps: z.array(z.strictObject({ no: z.int(), name: z.string(), mode: z.enum(APPROVAL_MODES) })),
    waitingFor: z.array(person).meta({ description: 'Whose turn it is' }),
    trail: z.array(
      z.strictObject({
        no: z.int(),
        seq: z.int(),
        at: time,
        action: z.string(),
        step: z.int(),
        by: person.nullable().meta({ description: 'Null: the flow itself' }),
        onBehalfOf: person.nullable(),
        people: z.array(person),
        toStep: z.int().nullable(),
        mode: z.enum(APPROVAL_MODES).nullable(),
        found: z.string().nullable(),
        comment: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Approval' });
export type ApprovalJson = z.output<typeof approval>;
