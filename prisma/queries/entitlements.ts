import type { ClaimKind } from '#domain/claim/completeness.ts';
import type { Day } from '#domain/calendar.ts';
import { fen, type Fen } from '#domain/money.ts';
import type { Assessed, Settlements } from '#domain/policy/entitle.ts';
import type { CostLine } from '#domain/policy/lines.ts';
import type { PersonType } from '#domain/policy/rulebook.ts';
import type { NotCovered, SoFar } from '#domain/policy/settle.ts';
import type { Counted } from '#domain/policy/year.ts';
import type { ScopedDatabase, Tx } from '../database.ts';
import { KeyDestroyed } from '../vault.ts';
import { entitlementContentOf, identityNoOf } from './sealed.ts';

/** What the records hold of a claim beside its head. */
export type ClaimFacts = {
  hospital: { code: string; name: string };
  scheme: string;
  personType: PersonType;
  /** null where none is on file, or where it was erased */
  identityNo: string | null;
  /** as they were brought, before a catalogue has looked at them */
  lines: CostLine[];
  settlement: Settlements;
};

/** How the invoices of claim `c` were settled (certSetlType). */
export const SETTLEMENTS = `(SELECT CASE WHEN bool_and(i.settlement = '1') THEN 'direct' WHEN bool_or(i.settlement = '1') THEN 'mixed' ELSE 'manual' END
  FROM claim_invoice i WHERE i.claim_number = c.number)`;

export async function readClaimFacts(tx: Tx, { claimNumber, employeeId }: { claimNumber: string; employeeId: string }): Promise<ClaimFacts> {
  const { rows } = await tx.query<Omit<ClaimFacts, 'identityNo'> & { sealed: Buffer | null }>(
    `SELECT json_build_object('code', c.hospital_code, 'name', c.hospital_name) AS hospital, e.insurance_type AS scheme, e.person_type AS "personType", e.identity_no AS sealed,
       (SELECT json_agg(json_build_object('lineNo', l.line_no, 'itemCode', l.item_code, 'itemName', l.item_name, 'itemClass', l.item_class,
          'quantity', l.quantity::text, 'amountFen', l.amount_fen) ORDER BY l.line_no) FROM claim_line l WHERE l.claim_number = c.number) AS lines,
       ${SETTLEMENTS} AS settlement
     FROM claim c JOIN employee e ON e.id = c.employee_id WHERE c.number = $1`,
    [claimNumber],
  );
  const [row] = rows;
  if (!row) throw new Error(`there is no claim ${claimNumber}`);
  const { sealed, ...facts } = row;
  return { ...facts, lines: facts.lines ?? [], identityNo: sealed && ((await tx.vault.open(identityNoOf(employeeId), sealed)) ?? null) };
}

/** States in which a claim has nothing of its year, because nothing will be paid for it. */
export const OUT_OF_THE_YEAR = `('DRAFT', 'DENIED', 'WITHDRAWN', 'REVERSED')`;

/**
 * What the person's other claims of the year have added to it so far, the newest assessment of each. Until the transaction ends no other claim of the person is assessed:
 * two at once would both be given what is left. A claim that was first assessed before another one keeps its place when it is assessed again: what the other one used up of caps
 * and deductibles counts for it, but not that there was another stay, or costs in scope, before it. Quantities of what was erased are not known any more.
 */
export async function lockYear(tx: Tx, claim: { employeeId: string; year: number; except: string }): Promise<Counted[]> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`entitlement ${claim.employeeId} ${claim.year}`]);
  return readYear(tx, claim);
}

/** The same for a claim that is only thought of, and keeps nobody waiting: what the year has used up as far as the scope opens it. */
export async function readYear(
  db: Pick<ScopedDatabase, 'query' | 'vault'>,
  { employeeId, year, except = null }: { employeeId: string; year: number; except?: string | null },
): Promise<Counted[]> {
  const { rows } = await db.query<Row>(
    `SELECT DISTINCT ON (e.claim_number) e.claim_number AS "claimNumber", e.no, e.content, ${ADDS}, ${FIRST('e.claim_number')} < coalesce(${FIRST('$3::text')}, e.id + 1) AS "cameBefore"
     FROM entitlement e JOIN claim c ON c.number = e.claim_number
     WHERE e.employee_id = $1 AND e.year = $2 AND e.claim_number IS DISTINCT FROM $3::text AND c.state NOT IN ${OUT_OF_THE_YEAR} ORDER BY e.claim_number, e.no DESC`,
    [employeeId, year, except],
  );
  const counted: Counted[] = [];
  for (const { claimNumber, no, content, kind, rulebookId, planId, cameBefore, ...adds } of rows) {
    const assessed = await openAssessed(db, { employeeId, claimNumber, no, content });
    const quantities = (assessed?.result.covered && assessed.result.adds.quantities) || {};
    counted.push({ kind, rulebookId, planId, adds: { ...adds, quantities, ...(!cameBefore && { scopeFen: fen(0), stays: 0 }) } });
  }
  return counted;
}

type Sealed = { claimNumber: string; no: number; content: Buffer | null };
type Row = { kind: ClaimKind; rulebookId: string | null; planId: string | null; cameBefore: boolean } & SoFar & Sealed;
const ADDS = `e.kind, e.rulebook_id AS "rulebookId", e.plan_id AS "planId", e.deductible_fen AS "deductibleFen", e.scope_fen AS "scopeFen",
  e.pooled_fen AS "pooledFen", e.large_amount_fen AS "largeAmountFen", e.plan_fen AS "planFen", e.stays`;
