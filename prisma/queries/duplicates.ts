import type { Actor } from '#domain/claim/actor.ts';
import type { ClaimKind, DocumentKind } from '#domain/claim/completeness.ts';
import {
  bandsOf,
  PICTURE_DISTANCE,
  type Finding,
  type Grade,
  type Match,
  type MatchKind,
  type MatchReason,
  type OtherClaim,
} from '#domain/claim/duplicates.ts';
import type { ClaimState } from '#domain/claim/states.ts';
import type { Fen } from '#domain/money.ts';
import type { Tx } from '../database.ts';

/** Claims with one mark that are looked at, the newest: nothing that thousands have, a form or a person's many claims, makes intake slow. */
const LOOKED_AT = 100;

/**
 * Marks the claim, so that later ones find it. Claims that share a mark wait for each other from here to the end of their transactions: of two that come at once
 * one finds the other. (Pictures that are alike only when one of them is cropped or turned share none.)
 */
export async function markClaim(tx: Tx, claimNumber: string): Promise<void> {
  await tx.query(
    `WITH marks AS (${MARKS}), locks AS MATERIALIZED (SELECT DISTINCT hashtextextended(kind || mark, 0) AS lock FROM marks ORDER BY 1)
     SELECT pg_advisory_xact_lock(lock) FROM locks`,
    [claimNumber],
  );
  await tx.query(`INSERT INTO claim_mark (kind, mark, claim_number, detail) ${MARKS} ON CONFLICT DO NOTHING`, [claimNumber]);
}

const MARKS = `
  SELECT 'PERSON' AS kind, c.employee_id::text AS mark, c.number, '' AS detail FROM claim c WHERE c.number = $1
  UNION SELECT 'VISIT', c.bureau_code || '|' || c.visit_no, c.number, '' FROM claim c WHERE c.number = $1 AND c.visit_no IS NOT NULL
  UNION SELECT 'FILE', encode(d.content_index, 'hex'), cd.claim_number, cd.kind
    FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = $1 AND cd.replaced_at IS NULL
  UNION SELECT 'PICTURE', band || ':' || substr(d.picture_hashes[1], 4 * band + 1, 4), cd.claim_number, d.picture_hashes[1]
    FROM claim_document cd JOIN document d ON d.id = cd.document_id CROSS JOIN generate_series(0, 3) AS band
    WHERE cd.claim_number = $1 AND cd.replaced_at IS NULL AND d.picture_hashes <> '{}'`;

/** What was erased is not known again: visits, and papers that the claims have no more. */
export async function forgetMarks(tx: Tx, claimNumbers: readonly string[]): Promise<void> {
  await tx.query(
    `DELETE FROM claim_mark m WHERE m.claim_number = ANY ($1::text[]) AND m.kind <> 'PERSON' AND NOT EXISTS (
       SELECT FROM claim_document cd JOIN document d ON d.id = cd.document_id WHERE cd.claim_number = m.claim_number
         AND CASE m.kind WHEN 'FILE' THEN encode(d.content_index, 'hex') = m.mark WHEN 'PICTURE' THEN d.picture_hashes[1] = m.detail ELSE false END)`,
    [claimNumbers],
  );
}

/** Everything that makes the claim look like another one that was marked before, or that holds one of its invoices (`holders`). What it is a resubmission of is not it. */
export async function findDuplicates(tx: Tx, { claimNumber, holders }: { claimNumber: string; holders: readonly string[] }): Promise<Finding[]> {
  // one after the other: they share a connection
  const exact = await findExact(tx, claimNumber);
  const visits = await findVisits(tx, claimNumber);
  const pictures = await findPictures(tx, claimNumber);
  const accounts = await findAccounts(tx, claimNumber);
  const found = [...holders, ...[exact, visits, pictures, accounts].flatMap((rows) => rows.map(({ other }) => other))];
  if (found.length === 0) return [];
  const others = await readOthers(tx, { claimNumber, numbers: [...new Set(found)] });
  const about = <Row extends { other: string }>(rows: readonly Row[], findingOf: (row: Row, other: OtherClaim) => Finding): Finding[] =>
    rows.flatMap((row) => {
      const other = others.get(row.other);
      return other ? [findingOf(row, other)] : [];
    });
  const people = new Set(pictures.flatMap(({ other }) => others.get(other)?.employeeId ?? [])).size;
  return [
    ...about(
      holders.map((other) => ({ other })),
      (_, other) => ({ by: 'invoice', other }),
    ),
    ...about(exact, ({ kind, kinds }, other) => (kind === 'FILE' ? { by: 'file', other, kinds } : { by: 'visit-number', other })),
    ...about(visits, (visit, other) => ({ ...visit, by: 'visit', other })),
    ...about(pictures, ({ kinds }, other) => ({ by: 'picture', other, kinds, people })),
    ...about(accounts, (_, other) => ({ by: 'account', other })),
  ];
}

