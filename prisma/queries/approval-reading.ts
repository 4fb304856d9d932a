import type { ApprovalFlow } from '#domain/approval/flow.ts';
import { askedNow, type ApprovalInstance, type ApprovalStatus, type PinnedFlow, type TrailEntry } from '#domain/approval/instance.ts';
import type { Actor } from '#domain/claim/actor.ts';
import type { Database, Tx } from '../database.ts';
import { FLOW } from './approvals.ts';

type Reader = Pick<Database, 'query'>;

export type ApprovalPerson = { id: string; employeeNo: string; name: string };
export type ApprovalReading = {
  flow: PinnedFlow;
  status: ApprovalStatus;
  step: number;
  /** whose turn it is */
  asked: string[];
  trail: (TrailEntry & { no: number; seq: number; at: Date })[];
  people: Map<string, ApprovalPerson>;
};

/** A claim's way through its flow, with who took part in it; undefined where it has taken none (yet). */
export async function readApprovalTrail(db: Reader, claimNumber: string): Promise<ApprovalReading | undefined> {
  const { rows } = await db.query<{ flow: PinnedFlow; instance: ApprovalInstance }>('SELECT flow, instance FROM approval WHERE claim_number = $1', [
    claimNumber,
  ]);
  const [found] = rows;
  if (!found) return undefined;
  const { rows: trail } = await db.query<ApprovalReading['trail'][number]>(
    `SELECT no, seq, at, action, step, by, on_behalf_of AS "onBehalfOf", people, to_step AS "toStep", mode, found, comment
     FROM approval_entry WHERE claim_number = $1 ORDER BY no`,
    [claimNumber],
  );
  const { rows: people } = await db.query<ApprovalPerson>('SELECT id, employee_no AS "employeeNo", name FROM approval_people($1)', [claimNumber]);
  const { flow, instance } = found;
  return {
    ...{ flow, trail, status: instance.status, step: instance.step, people: new Map(people.map((person) => [person.id, person])) },
    asked: askedNow(instance).flatMap(({ employeeId }) => employeeId ?? []),
  };
}

/** In whose persons this claim was put before the caller: the caller's own, and of those whom the caller stands in for. Empty where in nobody's. */
export async function findParticipation(db: Reader, claimNumber: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('SELECT employee_id AS id FROM claim_participant WHERE claim_number = $1', [claimNumber]);
  return rows.map(({ id }) => id);
}

/** The same, over all claims that a document is filed with. */
export async function findParticipationIn(db: Reader, { documentId }: { documentId: string }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT DISTINCT p.employee_id AS id FROM claim_participant p JOIN claim_document d USING (claim_number) WHERE d.document_id = $1',
    [documentId],
  );
  return rows.map(({ id }) => id);
}

/** Active employees of the whole group, by number: whom a flow may name, and an approval be passed on to. What is absent is not there. */
export async function findColleagues(db: Pick<Tx, 'query'>, numbers: readonly string[]): Promise<Map<string, string>> {
  if (numbers.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; employeeNo: string }>('SELECT id, employee_no AS "employeeNo" FROM find_colleagues($1)', [
    [...new Set(numbers)],
  ]);
  return new Map(rows.map(({ id, employeeNo }) => [employeeNo, id]));
}

export type FlowRow = ApprovalFlow & { unitCode: string; createdAt: Date };
const FLOW_ROW = `${FLOW}, u.code AS "unitCode", f.created_at AS "createdAt"`;

/** Versions of the unit's own flows, by name and the newest first. */
export async function listFlows(
  db: Pick<Tx, 'query'>,
  page: { unitId: string; name: string | undefined; after: { name: string; version: number } | undefined; limit: number },
): Promise<FlowRow[]> {
  const { rows } = await db.query<FlowRow>(
    `SELECT ${FLOW_ROW} FROM approval_flow f JOIN unit u ON u.id = f.unit_id
     WHERE f.unit_id = $1 AND ($2::text IS NULL OR f.name = $2) AND ($3::text IS NULL OR f.name > $3 OR f.name = $3 AND f.version < $4)
     ORDER BY f.name, f.version DESC LIMIT $5`,
    [page.unitId, page.name ?? null, page.after?.name ?? null, page.after?.version ?? 0, page.limit],
  );
  return rows;
}

/** Every version of every flow of the unit. */
export async function readUnitFlows(db: Pick<Tx, 'query'>, unitId: string): Promise<ApprovalFlow[]> {
  const { rows } = await db.query<ApprovalFlow>(`SELECT ${FLOW} FROM approval_flow f WHERE f.unit_id = $1`, [unitId]);
  return rows;
}

/** Adds a version; the caller holds the unit's row. */
export async function insertFlow(tx: Tx, flow: Omit<ApprovalFlow, 'id'> & { createdBy: Actor; at: Date }): Promise<FlowRow> {
  const { rows } = await tx.query<FlowRow>(
    `WITH f AS (
       INSERT INTO approval_flow (unit_id, name, version, valid_from, claim_kinds, min_fen, max_fen, steps, copies, created_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *
     ) SELECT ${FLOW_ROW} FROM f JOIN unit u ON u.id = f.unit_id`,
    [
      ...[flow.unitId, flow.name, flow.version, flow.validFrom, flow.claimKinds ?? [], flow.minFen, flow.maxFen],
      ...[JSON.stringify(flow.steps), JSON.stringify(flow.copies), JSON.stringify(flow.createdBy), flow.at],
    ],
  );
  const [row] = rows;
  if (!row) throw new Error('the flow was not written');
  return row;
}

/** The numbers of employees by id. */
export async function employeeNumbers(db: Pick<Tx, 'query'>, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; no: string | null }>('SELECT id, employee_number(id) AS no FROM unnest($1::uuid[]) AS id', [[...new Set(ids)]]);
  return new Map(rows.map(({ id, no }) => [id, no ?? '']));
}
