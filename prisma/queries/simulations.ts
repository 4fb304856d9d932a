import type { Actor } from '#domain/claim/actor.ts';
import type { Fen } from '#domain/money.ts';
import type { KnownClaim } from '#domain/policy/entitle.ts';
import type { NotCovered } from '#domain/policy/settle.ts';
import { noTotals, type Totals, type Uncovered } from '#domain/simulation/totals.ts';
import type { UnitTotals } from '#domain/simulation/shown.ts';
import type { Database, Tx } from '../database.ts';
import { FIRST, openAssessed, OUT_OF_THE_YEAR } from './entitlements.ts';

type Reader = Pick<Database, 'query'>;

export type SimulationStatus = 'QUEUED' | 'RUNNING' | 'DONE' | 'CANCELLED' | 'FAILED';
export type SimulationRow = {
  id: string;
  unitId: string;
  unitCode: string;
  /** from the root to the unit */
  ancestorIds: string[];
  year: number;
  name: string;
  planMode: 'UNITS' | 'GIVEN' | 'NONE';
  under: { rulebooks: { id: string; version: string; changed: boolean }[]; plan: { id: string; version: string } | null };
  hash: string;
  status: SimulationStatus;
  actor: Actor;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  claimsTotal: number;
  claimsDone: number;
  /** of the claims that went in */
  digest: string;
};

const COLUMNS = `s.id, s.unit_id AS "unitId", u.code AS "unitCode", u.ancestor_ids AS "ancestorIds", s.year, s.name, s.plan_mode AS "planMode", s.under, s.hash, s.status, s.actor,
  s.created_at AS "createdAt", s.started_at AS "startedAt", s.ended_at AS "endedAt", s.claims_total AS "claimsTotal", s.claims_done AS "claimsDone", s.digest`;

export type NewSimulation = Pick<SimulationRow, 'id' | 'unitId' | 'year' | 'name' | 'planMode' | 'under' | 'hash' | 'actor' | 'createdAt'> & {
  /** JSON text */
  rulebooks: string;
  plan: string | null;
};

/** False where `most` of the unit are under way already. */
export async function insertSimulation(tx: Tx, made: NewSimulation, { most }: { most: number }): Promise<boolean> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('simulations'), hashtext($1))`, [made.unitId]);
  const { rowCount } = await tx.query(
    `INSERT INTO simulation (id, unit_id, year, name, rulebooks, plan, plan_mode, under, hash, actor, created_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE (SELECT count(*) FROM simulation WHERE unit_id = $2 AND ended_at IS NULL) < $12`,
    [
      ...[made.id, made.unitId, made.year, made.name, made.rulebooks, made.plan, made.planMode],
      ...[JSON.stringify(made.under), made.hash, JSON.stringify(made.actor), made.createdAt, most],
    ],
  );
  return rowCount === 1;
}

export async function findSimulation(db: Reader, id: string): Promise<SimulationRow | undefined> {
  const { rows } = await db.query<SimulationRow>(`SELECT ${COLUMNS} FROM simulation s JOIN unit u ON u.id = s.unit_id WHERE s.id = $1`, [id]);
  return rows[0];
}

/** Those of the units in `within` and everything below them, newest first. */
export async function listSimulations(
  db: Reader,
  page: { within: readonly string[]; after: { createdAt: string; id: string } | undefined; limit: number },
): Promise<SimulationRow[]> {
  const { rows } = await db.query<SimulationRow>(
    `SELECT ${COLUMNS} FROM simulation s JOIN unit u ON u.id = s.unit_id
     WHERE s.unit_id IN (SELECT unit_id FROM unit_ancestor WHERE ancestor_id = ANY ($1::uuid[]))
       AND ($2::timestamptz IS NULL OR (s.created_at, s.id) < ($2, $3::uuid)) ORDER BY s.created_at DESC, s.id DESC LIMIT $4`,
    [page.within, page.after?.createdAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
}

/** Ends one that is under way; false where it had ended. From then on no page adds to it. */
export async function endSimulation(db: Reader, { id, status, at }: { id: string; status: 'DONE' | 'CANCELLED' | 'FAILED'; at: Date }): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE simulation SET status = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL`, [id, status, at]);
  return (rowCount ?? 0) > 0;
}

