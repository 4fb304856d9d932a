import type { Tx } from '../database.ts';

/** Whom a visit belongs to, and where the claim that comes of it lies. */
export type Visitor = { employeeId: string; unitId: string; ancestorIds: string[] };

/** The active employees whom the bureau of this region knows by this number. More than one: our records are wrong, and nobody is guessed. */
export async function findVisitors(tx: Tx, { personNo, insuredRegion }: { personNo: string; insuredRegion: string }): Promise<Visitor[]> {
  const { rows } = await tx.query<Visitor>(
    'SELECT employee_id AS "employeeId", unit_id AS "unitId", ancestor_ids AS "ancestorIds" FROM find_visitors($1, $2)',
    [personNo, insuredRegion],
  );
  return rows;
}

/** Whether a claim was made of this visit before. The same visit told twice at once waits here, and then is known. */
export async function isVisitKnown(tx: Tx, { bureauCode, visitNo, employeeId }: { bureauCode: string; visitNo: string; employeeId: string }): Promise<boolean> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`visit ${bureauCode} ${visitNo}`]);
  const { rows } = await tx.query('SELECT 1 FROM claim WHERE visit_no = $1 AND bureau_code = $2 AND employee_id = $3 LIMIT 1', [
    visitNo,
    bureauCode,
    employeeId,
  ]);
  return rows.length > 0;
}
