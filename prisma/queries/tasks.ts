import type { Actor, Role } from '#domain/claim/actor.ts';
import type { TaskKind } from '#domain/claim/tasks.ts';
import type { Fen } from '#domain/money.ts';
import type { Database } from '../database.ts';
import type { ClaimAccess } from './claim-access.ts';

export type TaskStatus = 'OPEN' | 'DECIDED' | 'CANCELLED';

/** A task with what is needed to decide it, and to say who may. */
export type TaskRow = {
  id: string;
  claimNumber: string;
  kind: TaskKind;
  level: number;
  unitId: string;
  unitCode: string;
  /** of the unit that decides it, from the root down */
  unitAncestors: string[];
  role: Role;
  choices: string[];
  excluded: string[];
  detail: Record<string, unknown>;
  status: TaskStatus;
  version: number;
  dueAt: Date | null;
  createdAt: Date;
  closedAt: Date | null;
  decidedBy: Actor | null;
  choice: string | null;
  comment: string | null;
  claim: ClaimAccess & { onHold: boolean; submittedFen: Fen };
};

type Reader = Pick<Database, 'query'>;

const TASK = `SELECT t.id, t.claim_number AS "claimNumber", t.kind, t.level, t.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "unitAncestors",
    t.role, t.choices, t.excluded, t.detail, t.status, t.version, t.due_at AS "dueAt", t.created_at AS "createdAt", t.closed_at AS "closedAt",
    t.decided_by AS "decidedBy", t.choice, t.comment, c.state, c.seq, c.closed_at AS "claimClosedAt", c.workflow_id AS "workflowId", c.employee_id AS "employeeId",
    cu.code AS "claimUnitCode", cu.ancestor_ids AS "claimUnitAncestors", c.insured_region AS "insuredRegion",
    c.escalation_level AS "escalationLevel", c.on_hold AS "onHold", c.submitted_fen AS "submittedFen"
  FROM task t JOIN unit u ON u.id = t.unit_id JOIN claim c ON c.number = t.claim_number JOIN unit cu ON cu.id = c.unit_id`;

type Row = Omit<TaskRow, 'claim'> & Omit<TaskRow['claim'], 'number' | 'closedAt' | 'unitCode' | 'unitAncestors'> & { claimClosedAt: Date | null; claimUnitCode: string; claimUnitAncestors: string[] };

function taskOf({ state, seq, workflowId, employeeId, insuredRegion, escalationLevel, onHold, submittedFen, ...row }: Row): TaskRow {
  const { claimClosedAt: closedAt, claimUnitCode: unitCode, claimUnitAncestors: unitAncestors, ...task } = row;
  const claim = { number: task.claimNumber, state, seq, closedAt, workflowId, employeeId, unitCode, unitAncestors, insuredRegion, escalationLevel };
  return { ...task, claim: { ...claim, onHold, submittedFen } };
}

/** Those of `ids` that lie in the subtree of `within`, in no order. */
export async function findTasks(db: Reader, { ids, within }: { ids: readonly string[]; within: string }): Promise<TaskRow[]> {
  const { rows } = await db.query<Row>(`${TASK} WHERE t.id = ANY ($1::uuid[]) AND u.ancestor_ids @> ARRAY[$2::uuid]`, [ids, within]);
  return rows.map(taskOf);
}

export type TaskFilter = {
  within: string;
  status: TaskStatus | undefined;
  kind: TaskKind | undefined;
  claimNumber: string | undefined;
  /** open tasks whose time is up at this moment */
  overdueAt: Date | undefined;
  /** those that this person may decide */
  decidableBy: { employeeId: string; at: Date } | undefined;
};

/** Where a page ends: the due time in milliseconds (tasks without one come last) and the id. */
export type TaskPosition = { due: number | null; id: string };

/** Tasks in the order in which they are due. */
export async function listTasks(db: Reader, filter: TaskFilter, page: { after: TaskPosition | undefined; limit: number }): Promise<TaskRow[]> {
  const after = page.after && (page.after.due === null ? 'infinity' : new Date(page.after.due).toISOString());
  const { rows } = await db.query<Row>(
    `${TASK}
     WHERE u.ancestor_ids @> ARRAY[$1::uuid] AND ($2::text IS NULL OR t.status = $2) AND ($3::text IS NULL OR t.kind = $3)
       AND ($4::text IS NULL OR t.claim_number = $4) AND ($5::timestamptz IS NULL OR (t.status = 'OPEN' AND t.due_at < $5))
       AND ($6::uuid IS NULL OR (c.employee_id <> $6 AND NOT $6 = ANY (t.excluded) AND EXISTS (
         SELECT 1 FROM role_assignment r WHERE r.employee_id = $6 AND r.role = t.role AND r.unit_id = ANY (u.ancestor_ids)
           AND r.valid_from <= $7 AND (r.valid_to IS NULL OR r.valid_to > $7))))
       AND ($8::timestamptz IS NULL OR (coalesce(t.due_at, 'infinity'), t.id) > ($8, $9::uuid))
     ORDER BY coalesce(t.due_at, 'infinity'), t.id LIMIT $10`,
    [
      filter.within,
      filter.status ?? null,
      filter.kind ?? null,
      filter.claimNumber ?? null,
      filter.overdueAt ?? null,
      filter.decidableBy?.employeeId ?? null,
      filter.decidableBy?.at ?? null,
      after ?? null,
      page.after?.id ?? null,
      page.limit,
    ],
  );
  return rows.map(taskOf);
}

/** The claim's lines, for checking a written decision against them. */
export async function claimLines(db: Reader, { claimNumber }: { claimNumber: string }): Promise<{ lineNo: number; amountFen: Fen }[]> {
  const { rows } = await db.query<{ lineNo: number; amountFen: Fen }>(
    'SELECT line_no AS "lineNo", amount_fen AS "amountFen" FROM claim_line WHERE claim_number = $1 ORDER BY line_no',
    [claimNumber],
  );
  return rows;
}

/** Whether a document is filed with the claim. */
export async function hasDocument(db: Reader, { claimNumber, documentId }: { claimNumber: string; documentId: string }): Promise<boolean> {
  const { rows } = await db.query('SELECT 1 FROM claim_document WHERE claim_number = $1 AND document_id = $2', [claimNumber, documentId]);
  return rows.length === 1;
}