/** Simulations that are under way, and how long ago they were asked for. */
export async function listUnfinished(db: Reader, { quietMs }: { quietMs: number }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM simulation WHERE ended_at IS NULL AND created_at < now() - $1 * interval '1 millisecond' ORDER BY created_at LIMIT 100`,
    [quietMs],
  );
  return rows.map(({ id }) => id);
}

export async function readTotals(db: Reader, id: string): Promise<UnitTotals[]> {
  const { rows } = await db.query<Omit<Totals, 'uncovered'> & { unitCode: string; uncovered: [Uncovered, number, Fen][] }>(
    `SELECT u.code AS "unitCode", t.people, t.claims, t.submitted_fen AS "submittedFen", t.covered, t.eligible_fen AS "eligibleFen", t.pooled_fen AS "pooledFen",
       t.large_amount_fen AS "largeAmountFen", t.plan_fen AS "planFen",
       (SELECT coalesce(json_agg(json_build_array(w.why, w.claims, w.submitted_fen)), '[]') FROM simulation_uncovered w WHERE w.simulation_id = t.simulation_id
          AND w.unit_id = t.unit_id) AS uncovered
     FROM simulation_total t JOIN unit u ON u.id = t.unit_id WHERE t.simulation_id = $1 ORDER BY u.code`,
    [id],
  );
  return rows.map(({ unitCode, uncovered, ...totals }) => ({
    unitCode,
    totals: { ...noTotals(), ...totals, uncovered: Object.fromEntries(uncovered.map(([why, claims, submittedFen]) => [why, { claims, submittedFen }])) },
  }));
}

/** Where a run is, and what it runs under. */
export type Run = { id: string; unitId: string; year: number; createdAt: Date; cursor: string | null; digest: string; hash: string } & Pick<
  SimulationRow,
  'planMode' | 'status'
> & {
    rulebooks: string;
    plan: string | null;
    claimsDone: number;
    claimsTotal: number;
  };

/** Takes up a simulation that waits: counts what lies before it. What has begun is read as it is. */
export async function openRun(db: Reader, { id, at }: { id: string; at: Date }): Promise<Run | undefined> {
  await db.query(
    `UPDATE simulation s SET status = 'RUNNING', started_at = $2, claims_total = (SELECT count(*) FROM claim c WHERE ${ASKED_ABOUT('s.unit_id', 's.year', 's.created_at')})
     WHERE s.id = $1 AND s.status = 'QUEUED'`,
    [id, at],
  );
  const { rows } = await db.query<Run>(
    `SELECT id, unit_id AS "unitId", year, created_at AS "createdAt", cursor, digest, hash, plan_mode AS "planMode", status, rulebooks, plan,
       claims_done AS "claimsDone", claims_total AS "claimsTotal" FROM simulation WHERE id = $1`,
    [id],
  );
  return rows[0];
}

/** Claims `c` of the year that had been submitted when the simulation was asked for, and that something may be paid for. */
const OF_THE_YEAR = (year: string, asOf: string): string =>
  `c.visit_start >= make_date(${year}, 1, 1) AND c.visit_start <= make_date(${year}, 12, 31) AND c.submitted_at <= ${asOf} AND c.state NOT IN ${OUT_OF_THE_YEAR}`;
const BELOW = (unit: string): string => `EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = c.unit_id AND a.ancestor_id = ${unit})`;
const ASKED_ABOUT = (unit: string, year: string, asOf: string): string => `${OF_THE_YEAR(year, asOf)} AND ${BELOW(unit)}`;

/** `known`: null where it was erased, undefined where the claim never was assessed. `counts`: it lies in the subtree, and is not only another one of the person's year. */
export type PageClaim = {
  number: string;
  no: number | null;
  employeeId: string;
  unitId: string;
  counts: boolean;
  submittedFen: Fen;
  planId: string | null;
  why: NotCovered['why'] | null;
  known: KnownClaim | null | undefined;
};

/**
 * The claims of the next `people` after the cursor, each person's in the order in which they were first assessed: all of their year, because what another unit's claims used up is
 * gone. None: there is nobody left.
 */
export async function readPage(db: Pick<Database, 'query' | 'vault'>, run: Run, { people }: { people: number }): Promise<PageClaim[]> {
  const { rows } = await db.query<Omit<PageClaim, 'known'> & { content: Buffer | null }>(
    `WITH people AS MATERIALIZED (
       SELECT e.id FROM employee e WHERE e.id > $4 AND EXISTS (SELECT FROM claim c WHERE c.employee_id = e.id AND ${ASKED_ABOUT('$1', '$2::int', '$3')})
       ORDER BY e.id LIMIT $5
     )
     SELECT c.number, t.no, c.employee_id AS "employeeId", c.unit_id AS "unitId", ${BELOW('$1')} AS counts, c.submitted_fen AS "submittedFen",
       t.plan_id AS "planId", t.why, t.content
     FROM people p JOIN claim c ON c.employee_id = p.id AND ${OF_THE_YEAR('$2::int', '$3')}
     LEFT JOIN LATERAL (SELECT * FROM entitlement e WHERE e.claim_number = c.number AND e.at <= $3 ORDER BY e.no DESC LIMIT 1) t ON true
     ORDER BY c.employee_id, ${FIRST('c.number')} NULLS LAST, c.number`,
    [run.unitId, run.year, run.createdAt, run.cursor ?? '00000000-0000-0000-0000-000000000000', people],
  );
  await db.vault.warm('medical', [...new Set(rows.map(({ employeeId }) => employeeId))]);
  const claims: PageClaim[] = [];
  for (const { content, ...row } of rows) {
    const { no, number: claimNumber, employeeId } = row;
    const assessed = no === null ? undefined : await openAssessed(db, { employeeId, claimNumber, no, content });
    claims.push({ ...row, known: assessed && assessed.claim });
  }
  return claims;
}

/**
 * Adds a page's totals and moves the cursor, in one transaction. False, and nothing is written, where the run is no longer where the page began: somebody else has settled it, or
 * the simulation has ended.
 */
export async function addPage(
  tx: Tx,
  { run, cursor, digest, claims, totals }: { run: Run; cursor: string; digest: string; claims: number; totals: ReadonlyMap<string, Totals> },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE simulation SET cursor = $3, digest = $4, claims_done = claims_done + $5 WHERE id = $1 AND status = 'RUNNING' AND cursor IS NOT DISTINCT FROM $2::uuid`,
    [run.id, run.cursor, cursor, digest, claims],
  );
  if (rowCount !== 1) return false;
  for (const [unitId, total] of totals) {
    await tx.query(
      `INSERT INTO simulation_total AS t (simulation_id, unit_id, people, claims, submitted_fen, covered, eligible_fen, pooled_fen, large_amount_fen, plan_fen)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (simulation_id, unit_id) DO UPDATE SET people = t.people + excluded.people, claims = t.claims + excluded.claims,
         submitted_fen = t.submitted_fen + excluded.submitted_fen, covered = t.covered + excluded.covered, eligible_fen = t.eligible_fen + excluded.eligible_fen,
         pooled_fen = t.pooled_fen + excluded.pooled_fen, large_amount_fen = t.large_amount_fen + excluded.large_amount_fen, plan_fen = t.plan_fen + excluded.plan_fen`,
      [
        ...[run.id, unitId, total.people, total.claims, total.submittedFen, total.covered, total.eligibleFen, total.pooledFen, total.largeAmountFen],
        total.planFen,
      ],
    );
    for (const [why, one] of Object.entries(total.uncovered))
      await tx.query(
        `INSERT INTO simulation_uncovered AS w (simulation_id, unit_id, why, claims, submitted_fen) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (simulation_id, unit_id, why) DO UPDATE SET claims = w.claims + excluded.claims, submitted_fen = w.submitted_fen + excluded.submitted_fen`,
        [run.id, unitId, why, one.claims, one.submittedFen],
      );
  }
  return true;
}
