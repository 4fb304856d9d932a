import type { BureauAnswer } from '#domain/bureau/decision.ts';
import type { Database, Tx } from '../database.ts';
import { messageBodyOf } from './sealed.ts';

/** A verified message from a bureau (`source` = its code) or bank. */
export type InboxMessage = {
  source: string;
  messageId: string;
  /** SM3 of the raw body, as signed */
  bodyDigest: string;
  type: 'decision' | 'visit' | 'payment-result';
  /** the claim that it is about, where its sender may speak of that claim; else `nameClaim` says so later */
  claimNumber?: string | null;
  /** sealed as a whole; of a bank's, `reference` and the kind of `status` stay readable for statements */
  body: unknown;
  acknowledgement: Acknowledgement;
};

/** The answer as it travels, so that a repeated message gets the same bytes. */
export type Acknowledgement = { mediaType: string; body: string };

export type StoreResult = { kind: 'stored' } | { kind: 'repeated'; acknowledgement: Acknowledgement } | { kind: 'replayed' };

/**
 * Stores a message once. `repeated`: the same id with the same body was here before. `replayed`: the id was here with another body.
 * A message whose twin is still being stored waits for that transaction to end.
 */
export async function storeMessage(tx: Tx, message: InboxMessage): Promise<StoreResult> {
  const { rowCount } = await tx.query(
    `INSERT INTO inbox_message (source, message_id, body_digest, type, claim_number, body, acknowledgement, reference, result)
     VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9) ON CONFLICT (source, message_id) DO NOTHING`,
    [
      message.source,
      message.messageId,
      message.bodyDigest,
      message.type,
      message.claimNumber ?? null,
      await tx.vault.sealInstallation(messageBodyOf(message), JSON.stringify(message.body)),
      JSON.stringify(message.acknowledgement),
      ...(message.type === 'payment-result' ? resultOf(message.body) : [null, null]),
    ],
  );
  if (rowCount === 1) return { kind: 'stored' };
  const { rows } = await tx.query<{ bodyDigest: string; acknowledgement: Acknowledgement }>(
    'SELECT body_digest AS "bodyDigest", acknowledgement FROM inbox_message WHERE source = $1 AND message_id = $2',
    [message.source, message.messageId],
  );
  const [first] = rows;
  if (!first) throw new Error('an inbox message vanished');
  return first.bodyDigest === message.bodyDigest ? { kind: 'repeated', acknowledgement: first.acknowledgement } : { kind: 'replayed' };
}

function resultOf(body: unknown): [reference: string, result: string] {
  const { reference, status } = body as { reference: string; status: { kind: string } };
  return [reference, status.kind];
}

/**
 * What a stored message says, as it was stored (`{ answer, raw }` of a bureau, `{ reference, status, record, raw }` of a bank) and checked before; undefined
 * where there is none.
 */
export async function readInboxBody<Body>(tx: Tx, { source, messageId }: { source: string; messageId: string }): Promise<Body | undefined> {
  const { rows } = await tx.query<SealedMessage>(`${SEALED} WHERE source = $1 AND message_id = $2`, [source, messageId]);
  return rows[0] && openMessage(tx, rows[0]);
}

type SealedMessage = { source: string; messageId: string; body: Uint8Array };
const SEALED = 'SELECT source, message_id AS "messageId", body FROM inbox_message';

async function openMessage<Body>(tx: Tx, message: SealedMessage): Promise<Body> {
  const text = await tx.vault.openInstallation(messageBodyOf(message), message.body);
  return JSON.parse(text.toString('utf8')) as Body;
}

/** A decision `m` of which neither a transition nor the audit of the claim, $1, says that it was acted on. */
const UNHEARD = `m.type = 'decision'
       AND NOT EXISTS (SELECT FROM claim_event e WHERE e.claim_number = $1 AND e.detail ->> 'requestId' = m.message_id)
       AND NOT EXISTS (SELECT FROM audit_entry a WHERE a.chain = $1 AND a.action = 'bureau-answer-ignored' AND a.detail ->> 'messageId' = m.message_id)`;

