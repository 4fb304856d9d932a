import type { Database } from '../database.ts';

export type ColleagueRow = { employeeNo: string; name: string; unitCode: string; unitName: string };

/**
 * Active employees of these units and of what lies below them whose name has `text` in it, or whose number begins with it in whatever case; an exact number first. No
 * pattern is made of what was typed.
 */
export async function searchColleagues(
  db: Pick<Database, 'query'>,
  { text, within, limit }: { text: string; within: readonly string[]; limit: number },
): Promise<ColleagueRow[]> {
  const { rows } = await db.query<ColleagueRow>(
    `SELECT e.employee_no AS "employeeNo", e.name, u.code AS "unitCode", u.name AS "unitName" FROM employee e JOIN unit u ON u.id = e.unit_id
     WHERE e.active AND (strpos(lower(e.name), lower($1)) > 0 OR starts_with(lower(e.employee_no), lower($1)))
       AND EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = e.unit_id AND a.ancestor_id = ANY ($2::uuid[]))
     ORDER BY lower(e.employee_no) <> lower($1), e.name, e.employee_no LIMIT $3`,
    [text, within, limit],
  );
  return rows;
}
