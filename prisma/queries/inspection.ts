import type { Actor } from '#domain/claim/actor.ts';
import type { Day } from '#domain/calendar.ts';
import { SealBroken } from '#platform/crypto/envelope.ts';
import type { Database, Tx } from '../database.ts';
import { openFileName, type DocumentKey } from './document-keys.ts';
import { openAccountNo } from './sealed.ts';

type Reader = Pick<Database, 'query'>;

/** What was asked for: a claim, or what a unit and everything below it made between two days (both included). */
export type PackRow = {
  id: string;
  unitId: string;
  unitCode: string;
  /** from the root to the unit */
  ancestorIds: string[];
  claimNumber: string | null;
  fromDay: Day | null;
  toDay: Day | null;
  contents: boolean;
  reason: string;
  actor: Actor;
  createdAt: Date;
};

export async function insertPack(tx: Tx, pack: Omit<PackRow, 'unitCode' | 'ancestorIds'>): Promise<void> {
  await tx.query(
    `INSERT INTO inspection_pack (id, unit_id, claim_number, from_day, to_day, contents, reason, actor, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [pack.id, pack.unitId, pack.claimNumber, pack.fromDay, pack.toDay, pack.contents, pack.reason, JSON.stringify(pack.actor), pack.createdAt],
  );
}

export async function findPack(db: Reader, id: string): Promise<PackRow | undefined> {
  const { rows } = await db.query<PackRow>(
    `SELECT p.id, p.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", p.claim_number AS "claimNumber", p.from_day AS "fromDay",
       p.to_day AS "toDay", p.contents, p.reason, p.actor, p.created_at AS "createdAt"
     FROM inspection_pack p JOIN unit u ON u.id = p.unit_id WHERE p.id = $1`,
    [id],
  );
  return rows[0];
}

/** A claim as a pack tells of it: JSON as PostgreSQL makes it, amounts in fen. */
export type InspectedClaim = {
  number: string;
  unitId: string;
  unitCode: string;
  employeeId: string;
  head: Record<string, unknown> & { employeeNo: string; state: string; submittedFen: number; approvedFen: number | null; paidFen: number; createdAt: string };
  lines: unknown[];
  invoices: unknown[];
  /** `fileName` is null where it was erased, or does not open */
  documents: { id: string; kind: string; fileName: string | null; mediaType: string; sizeBytes: number; sha256: string; sm3: string; addedAt: string }[];
  events: {
    seq: number;
    type: string;
    fromState: string | null;
    toState: string;
    at: string;
    actor: Actor;
    remark: string;
    remarkParams: Record<string, string | number>;
  }[];
  decisions: { no: number; reasons: { code: string; text: string }[]; lines: { adjustments: { code: string }[] }[] }[];
  submissions: unknown[];
  messages: unknown[];
  payments: { reference: string; amountFen: number; account: string | null; statement: unknown[] }[];
  /** verbatim and in its order */
  chain: { no: number; day: Day; text: string; hash: string }[];
};

/** Bytes in hex. */
type SealedName = Pick<DocumentKey, 'id' | 'keyEmployeeId' | 'keyPurpose'> & { wrappedKey: string; sealedName: string };
type Row = InspectedClaim & { accounts: { accountId: string; accountNo: string }[]; names: SealedName[] };

const UTC = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const LIST = (object: string, from: string, order: string): string =>
  `(SELECT coalesce(json_agg(json_build_object(${object}) ORDER BY ${order}), '[]') FROM ${from})`;
const START = (day: string): string => `(${day}::date::timestamp AT TIME ZONE 'Asia/Shanghai')`;

const SELECT = `
  SELECT c.number, c.unit_id AS "unitId", u.code AS "unitCode", c.employee_id AS "employeeId",
    json_build_object('number', c.number, 'unit', u.code, 'employeeNo', e.employee_no, 'kind', c.kind, 'state', c.state, 'seq', c.seq, 'source', c.source,
      'insuredRegion', c.insured_region, 'treatedRegion', c.treated_region, 'bureauCode', c.bureau_code, 'hospitalCode', c.hospital_code, 'hospitalName', c.hospital_name,
      'visitStart', c.visit_start, 'visitEnd', c.visit_end, 'submittedFen', c.submitted_fen, 'approvedFen', c.approved_fen, 'payableFen', c.payable_fen,
      'paidFen', c.paid_fen, 'priorClaim', c.prior_claim_number, 'createdAt', ${UTC('c.created_at')}, 'submittedAt', ${UTC('c.submitted_at')},
      'clearedAt', ${UTC('c.cleared_at')}, 'closedAt', ${UTC('c.closed_at')}) AS head,
    ${LIST(`'lineNo', l.line_no, 'itemCode', l.item_code, 'itemName', l.item_name, 'itemClass', l.item_class, 'quantity', l.quantity::text, 'unitPriceFen', l.unit_price_fen, 'amountFen', l.amount_fen`, 'claim_line l WHERE l.claim_number = c.number', 'l.line_no')} AS lines,
    ${LIST(`'type', i.type, 'code', i.code, 'number', i.invoice_no, 'amountFen', i.amount_fen, 'issuedOn', i.issued_on`, 'claim_invoice i WHERE i.claim_number = c.number', 'i.issued_on, i.invoice_no')} AS invoices,
    ${LIST(`'id', d.id, 'kind', cd.kind, 'mediaType', d.media_type, 'sizeBytes', d.size_bytes, 'sha256', d.sha256, 'sm3', d.sm3, 'addedAt', ${UTC('cd.added_at')}`, 'claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = c.number', 'cd.added_at, d.id')} AS documents,
    ${LIST(`'seq', v.seq, 'type', v.type, 'fromState', v.from_state, 'toState', v.to_state, 'at', ${UTC('v.at')}, 'actor', v.actor, 'remark', v.remark, 'remarkParams', v.remark_params, 'turn', v.turn, 'dueAt', ${UTC('v.due_at')}`, 'claim_event v WHERE v.claim_number = c.number', 'v.seq')} AS events,
    ${LIST(`'no', d.no, 'source', d.source, 'sourceNo', d.source_no, 'outcome', d.outcome, 'reasons', d.reasons, 'remark', d.remark, 'lines', d.lines, 'funding', d.funding, 'submittedFen', d.submitted_fen, 'benefitFen', d.benefit_fen, 'payableFen', d.payable_fen, 'decidedBy', d.decided_by, 'decidedAt', ${UTC('d.decided_at')}, 'recordedAt', ${UTC('d.recorded_at')}`, 'decision d WHERE d.claim_number = c.number', 'd.no')} AS decisions,
    ${LIST(`'messageId', s.message_id, 'version', s.version, 'bureauCode', s.bureau_code, 'createdAt', ${UTC('s.created_at')}, 'acceptedAt', ${UTC('s.accepted_at')}, 'acceptanceNo', s.acceptance_no, 'appealsDecisionNo', s.appeals_decision_no`, 'bureau_submission s WHERE s.claim_number = c.number', 's.version')} AS submissions,
    ${LIST(`'source', m.source, 'messageId', m.message_id, 'type', m.type, 'bodySm3', m.body_digest, 'acknowledgement', m.acknowledgement, 'receivedAt', ${UTC('m.received_at')}`, 'list_claim_messages(ARRAY[c.number]) m', 'm.received_at, m.message_id')} AS messages,
    ${LIST(
      `'reference', p.reference, 'decisionNo', (SELECT no FROM decision WHERE id = p.decision_id), 'attempt', p.attempt, 'amountFen', p.amount_fen, 'bankCode', p.bank_code, 'status', p.status, 'bankResult', p.bank_result, 'account', p.account_id, 'createdAt', ${UTC('p.created_at')}, 'sentAt', ${UTC('p.sent_at')}, 'settledAt', ${UTC('p.settled_at')}, 'matchedAt', ${UTC('p.matched_at')}, 'returnedAt', ${UTC('p.returned_at')}, 'statement',
       ${LIST(`'entryNo', t.entry_no, 'kind', t.kind, 'amountFen', t.amount_fen, 'bookedAt', ${UTC('t.booked_at')}, 'remark', t.remark, 'result', t.result`, 'statement_entry t WHERE t.reference = p.reference AND t.bank_code = p.bank_code', 't.booked_at, t.entry_no')}`,
      'payment_instruction p WHERE p.claim_number = c.number',
      'p.created_at, p.reference',
    )} AS payments,
    ${LIST(`'accountId', a.id, 'accountNo', encode(a.account_no, 'hex')`, 'bank_account a WHERE a.id IN (SELECT p.account_id FROM payment_instruction p WHERE p.claim_number = c.number)', 'a.id')} AS accounts,
    ${LIST(`'id', d.id, 'wrappedKey', encode(d.wrapped_key, 'hex'), 'keyEmployeeId', d.key_employee_id, 'keyPurpose', d.key_purpose, 'sealedName', encode(d.file_name, 'hex')`, 'claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = c.number', 'd.id')} AS names,
    ${LIST(`'no', a.chain_no, 'day', audit_day(a.recorded_at), 'text', a.text, 'hash', encode(a.hash, 'hex')`, 'audit_entry a WHERE a.chain = c.number', 'a.chain_no')} AS chain
  FROM claim c JOIN unit u ON u.id = c.unit_id JOIN employee e ON e.id = c.employee_id`;

/** Whose claims come next in a pack: after the number `after`, in the order of their numbers. */
export async function listInspected(
  tx: Tx,
  pack: PackRow,
  { after, limit }: { after: string; limit: number },
): Promise<{ claimNumber: string; unitId: string; employeeId: string }[]> {
  const { rows } = await tx.query<{ claimNumber: string; unitId: string; employeeId: string }>(
    `SELECT c.number AS "claimNumber", c.unit_id AS "unitId", c.employee_id AS "employeeId" FROM claim c
     WHERE c.number > $1 AND ($2::text IS NULL OR c.number = $2)
       AND c.unit_id IN (SELECT unit_id FROM unit_ancestor WHERE ancestor_id = $3)
       AND ($4::date IS NULL OR c.created_at >= ${START('$4')}) AND ($5::date IS NULL OR c.created_at < ${START('($5::date + 1)')})
     ORDER BY c.number LIMIT $6`,
    [after, pack.claimNumber, pack.unitId, pack.fromDay, pack.toDay, limit],
  );
  return rows;
}

/**
 * These claims, each with its chain, in the order of their numbers; accounts masked, identity numbers and diagnoses left out. One statement, because a claim that moves
 * between two would not be what its chain says.
 */
export async function readInspected(tx: Tx, numbers: readonly string[]): Promise<InspectedClaim[]> {
  const { rows } = await tx.query<Row>(`${SELECT} WHERE c.number = ANY ($1) ORDER BY c.number`, [numbers]);
  return Promise.all(rows.map((row) => opened(tx, row)));
}

async function opened(tx: Tx, { accounts, names, ...claim }: Row): Promise<InspectedClaim> {
  const masked = new Map<string, string>();
  for (const { accountId, accountNo } of accounts) {
    const full = await openAccountNo(tx.vault, { employeeId: claim.employeeId, accountId, accountNo: Buffer.from(accountNo, 'hex') });
    masked.set(accountId, `****${full.slice(-4)}`);
  }
  const fileNames = new Map<string, string | null>();
  for (const name of names) fileNames.set(name.id, await fileNameOf(tx, name));
  return {
    ...claim,
    documents: claim.documents.map((document) => ({ ...document, fileName: fileNames.get(document.id) ?? null })),
    payments: claim.payments.map((payment) => ({ ...payment, account: masked.get(payment.account ?? '') ?? null })),
  };
}

/** What was changed has no name: that it was is told with the document itself, and keeps no pack back. */
async function fileNameOf({ vault }: Tx, { wrappedKey, sealedName, ...key }: SealedName): Promise<string | null> {
  try {
    return await openFileName(vault, { ...key, wrappedKey: Buffer.from(wrappedKey, 'hex'), sealedName: Buffer.from(sealedName, 'hex') });
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    return null;
  }
}