/** Ids count up in the order in which a person's claims were assessed: that of a claim's first assessment is its place in the year. */
export const FIRST = (claimNumber: string): string => `(SELECT f.id FROM entitlement f WHERE f.claim_number = ${claimNumber} AND f.no = 1)`;

/** null: erased */
export async function openAssessed(
  { vault }: Pick<ScopedDatabase, 'vault'>,
  { employeeId, claimNumber, no, content }: Sealed & { employeeId: string },
): Promise<Assessed | null> {
  const text = content && (await vault.open(entitlementContentOf({ employeeId, claimNumber, no }), content));
  return text ? (JSON.parse(text) as Assessed) : null;
}

export type NewEntitlement = {
  claimNumber: string;
  employeeId: string;
  year: number;
  at: Date;
  kind: ClaimKind;
  /** by the hash of its content; null where none is for the claim */
  rulebook: { id: string; version: string } | null;
  plan: { id: string; version: string } | null;
  catalogues: readonly string[];
  submittedFen: Fen;
  assessed: Assessed;
};

/** Appends an assessment, unless it says what the claim's last one said. */
export async function insertEntitlement(tx: Tx, entitlement: NewEntitlement): Promise<void> {
  const { claimNumber, employeeId, rulebook, plan, catalogues, assessed } = entitlement;
  const { rows } = await tx.query<{ no: number; rulebookVersion: string | null; planVersion: string | null; content: Buffer | null }>(
    `SELECT no, rulebook_version AS "rulebookVersion", plan_version AS "planVersion", content FROM entitlement WHERE claim_number = $1 ORDER BY no DESC LIMIT 1`,
    [claimNumber],
  );
  const [last] = rows;
  const content = JSON.stringify(assessed);
  if (last?.content && last.rulebookVersion === (rulebook?.version ?? null) && last.planVersion === (plan?.version ?? null)) {
    const before = await tx.vault.open(entitlementContentOf({ employeeId, claimNumber, no: last.no }), last.content);
    if (before === content) return;
  }
  const no = (last?.no ?? 0) + 1;
  const sealed = await tx.vault.seal(entitlementContentOf({ employeeId, claimNumber, no }), content).catch((error: unknown) => {
    // the person was erased: amounts are kept, of what somebody was ill is not
    if (error instanceof KeyDestroyed) return null;
    throw error;
  });
  const { result } = assessed;
  const adds = result.covered ? result.adds : null;
  await tx.query(
    `INSERT INTO entitlement (claim_number, no, employee_id, year, at, kind, rulebook_id, rulebook_version, plan_id, plan_version, catalogues, why, submitted_fen, eligible_fen,
       benefit_fen, deductible_fen, scope_fen, pooled_fen, large_amount_fen, plan_fen, stays, content)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
    [
      ...[claimNumber, no, employeeId, entitlement.year, entitlement.at, entitlement.kind],
      ...[rulebook?.id ?? null, rulebook?.version ?? null, plan?.id ?? null, plan?.version ?? null, catalogues],
      ...[result.covered ? null : result.why, entitlement.submittedFen, result.covered ? result.eligibleFen : null, result.covered ? result.benefitFen : null],
      ...[adds?.deductibleFen ?? 0, adds?.scopeFen ?? 0, adds?.pooledFen ?? 0, adds?.largeAmountFen ?? 0, adds?.planFen ?? 0, adds?.stays ?? 0, sealed],
    ],
  );
}

export type EntitlementRow = {
  no: number;
  at: Date;
  visitStart: Day;
  rulebook: { id: string; version: string } | null;
  plan: { id: string; version: string } | null;
  catalogues: string[];
  submittedFen: Fen;
  why: NotCovered['why'] | null;
  /** null: erased */
  assessed: Assessed | null;
};

/** The assessment of a claim that counts; undefined where it never passed intake. */
export async function findEntitlement(
  db: Pick<ScopedDatabase, 'query' | 'vault'>,
  { claimNumber, employeeId }: { claimNumber: string; employeeId: string },
): Promise<EntitlementRow | undefined> {
  const { rows } = await db.query<Omit<EntitlementRow, 'rulebook' | 'plan' | 'assessed'> & Versions & { content: Buffer | null }>(
    `SELECT e.no, e.at, c.visit_start AS "visitStart", e.rulebook_id AS "rulebookId", e.rulebook_version AS "rulebookVersion", e.plan_id AS "planId",
       e.plan_version AS "planVersion", e.catalogues, e.submitted_fen AS "submittedFen", e.why, e.content
     FROM entitlement e JOIN claim c ON c.number = e.claim_number WHERE e.claim_number = $1 ORDER BY e.no DESC LIMIT 1`,
    [claimNumber],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { content, rulebookId, rulebookVersion, planId, planVersion, ...rest } = row;
  return {
    ...{ ...rest, submittedFen: fen(rest.submittedFen) },
    ...{ rulebook: named(rulebookId, rulebookVersion), plan: named(planId, planVersion) },
    assessed: await openAssessed(db, { employeeId, claimNumber, no: row.no, content }),
  };
}

type Versions = { rulebookId: string | null; rulebookVersion: string | null; planId: string | null; planVersion: string | null };

function named(id: string | null, version: string | null): { id: string; version: string } | null {
  return id === null || version === null ? null : { id, version };
}