/** Same file, same number of the visit. */
export const EXACT = `
  SELECT mine.kind, found.claim_number AS other, array_agg(DISTINCT mine.detail) || array_agg(DISTINCT found.detail) AS kinds
  FROM claim_mark mine CROSS JOIN LATERAL (
    SELECT m.claim_number, m.detail FROM claim_mark m WHERE m.kind = mine.kind AND m.mark = mine.mark AND m.claim_number <> $1
    ORDER BY m.claim_number DESC LIMIT ${LOOKED_AT}
  ) found
  WHERE mine.claim_number = $1 AND mine.kind IN ('FILE', 'VISIT') GROUP BY mine.kind, found.claim_number`;

type ExactRow = { kind: 'FILE' | 'VISIT'; other: string; kinds: DocumentKind[] };

async function findExact(tx: Tx, claimNumber: string): Promise<ExactRow[]> {
  return (await tx.query<ExactRow>(EXACT, [claimNumber])).rows;
}

/** The person's other claims of about the same days. */
export const VISITS = `
  SELECT c.number AS other, c.kind, coalesce(me.visit_no <> c.visit_no, false) AS "numbersDiffer", 
    CASE WHEN '' IN (me.hospital_code, c.hospital_code) THEN me.hospital_name = c.hospital_name ELSE me.hospital_code = c.hospital_code END AS "sameHospital",
    me.visit_start = c.visit_start AND me.visit_end = c.visit_end AS "sameDates", abs(me.visit_start - c.visit_start) AS "daysApart",
    me.submitted_fen AS "amountFen", c.submitted_fen AS "otherFen"
  FROM claim me CROSS JOIN LATERAL (
    SELECT o.* FROM claim o
    WHERE o.employee_id = me.employee_id AND o.visit_start BETWEEN me.visit_start - 14 AND me.visit_start + 14 AND o.number <> me.number
      AND EXISTS (SELECT FROM claim_mark m WHERE m.kind = 'PERSON' AND m.mark = o.employee_id::text AND m.claim_number = o.number)
    LIMIT ${LOOKED_AT}
  ) c WHERE me.number = $1`;

type VisitRow = {
  other: string;
  kind: ClaimKind;
  numbersDiffer: boolean;
  sameHospital: boolean;
  sameDates: boolean;
  daysApart: number;
  amountFen: Fen;
  otherFen: Fen;
};

async function findVisits(tx: Tx, claimNumber: string): Promise<VisitRow[]> {
  return (await tx.query<VisitRow>(VISITS, [claimNumber])).rows;
}

/** Claims with a picture that differs in few bits from one of the hashes $2, whose bands are $3 in the same order. */
export const PICTURES = `
  SELECT DISTINCT found.claim_number AS other, sought.n
  FROM unnest($2::text[], $3::text[], $4::int[]) AS sought (hash, band, n) CROSS JOIN LATERAL (
    SELECT m.claim_number, m.detail FROM claim_mark m WHERE m.kind = 'PICTURE' AND m.mark = sought.band AND m.claim_number <> $1
    ORDER BY m.claim_number DESC LIMIT ${LOOKED_AT}
  ) found
  WHERE bit_count(('x' || found.detail)::bit(64) # ('x' || sought.hash)::bit(64)) <= ${PICTURE_DISTANCE}`;

type PictureRow = { other: string; kinds: DocumentKind[] };

async function findPictures(tx: Tx, claimNumber: string): Promise<PictureRow[]> {
  const { rows: pictures } = await tx.query<{ hashes: string[]; kind: DocumentKind }>(
    `SELECT d.picture_hashes AS hashes, cd.kind FROM claim_document cd JOIN document d ON d.id = cd.document_id
     WHERE cd.claim_number = $1 AND cd.replaced_at IS NULL AND d.picture_hashes <> '{}'`,
    [claimNumber],
  );
  if (pictures.length === 0) return [];
  const sought = pictures.flatMap(({ hashes }, n) => hashes.flatMap((hash) => bandsOf(hash).map((band) => ({ hash, band, n }))));
  const { rows } = await tx.query<{ other: string; n: number }>(PICTURES, [
    claimNumber,
    ...[sought.map(({ hash }) => hash), sought.map(({ band }) => band), sought.map(({ n }) => n)],
  ]);
  return [...Map.groupBy(rows, ({ other }) => other)].map(([other, found]) => ({ other, kinds: found.flatMap(({ n }) => pictures[n]?.kind ?? []) }));
}

