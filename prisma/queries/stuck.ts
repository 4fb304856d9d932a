import type { ClaimState } from '#domain/claim/states.ts';
import { NOT_STARTED, START_PATIENCE_MS, type StuckReason } from '#domain/operations/stuck.ts';
import type { Database } from '../database.ts';

type Reader = Pick<Database, 'query'>;

export type StuckGroup = { reason: StuckReason; key: string; claims: number; overdue: number; oldest: Date };

/** `failure` and `attempt`: of a call that is made again, or a workflow that could not be started. */
export type StuckClaim = {
  number: string;
  state: ClaimState;
  unitCode: string;
  bureauCode: string;
  onHold: boolean;
  dueAt: Date | null;
  since: Date;
  key: string;
  failure: string | null;
  attempt: number | null;
};

export type StuckPosition = { since: string; key: string; number: string };

const COLUMNS = 'number, unit_id, due_at, key, since, failure, attempt';
const HEAD = 'c.number, c.unit_id, c.due_at';
const NOTHING = 'NULL::text AS failure, NULL::int AS attempt';
/** When the newest event of a type was written; events of this state have no other place. */
const lastEvent = (type: string): string =>
  `coalesce((SELECT max(e.at) FROM claim_event e WHERE e.claim_number = c.number AND e.type = '${type}'), c.updated_at)`;

/** Claims that stand still, reason by reason. $1: the units, $2: now, $3: from when on an untold start counts. Each is a look at open claims alone. */
const STUCK: Record<StuckReason, string> = {
  WAITING_BUREAU: `SELECT ${HEAD}, c.bureau_code AS key, coalesce(c.turn_since, c.updated_at) AS since, ${NOTHING} FROM claim c
    WHERE c.closed_at IS NULL AND c.turn = 'bureau'`,
  BUREAU_OUTAGE: `SELECT ${HEAD}, c.bureau_code AS key, ${lastEvent('BUREAU_OUTAGE')} AS since, ${NOTHING} FROM claim c
    WHERE c.closed_at IS NULL AND c.bureau_outage`,
  // a claim that has moved since has given the call up, or has it behind itself
  RETRYING: `SELECT ${HEAD}, r.activity AS key, r.since, r.failure, r.attempt FROM activity_retry r JOIN claim c ON c.number = r.claim_number
    WHERE c.closed_at IS NULL AND r.last_failed_at >= c.updated_at`,
  PAYMENT_UNKNOWN: `SELECT ${HEAD}, p.bank_code AS key, coalesce(p.sent_at, p.created_at) AS since, ${NOTHING}
    FROM payment_instruction p JOIN claim c ON c.number = p.claim_number
    WHERE c.closed_at IS NULL AND c.state = 'PAYMENT_IN_PROCESS' AND p.status = 'UNKNOWN'`,
  PAYOUT_BLOCKED: `SELECT ${HEAD}, c.payout_blocked AS key, ${lastEvent('PAYOUT_BLOCKED')} AS since, ${NOTHING} FROM claim c
    WHERE c.closed_at IS NULL AND c.payout_blocked IS NOT NULL`,
  ON_HOLD: `SELECT ${HEAD}, '' AS key, ${lastEvent('HELD')} AS since, ${NOTHING} FROM claim c WHERE c.closed_at IS NULL AND c.on_hold`,
  OVERDUE: `SELECT ${HEAD}, coalesce(c.turn, '') AS key, c.due_at AS since, ${NOTHING} FROM claim c
    WHERE c.closed_at IS NULL AND c.state <> 'DRAFT' AND c.due_at < $2`,
  NO_WORKFLOW: `SELECT ${HEAD}, l.found AS key, l.since, l.error AS failure, NULL::int AS attempt FROM workflow_loss l JOIN claim c ON c.number = l.claim_number
    WHERE c.closed_at IS NULL AND l.recovered_at IS NULL
    UNION ALL SELECT ${HEAD}, '${NOT_STARTED}' AS key, w.created_at AS since, w.last_error AS failure, w.attempts AS attempt
    FROM workflow_command w JOIN claim c ON c.number = w.claim_number
    WHERE c.closed_at IS NULL AND w.kind = 'START' AND w.status = 'PENDING' AND w.created_at < $3`,
  UNDELIVERABLE: `SELECT ${HEAD}, n.channel AS key, min(n.created_at) AS since, min(n.last_error) AS failure, max(n.attempts) AS attempt
    FROM notice n JOIN claim c ON c.number = n.claim_number
    WHERE c.closed_at IS NULL AND n.status IN ('FAILED', 'UNDELIVERABLE') GROUP BY c.number, n.channel
    UNION ALL SELECT ${HEAD}, 'webhook' AS key, min(d.created_at) AS since, min(d.last_error) AS failure, max(d.attempts) AS attempt
    FROM webhook_delivery d JOIN claim c ON c.number = d.claim_number
    WHERE c.closed_at IS NULL AND d.status = 'FAILED' GROUP BY c.number`,
};

const WITHIN = 'EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = s.unit_id AND a.ancestor_id = ANY ($1::uuid[]))';

const GROUPS = Object.entries(STUCK)
  .map(
    ([
      reason,
      claims,
    ]) => `SELECT '${reason}' AS reason, s.key, count(*)::int AS claims, count(*) FILTER (WHERE s.due_at < $2)::int AS overdue, min(s.since) AS oldest
      FROM (SELECT ${COLUMNS} FROM (${claims}) AS one) AS s WHERE ${WITHIN} AND $3::timestamptz IS NOT NULL GROUP BY s.key`,
  )
  .join('\nUNION ALL ');

/** How many claims of these units stand still, by reason and what tells apart within it; the oldest of a reason first. */
export async function countStuck(db: Reader, { within, now }: { within: readonly string[]; now: Date }): Promise<StuckGroup[]> {
  const { rows } = await db.query<StuckGroup>(`SELECT * FROM (${GROUPS}) AS groups ORDER BY oldest, key`, [within, now, startedBefore(now)]);
  return rows;
}

/** The claims of one reason, those that stand still for longest first. */
export async function listStuck(
  db: Reader,
  asked: { reason: StuckReason; key: string | undefined; within: readonly string[]; now: Date; after: StuckPosition | undefined; limit: number },
): Promise<StuckClaim[]> {
  const { reason, key, within, now, after, limit } = asked;
  const { rows } = await db.query<StuckClaim>(
    `SELECT s.number, c.state, u.code AS "unitCode", c.bureau_code AS "bureauCode", c.on_hold AS "onHold", s.due_at AS "dueAt", s.since, s.key, s.failure, s.attempt
     FROM (SELECT ${COLUMNS} FROM (${STUCK[reason]}) AS one) AS s JOIN claim c ON c.number = s.number JOIN unit u ON u.id = c.unit_id
     WHERE ${WITHIN} AND $2::timestamptz IS NOT NULL AND $3::timestamptz IS NOT NULL AND ($4::text IS NULL OR s.key = $4)
       AND ($5::timestamptz IS NULL OR (s.since, s.key, s.number) > ($5, $6::text, $7::text))
     ORDER BY s.since, s.key, s.number LIMIT $8`,
    [within, now, startedBefore(now), key ?? null, after?.since ?? null, after?.key ?? null, after?.number ?? null, limit],
  );
  return rows;
}

const startedBefore = (now: Date): Date => new Date(now.getTime() - START_PATIENCE_MS);
