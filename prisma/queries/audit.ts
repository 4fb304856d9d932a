import type { Actor } from '#domain/claim/actor.ts';
import type { Tx } from '../database.ts';

/*
 * The chains are made by a trigger (decision 0016), which holds the end of a chain until its transaction ends. A transaction that appends to several does
 * so in this order, or two of them could wait for each other: claims by number, people by id, a unit, the installation.
 */

/** Something that must be provable and is neither a transition (they write their own) nor a look. */
export type AuditEntry = {
  /** the claim whose chain it joins; else it joins the unit's, and where there is none either the installation's */
  claimNumber?: string | null;
  /** of a claim it is the claim's */
  unitId?: string | null;
  /** the claim's last transition */
  seq?: number;
  /** now, where it is absent */
  at?: Date;
  actor: Actor;
  action: string;
  /**
   * Ids, codes and amounts, never a name, a number of a person or an account, or anything medical: nothing is erased here. What people write as reasons and comments
   * stands in entries all the same, those of transitions above all, which repeat their events (decision 0016): put it into no other without need.
   */
  detail: Record<string, unknown>;
};

/** Appends to the chain of a claim, a unit or the installation. */
export async function audit(tx: Pick<Tx, 'query'>, { claimNumber = null, unitId = null, seq, at, actor, action, detail }: AuditEntry): Promise<void> {
  await tx.query(
    `INSERT INTO audit_entry (claim_number, unit_id, seq, at, actor, action, detail)
     VALUES ($1, coalesce((SELECT unit_id FROM claim WHERE number = $1), $2), $3, coalesce($4, now()), $5, $6, $7)`,
    [claimNumber, unitId, seq ?? null, at ?? null, JSON.stringify(actor), action, JSON.stringify(detail)],
  );
}

/** Who was looked at, by whom, and what at: `claim.decisions`, `document.content`. */
export type Look = { employeeId: string; unitId: string; actor: Actor; what: string; claimNumber?: string; at?: Date };

/** How an entry of a look begins in `action`. */
export const LOOKED = 'looked';

/**
 * One entry in the chain of each of `people`, who may be named more than once, in their order (see above). An entry stands for all looks of the same reader at the same thing within the minute that it begins: a page
 * that reloads itself is one look, while who saw what, and in which minute, stays as it was. What people see of themselves is no look.
 */
export async function recordLooks(
  tx: Pick<Tx, 'query'>,
  look: { people: readonly { employeeId: string; unitId: string; claimNumber?: string }[]; actor: Actor; what: string; at?: Date },
): Promise<void> {
  const { actor, what, at } = look;
  const people = look.people.filter(({ employeeId }) => actor.type !== 'person' || actor.id !== employeeId);
  if (people.length === 0) return;
  await tx.query(
    `INSERT INTO audit_entry (employee_id, unit_id, at, actor, action, detail)
     SELECT seen.employee_id, seen.unit_id, coalesce($4::timestamptz, now()), $5::jsonb, '${LOOKED}', seen.detail
     FROM (SELECT DISTINCT p.employee_id, p.unit_id, jsonb_strip_nulls(jsonb_build_object('what', $6::text, 'claim', p.claim)) AS detail
       FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS p (employee_id, unit_id, claim)) AS seen
     WHERE NOT EXISTS (SELECT FROM audit_entry a WHERE a.employee_id = seen.employee_id AND a.action = '${LOOKED}' AND a.actor = $5::jsonb
       AND a.detail = seen.detail AND a.recorded_at > now() - interval '1 minute')
     ORDER BY seen.employee_id, seen.detail`,
    [
      ...[people.map((one) => one.employeeId), people.map((one) => one.unitId), people.map((one) => one.claimNumber ?? null)],
      ...[at ?? null, JSON.stringify(actor), what],
    ],
  );
}

/**
 * SQL for the detail of a transition's entry: what its event says, so that the event cannot be changed either. The arguments are SQL; `about` is the event's
 * own detail.
 */
export function auditedMove(event: { from?: string; to: string; remark: string; params: string; turn: string; due?: string; about?: string }): string {
  const { from = 'NULL::text', to, remark, params, turn, due = 'NULL::timestamptz', about = `'{}'::jsonb` } = event;
  return `jsonb_build_object('from', ${from}, 'to', ${to}, 'remark', ${remark}, 'params', ${params}, 'turn', ${turn},
      'due', to_char(${due} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'about', ${about})`;
}