/** The unheard answers that are not on their way to the workflow, for people, who see no message itself. */
export async function readUndelivered(db: Pick<Database, 'query'>, claimNumber: string): Promise<{ source: string; messageId: string }[]> {
  const { rows } = await db.query<{ source: string; messageId: string }>(
    `SELECT m.source, m.message_id AS "messageId" FROM list_claim_messages(ARRAY[$1]) AS m
     WHERE ${UNHEARD} AND NOT EXISTS (
       SELECT FROM workflow_command w WHERE w.claim_number = $1 AND w.status = 'PENDING' AND w.payload ->> 'messageId' = m.message_id)
     ORDER BY m.received_at, m.message_id`,
    [claimNumber],
  );
  return rows;
}

export type UnheardAnswer = { source: string; messageId: string; shown: boolean };

/**
 * Answers of the bureau of which neither a transition nor the audit says that they were acted on. `shown`: the history says that it came, while the
 * claim was held.
 */
export async function readUnheardAnswers(db: Pick<Database, 'query'>, claimNumber: string): Promise<UnheardAnswer[]> {
  const { rows } = await db.query<UnheardAnswer>(
    `SELECT m.source, m.message_id AS "messageId",
       EXISTS (SELECT FROM claim_event e WHERE e.claim_number = $1 AND e.type = 'ANSWER_WHILE_HELD' AND e.detail ->> 'messageId' = m.message_id) AS shown
     FROM inbox_message m WHERE m.claim_number = $1 AND ${UNHEARD}
     ORDER BY m.received_at, m.message_id`,
    [claimNumber],
  );
  return rows;
}

/** The newest decision of the bureau that is not in force and never was. */
export async function readUnusedDecision(tx: Tx, claimNumber: string): Promise<Extract<BureauAnswer, { kind: 'decision' }> | undefined> {
  const { rows } = await tx.query<SealedMessage>(`${SEALED} WHERE claim_number = $1 AND type = 'decision'`, [claimNumber]);
  const messages = await Promise.all(rows.map((row) => openMessage<{ answer: BureauAnswer }>(tx, row)));
  const { rows: used } = await tx.query<{ no: string }>('SELECT source_no AS no FROM decision WHERE claim_number = $1', [claimNumber]);
  const usedNumbers = new Set(used.map(({ no }) => no));
  return messages
    .flatMap(({ answer }) => (answer.kind === 'decision' && !usedNumbers.has(answer.decisionNo) ? [answer] : []))
    .reduce<Extract<BureauAnswer, { kind: 'decision' }> | undefined>((newest, one) => (newest && newest.decidedAt >= one.decidedAt ? newest : one), undefined);
}

/** What a bank said of an instruction of a claim, as it was stored. Its final word comes first, then the newest. */
export async function readPaymentResult<Body>(tx: Tx, { claimNumber, reference }: { claimNumber: string; reference: string }): Promise<Body | undefined> {
  const { rows } = await tx.query<SealedMessage>(
    `${SEALED} WHERE claim_number = $1 AND type = 'payment-result' AND reference = $2
     ORDER BY result = 'succeeded' DESC, result = 'failed' DESC, received_at DESC, message_id DESC LIMIT 1`,
    [claimNumber, reference],
  );
  return rows[0] && openMessage(tx, rows[0]);
}

/** Whether this bureau has the claim: no bureau decides what lies with another. */
export async function isClaimOfBureau(tx: Tx, { claimNumber, bureauCode }: { claimNumber: string; bureauCode: string }): Promise<boolean> {
  const { rows } = await tx.query('SELECT 1 FROM claim WHERE number = $1 AND bureau_code = $2', [claimNumber, bureauCode]);
  return rows.length === 1;
}

/** The claim that an instruction to this bank pays; undefined where there is no such instruction. */
export async function claimOfInstruction(tx: Tx, { reference, bankCode }: { reference: string; bankCode: string }): Promise<string | undefined> {
  const { rows } = await tx.query<{ claimNumber: string }>(
    'SELECT claim_number AS "claimNumber" FROM payment_instruction WHERE reference = $1 AND bank_code = $2',
    [reference, bankCode],
  );
  return rows[0]?.claimNumber;
}

/** Notes which claim a stored message is about, once it is known to be about one that its sender may speak of. */
export async function nameClaim(tx: Tx, { source, messageId, claimNumber }: { source: string; messageId: string; claimNumber: string }): Promise<void> {
  await tx.query('UPDATE inbox_message SET claim_number = $3 WHERE source = $1 AND message_id = $2', [source, messageId, claimNumber]);
}
