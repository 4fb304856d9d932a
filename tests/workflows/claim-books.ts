import type { ClaimState } from '#domain/claim/states.ts';
import type { TaskKind } from '#domain/claim/tasks.ts';
import type { Database } from '#prisma/database.ts';
import { readOrder } from '#prisma/queries/payments.ts';

export type ClaimRow = {
  state: ClaimState;
  seq: number;
  closed: boolean;
  cleared: boolean;
  onHold: boolean;
  escalationLevel: number;
  bureauOutage: boolean;
  payoutBlocked: string | null;
  turn: string | null;
  approvedFen: number | null;
  payableFen: number | null;
  paidFen: number;
  submissionVersion: number;
  dueAt: Date | null;
};
export type TaskRow = {
  id: string;
  kind: TaskKind;
  level: number;
  role: string;
  unitId: string;
  status: string;
  choice: string | null;
  excluded: string[];
  assignees: string[];
  detail: Record<string, unknown>;
};
export type PaymentRow = { reference: string; amountFen: number; status: string; accountNo: string; matched: boolean };
/** What Postgres says of a claim. */
export function claimBooks({ database, headUnitId, number }: { database: Database; headUnitId: string; number: string }) {
  const select = async <Row extends Record<string, unknown>>(text: string): Promise<Row[]> => (await database.query<Row>(text, [number])).rows;

  const row = async (): Promise<ClaimRow> => {
    const [found] = await select<ClaimRow>(
      `SELECT state, seq, closed_at IS NOT NULL AS closed, cleared_at IS NOT NULL AS cleared, on_hold AS "onHold", escalation_level AS "escalationLevel",
         bureau_outage AS "bureauOutage", payout_blocked AS "payoutBlocked", turn, approved_fen AS "approvedFen", payable_fen AS "payableFen",
         paid_fen AS "paidFen", submission_version AS "submissionVersion", due_at AS "dueAt" FROM claim WHERE number = $1`,
    );
    if (!found) throw new Error(`no claim ${number}`);
    return found;
  };

  const tasks = () =>
    select<TaskRow>(
      `SELECT id, kind, level, role, unit_id AS "unitId", status, choice, excluded, assignees, detail FROM task WHERE claim_number = $1 ORDER BY created_at, opened_seq, ordinal`,
    );

  const events = () =>
    select<{
      seq: number;
      type: string;
      from: ClaimState | null;
      to: ClaimState;
      at: Date;
      remark: string;
      params: Record<string, unknown>;
      detail: Record<string, unknown>;
      actor: { type: string };
    }>(
      `SELECT seq, type, from_state AS "from", to_state AS "to", at, remark, remark_params AS params, detail, actor FROM claim_event WHERE claim_number = $1 ORDER BY seq`,
    );
  /** `MOVE STATE`, with the remark in brackets where it is another than the move's own */
  const trail = async (): Promise<string[]> => (await events()).map(({ type, to, remark }) => `${type}${remark === type ? '' : `(${remark})`} ${to}`);

  const submissionId = async (version?: number): Promise<string> => {
    const rows = await select<{ messageId: string; version: number }>(
      'SELECT message_id AS "messageId", version FROM bureau_submission WHERE claim_number = $1 ORDER BY version',
    );
    return (version === undefined ? rows.at(-1) : rows.find((one) => one.version === version))?.messageId ?? 'none';
  };

  return {
    ...{ select, row, tasks, events, trail, submissionId },
    decisions: () =>
      select<{ no: number; source: string; sourceNo: string; outcome: string; benefitFen: number; payableFen: number }>(
        'SELECT no, source, source_no AS "sourceNo", outcome, benefit_fen AS "benefitFen", payable_fen AS "payableFen" FROM decision WHERE claim_number = $1 ORDER BY no',
      ),
    payments: async (): Promise<PaymentRow[]> =>
      Promise.all(
        (
          await select<Omit<PaymentRow, 'accountNo'>>(
            `SELECT reference, amount_fen AS "amountFen", status, matched_at IS NOT NULL AS matched
             FROM payment_instruction WHERE claim_number = $1 ORDER BY created_at, reference`,
          )
        ).map(async (payment) => ({ ...payment, accountNo: (await readOrder(database, payment.reference)).order.payee.accountNo })),
      ),
    /** `KIND GRADE <other claim>`, and `cleared: <comment>` where somebody has said that it is none; the shared account of all test people left out */
    async matches(): Promise<string[]> {
      const rows = await select<{ line: string }>(
        `SELECT concat_ws(' ', kind, grade, other_claim, 'cleared: ' || cleared_comment) AS line FROM claim_match
         WHERE claim_number = $1 AND kind <> 'SAME_ACCOUNT' ORDER BY other_claim, kind`,
      );
      return rows.map(({ line }) => line);
    },
    /** What the newest review found: `CODE ABOUT blocking employee`, `overruled: why` where a person has said so. */
    async findings(): Promise<string[]> {
      const rows = await select<{ line: string }>(
        `SELECT concat_ws(' ', f.code, f.about, CASE WHEN f.blocking THEN 'blocking' END, f.mended_by, 'overruled: ' || o.comment) AS line
         FROM claim_finding f LEFT JOIN finding_overrule o ON o.claim_number = f.claim_number AND o.facts = f.facts
         WHERE f.claim_number = $1 AND f.review_no = (SELECT max(no) FROM claim_review WHERE claim_number = $1) ORDER BY f.no`,
      );
      return rows.map(({ line }) => line);
    },
    async invoiceHolders(): Promise<string[]> {
      return (
        await select<{ holder: string }>(
          'SELECT h.claim_number AS holder FROM invoice_hold h JOIN claim_invoice i USING (invoice_key) WHERE i.claim_number = $1',
        )
      ).map(({ holder }) => holder);
    },
    /** `amount STATUS` of what the claim holds, and the quota's own sums */
    async quota(): Promise<{ held: string; reservedFen: number; usedFen: number }> {
      const [held] = await select<{ text: string }>(`SELECT amount_fen || ' ' || status AS text FROM quota_reservation WHERE claim_number = $1`);
      const [quota] = await select<{ reservedFen: number; usedFen: number }>(
        'SELECT q.reserved_fen AS "reservedFen", q.used_fen AS "usedFen" FROM quota q JOIN claim c ON c.employee_id = q.employee_id WHERE c.number = $1',
      );
      return { held: held?.text ?? 'nothing', reservedFen: quota?.reservedFen ?? 0, usedFen: quota?.usedFen ?? 0 };
    },
    /** `TEMPLATE claimant`, `TEMPLATE role@HQ`, or a person's name as in `people` */
    async notices(): Promise<string[]> {
      const rows = await select<{ template: string; kind: string; role: string | null; unitId: string | null; employeeNo: string | null }>(
        `SELECT template, recipient ->> 'kind' AS kind, recipient ->> 'role' AS role, recipient ->> 'unitId' AS "unitId", e.employee_no AS "employeeNo"
         FROM notice LEFT JOIN employee e ON e.id = (recipient ->> 'employeeId')::uuid WHERE claim_number = $1 ORDER BY notice.id`,
      );
      return rows.map(({ template, kind, role, unitId, employeeNo }) => {
        return `${template} ${kind === 'claimant' ? kind : (employeeNo ?? `${role}@${unitId === headUnitId ? 'HQ' : 'SJZ'}`)}`;
      });
    },
    /** what was audited besides the transitions */
    async audits(): Promise<string[]> {
      const rows = await select<{ action: string; why: string | null }>(
        `SELECT a.action, a.detail ->> 'why' AS why FROM audit_entry a WHERE a.claim_number = $1
         AND NOT EXISTS (SELECT FROM claim_event e WHERE e.claim_number = a.claim_number AND e.seq = a.seq AND e.type = a.action) ORDER BY a.id`,
      );
      return rows.map(({ action, why }) => (why === null ? action : `${action}: ${why}`));
    },
  };
}
