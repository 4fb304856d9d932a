import type { Directory } from '#domain/approval/directory.ts';
import { namedIn, type ApprovalFlow } from '#domain/approval/flow.ts';
import type { ApprovalInstance, PinnedFlow, TrailEntry } from '#domain/approval/instance.ts';
import type { Tx } from '../database.ts';

/** A claim's way through its approval flow, as its transitions write it; what is shown of it is read in approval-reading.ts. */

/** Null where the claim has taken no flow (yet). The claim is locked by whoever asks. */
export async function readApproval(tx: Pick<Tx, 'query'>, claimNumber: string): Promise<{ flow: PinnedFlow; instance: ApprovalInstance } | null> {
  const { rows } = await tx.query<{ flow: PinnedFlow; instance: ApprovalInstance }>('SELECT flow, instance FROM approval WHERE claim_number = $1', [
    claimNumber,
  ]);
  return rows[0] ?? null;
}

/** All versions of the flows of these units that may be in force by then. */
export async function readFlows(tx: Pick<Tx, 'query'>, { unitIds, at }: { unitIds: readonly string[]; at: Date }): Promise<ApprovalFlow[]> {
  const { rows } = await tx.query<ApprovalFlow>(`SELECT ${FLOW} FROM approval_flow f WHERE f.unit_id = ANY ($1::uuid[]) AND f.valid_from <= $2`, [unitIds, at]);
  return rows;
}

/** An ApprovalFlow; no kinds stored means all. */
export const FLOW = `f.id, f.unit_id AS "unitId", f.name, f.version, f.valid_from AS "validFrom", nullif(f.claim_kinds, '{}') AS "claimKinds",
  f.min_fen AS "minFen", f.max_fen AS "maxFen", f.steps, f.copies`;

/** Stores where the approval of a claim is, and adds to its trail what led there. */
export async function saveApproval(
  tx: Tx,
  {
    claimNumber,
    seq,
    at,
    flow,
    instance,
    trail,
  }: { claimNumber: string; seq: number; at: Date; flow: PinnedFlow; instance: ApprovalInstance; trail: readonly TrailEntry[] },
): Promise<void> {
  await tx.query(
    `INSERT INTO approval (claim_number, flow_id, flow_version, flow, status, instance, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (claim_number) DO UPDATE SET status = excluded.status, instance = excluded.instance, updated_at = excluded.updated_at`,
    [claimNumber, flow.id, flow.version, JSON.stringify(flow), instance.status, JSON.stringify(instance), at],
  );
  await tx.query(
    `INSERT INTO approval_entry (claim_number, no, seq, at, action, step, by, on_behalf_of, people, to_step, mode, found, comment)
     SELECT $1, (SELECT coalesce(max(no), 0) FROM approval_entry WHERE claim_number = $1) + e.no, $2, $3, e.line ->> 'action', (e.line ->> 'step')::int,
       (e.line ->> 'by')::uuid, (e.line ->> 'onBehalfOf')::uuid, ARRAY(SELECT jsonb_array_elements_text(e.line -> 'people'))::uuid[],
       (e.line ->> 'toStep')::int, e.line ->> 'mode', e.line ->> 'found', e.line ->> 'comment'
     FROM jsonb_array_elements($4::jsonb) WITH ORDINALITY AS e (line, no)`,
    [claimNumber, seq, at, JSON.stringify(trail)],
  );
}

/** From now on these people see the claim. */
export async function addParticipants(
  tx: Tx,
  { claimNumber, employeeIds, at }: { claimNumber: string; employeeIds: readonly string[]; at: Date },
): Promise<void> {
  if (employeeIds.length === 0) return;
  await tx.query('INSERT INTO claim_participant (claim_number, employee_id, since) SELECT $1, unnest($2::uuid[]), $3 ON CONFLICT DO NOTHING', [
    claimNumber,
    [...new Set(employeeIds)],
    at,
  ]);
}

/** Who is there to be asked, of the roles and people that the flow names, and admins in case that nobody is. */
export async function readDirectory(
  tx: Pick<Tx, 'query'>,
  { claim, flow, at }: { claim: { employeeId: string; ancestorIds: readonly string[] }; flow: Pick<PinnedFlow, 'steps' | 'copies'>; at: Date },
): Promise<Directory> {
  const { rows: holders } = await tx.query<Directory['holders'][number]>(
    `SELECT r.employee_id AS "employeeId", r.unit_id AS "unitId", r.role FROM role_assignment r JOIN employee e ON e.id = r.employee_id AND e.active
     WHERE r.unit_id = ANY ($1::uuid[]) AND r.role = ANY ($2::text[]) AND r.valid_from <= $3 AND (r.valid_to IS NULL OR r.valid_to > $3)
     ORDER BY r.valid_from, e.employee_no`,
    [claim.ancestorIds, [...rolesIn(flow)], at],
  );
  const { rows: present } = await tx.query<{ id: string }>('SELECT id FROM employee WHERE id = ANY ($1::uuid[]) AND active', [namedIn(flow)]);
  return { claimantId: claim.employeeId, unitIds: claim.ancestorIds.toReversed(), holders, present: present.map(({ id }) => id) };
}

/** Above a person by name stands an approver, and above all an admin. */
function rolesIn({ steps, copies }: Pick<PinnedFlow, 'steps' | 'copies'>): Set<string> {
  const all = [...steps.flatMap((step) => [step.approvers, ...step.copies]), ...copies];
  return new Set(['approver', 'admin', ...all.flatMap((one) => (one.kind === 'role' ? [one.role] : []))]);
}

/** Whether all of these are employees who are still there. */
export async function areEmployed(tx: Pick<Tx, 'query'>, employeeIds: readonly string[]): Promise<boolean> {
  const ids = [...new Set(employeeIds)];
  const { rows } = await tx.query<{ n: number }>('SELECT count(*) AS n FROM employee WHERE id = ANY ($1::uuid[]) AND active', [ids]);
  return rows[0]?.n === ids.length;
}
