import { createHash } from 'node:crypto';
import type pg from 'pg';
import { entryText, GENESIS, type EntryColumns } from '#domain/audit/entry.ts';

/** What somebody can do who rules the whole database, and the product cannot. */
export type Tampering = {
  /** does `sql` with no trigger in its way */
  tamper(sql: string, values?: unknown[]): Promise<void>;
  /** makes the links of a chain fit again, from entry `from` on */
  relink(chain: string, from?: number): Promise<void>;
  /** moves everything that was written until now to `day` (in Shanghai), links and all */
  backdate(day: string): Promise<void>;
};

/** `admin`: connected as the superuser. */
export function tampering(admin: pg.Client): Tampering {
  const tools: Tampering = {
    async tamper(sql, values = []) {
      await admin.query('BEGIN');
      try {
        await admin.query('SET LOCAL session_replication_role = replica');
        await admin.query(sql, values);
        await admin.query('COMMIT');
      } catch (error) {
        await admin.query('ROLLBACK');
        throw error;
      }
    },
    relink: (chain, from = 1) => relink(admin, chain, from),
    async backdate(day) {
      await tools.tamper(`UPDATE audit_entry SET recorded_at = $1 WHERE audit_day(recorded_at) = audit_day(now())`, [`${day}T04:00:00.000Z`]);
      const { rows } = await admin.query<{ chain: string }>('SELECT DISTINCT chain FROM audit_entry');
      for (const { chain } of rows) await tools.relink(chain);
    },
  };
  return tools;
}

async function relink(admin: pg.Client, chain: string, from: number): Promise<void> {
  const utc = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const { rows } = await admin.query<Omit<EntryColumns, 'no' | 'prev'> & { id: string; no: string }>(
    `SELECT id, chain, chain_no AS no, ${utc('recorded_at')} AS recorded, ${utc('at')} AS at, unit_id AS unit, claim_number AS claim, seq, employee_id AS employee, action,
       actor::text, detail::text FROM audit_entry WHERE chain = $1 ORDER BY chain_no`,
    [chain],
  );
  await admin.query('BEGIN');
  await admin.query('SET LOCAL session_replication_role = replica');
  let prev = GENESIS;
  for (const [index, { id, ...row }] of rows.entries()) {
    const text = entryText({ ...row, no: Number(row.no), prev });
    const hash = createHash('sha256').update(text).digest('hex');
    if (index + 1 >= from) {
      await admin.query(`UPDATE audit_entry SET prev_hash = decode($2, 'hex'), hash = decode($3, 'hex'), text = $4 WHERE id = $1`, [id, prev, hash, text]);
    }
    prev = hash;
  }
  await admin.query('UPDATE audit_chain SET hash = decode($2, $3) WHERE chain = $1', [chain, prev, 'hex']);
  await admin.query('COMMIT');
}
