import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { Database } from '#prisma/database.ts';

export const silent = pino({ level: 'silent' });

/** Asks until it is so. Only a safety net ends it: no test depends on how long something takes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const bound = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > bound) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export type Person = { id: string; employeeNo: string };

/** A unit, below `parentId` if there is one. Returns its id. */
export async function makeUnit(database: Database, { code, parentId = null }: { code: string; parentId?: string | null }): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO unit (id, code, name, name_en, parent_id, ancestor_ids, region)
     VALUES ($1, $2, '石家庄分公司', 'Shijiazhuang branch', $3, coalesce((SELECT ancestor_ids FROM unit WHERE id = $3), '{}') || $1::uuid, '130100')`,
    [id, code, parentId],
  );
  return id;
}

export async function makeEmployee(
  database: Database,
  person: { unitId: string; name?: string; email?: string | null; locale?: string; active?: boolean },
): Promise<Person> {
  const id = randomUUID();
  const { unitId, name = '王芳', email = null, locale = 'zh-CN', active = true } = person;
  await database.query(
    `INSERT INTO employee (id, employee_no, unit_id, name, email, locale, insured_region, active) VALUES ($1, $2, $3, $4, $5, $6, '130100', $7)`,
    [id, `E-${id.slice(0, 8)}`, unitId, name, email, locale, active],
  );
  return { id, employeeNo: `E-${id.slice(0, 8)}` };
}

/** A claim of 526.00 yuan with nothing but its head row. Returns its number. */
export async function makeClaim(
  database: Database,
  claim: { number: string; unitId: string; employeeId: string; state?: string; closed?: boolean; workflowId?: string },
): Promise<string> {
  const { number, unitId, employeeId, state = 'SUBMITTED', closed = false, workflowId = `claim/${number}` } = claim;
  await database.query(
    `INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, insured_region, treated_region, bureau_code,
       hospital_code, hospital_name, visit_start, visit_end, submitted_fen, created_by, closed_at)
     VALUES ($1, $2, $3, 'OUTPATIENT', 'EMPLOYEE', $4, 1, $5, '130100', '110000', '130100', 'H11010500001', '北京朝阳医院', '2026-11-02',
       '2026-11-02', 52600, '{"type":"system","id":"daozhang"}', CASE WHEN $6 THEN now() END)`,
    [number, unitId, employeeId, state, workflowId, closed],
  );
  return number;
}