/** The newest claim of each other person whose record has the claimant's account. */
async function findAccounts(tx: Tx, claimNumber: string): Promise<{ other: string }[]> {
  const { rows } = await tx.query<{ other: string }>(
    `SELECT newest.claim_number AS other FROM claim c
     CROSS JOIN LATERAL (SELECT a.account_no_index FROM bank_account a WHERE a.employee_id = c.employee_id AND a.replaced_at IS NULL ORDER BY a.created_at DESC LIMIT 1) account
     CROSS JOIN LATERAL find_account_holders(account.account_no_index) AS holder
     CROSS JOIN LATERAL (SELECT m.claim_number FROM claim_mark m WHERE m.kind = 'PERSON' AND m.mark = holder::text ORDER BY m.claim_number DESC LIMIT 1) newest
     WHERE c.number = $1 AND holder <> c.employee_id LIMIT ${LOOKED_AT}`,
    [claimNumber],
  );
  return rows;
}

async function readOthers(
  tx: Tx,
  { claimNumber, numbers }: { claimNumber: string; numbers: readonly string[] },
): Promise<Map<string, OtherClaim & { employeeId: string }>> {
  const { rows } = await tx.query<{ number: string; employeeId: string; samePerson: boolean; state: ClaimState; paid: boolean }>(
    `WITH RECURSIVE before AS (
       SELECT prior_claim_number AS number FROM claim WHERE number = $1
       UNION SELECT c.prior_claim_number FROM claim c JOIN before b ON c.number = b.number
     )
     SELECT c.number, c.employee_id AS "employeeId", c.employee_id = me.employee_id AS "samePerson", c.state, c.paid_fen > 0 AS paid
     FROM claim c JOIN claim me ON me.number = $1 WHERE c.number = ANY ($2::text[]) AND c.number NOT IN (SELECT number FROM before WHERE number IS NOT NULL)`,
    [claimNumber, numbers],
  );
  return new Map(rows.map((row) => [row.number, row]));
}

/** Records matches. What is known of the same two claims already, whichever of them it was found for, is not found again. */
export async function recordMatches(tx: Tx, { claimNumber, matches, at }: { claimNumber: string; matches: readonly Match[]; at: Date }): Promise<void> {
  if (matches.length === 0) return;
  await tx.query(
    `INSERT INTO claim_match (claim_number, other_claim, kind, grade, reason, found_at)
     SELECT $1, found.other, found.kind, found.grade, found.reason, $3
     FROM jsonb_to_recordset($2::jsonb) AS found (other text, kind text, grade text, reason text)
     WHERE NOT EXISTS (SELECT FROM claim_match m WHERE m.claim_number = found.other AND m.other_claim = $1 AND m.kind = found.kind)
     ON CONFLICT DO NOTHING`,
    [claimNumber, JSON.stringify(matches), at],
  );
}

/** The matches that stop the claim and of which nobody has said that they are none. */
export async function listOpenMatches(tx: Pick<Tx, 'query'>, claimNumber: string): Promise<{ kind: MatchKind; grade: Grade }[]> {
  const { rows } = await tx.query<{ kind: MatchKind; grade: Grade }>(
    `SELECT DISTINCT kind, grade FROM claim_match WHERE claim_number = $1 AND grade <> 'NOTE' AND cleared_at IS NULL ORDER BY kind, grade`,
    [claimNumber],
  );
  return rows;
}

/** Remembers that the claim is no duplicate of those that stopped it. */
export async function clearMatches(
  tx: Tx,
  { claimNumber, by, comment, at }: { claimNumber: string; by: Actor; comment: string | null; at: Date },
): Promise<void> {
  await tx.query(
    `UPDATE claim_match SET cleared_at = $2, cleared_by = $3, cleared_comment = $4 WHERE claim_number = $1 AND grade <> 'NOTE' AND cleared_at IS NULL`,
    [claimNumber, at, JSON.stringify(by), comment],
  );
}

export type MatchRow = {
  kind: MatchKind;
  grade: Grade;
  reason: MatchReason;
  foundAt: Date;
  clearedAt: Date | null;
  clearedBy: Actor | null;
  clearedComment: string | null;
  /** null: it lies outside of the scope */
  other: { number: string; unitCode: string } | null;
};

/** The claim's matches, the newest first. Of the other claim nothing is read that the scope does not open. */
export async function listMatches(db: Pick<Tx, 'query'>, { number }: { number: string }): Promise<MatchRow[]> {
  const { rows } = await db.query<MatchRow>(
    `SELECT m.kind, m.grade, m.reason, m.found_at AS "foundAt", m.cleared_at AS "clearedAt", m.cleared_by AS "clearedBy", m.cleared_comment AS "clearedComment",
       CASE WHEN o.number IS NOT NULL THEN json_build_object('number', o.number, 'unitCode', u.code) END AS other
     FROM claim_match m LEFT JOIN claim o ON o.number = m.other_claim LEFT JOIN unit u ON u.id = o.unit_id
     WHERE m.claim_number = $1 ORDER BY m.found_at DESC, array_position(ARRAY['BLOCK', 'HOLD', 'NOTE'], m.grade), m.kind, m.other_claim`,
    [number],
  );
  return rows;
}
