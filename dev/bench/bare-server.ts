import { randomUUID } from 'node:crypto';
import { fastify } from 'fastify';
import pg from 'pg';
import type { ClaimBody } from './claim-body.ts';

/**
 * What submissions are measured against: a bare Fastify route that makes the same rows by `pg`, an INSERT for each table in one transaction. No schema, no key, no
 * check of anything, no idempotency beyond the row.
 */
type Body = ClaimBody;
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const { rows } = await pool.query<{ id: string; unit: string }>('SELECT id, unit_id AS unit FROM employee ORDER BY employee_no LIMIT 1');
const [employee] = rows;
if (!employee) throw new Error('nobody is registered');
let sequence = 0;

const app = fastify();
app.post<{ Body: Body }>('/claims', async ({ body }, reply) => {
  sequence += 1;
  const number = `BARE-${sequence}`;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO claim (number, unit_id, employee_id, kind, source, state, seq, workflow_id, insured_region, treated_region, bureau_code, hospital_code,
         hospital_name, visit_start, visit_end, submitted_fen, created_by)
       VALUES ($1, $2, $3, $4, 'API', 'SUBMITTED', 1, $1, '130100', '130100', '130100', $5, $6, $7, $8, 100000, '{}')`,
      [number, employee.unit, employee.id, body.kind, body.hospital.code, body.hospital.name, body.visit.start, body.visit.end],
    );
    for (const [index, line] of body.lines.entries()) {
      await client.query(
        'INSERT INTO claim_line (claim_number, line_no, item_code, item_name, item_class, quantity, unit_price_fen, amount_fen) VALUES ($1, $2, $3, $4, $5, $6, 100000, 100000)',
        [number, index + 1, line.itemCode, line.itemName, line.itemClass, line.quantity],
      );
    }
    for (const invoice of body.invoices) {
      await client.query(
        'INSERT INTO claim_invoice (claim_number, type, code, invoice_no, check_code, amount_fen, issued_on, invoice_key) VALUES ($1, $2, $3, $4, $5, 100000, $6, $7)',
        [number, invoice.type, invoice.code, invoice.number, invoice.checkCode, invoice.issuedOn, `bare-${number}`],
      );
    }
    for (const document of body.documents) {
      await client.query('INSERT INTO claim_document (claim_number, document_id, kind) VALUES ($1, $2, $3)', [number, document.documentId, document.kind]);
    }
    await client.query(`INSERT INTO claim_event (claim_number, seq, type, to_state, actor, remark) VALUES ($1, 1, 'CREATED', 'SUBMITTED', '{}', 'CREATED')`, [
      number,
    ]);
    await client.query(`INSERT INTO audit_entry (claim_number, seq, actor, action) VALUES ($1, 1, '{}', 'CREATED')`, [number]);
    await client.query(`INSERT INTO notice (claim_number, seq, template, recipient, status) VALUES ($1, 1, 'CLAIM_SUBMITTED', '{}', 'SENT')`, [number]);
    await client.query(`INSERT INTO workflow_command (claim_number, kind, status) VALUES ($1, 'START', 'SENT')`, [number]);
    await client.query(`INSERT INTO idempotency_key (caller_id, route, key, fingerprint, status, body) VALUES ('bare', 'bare', $1, '', 201, '\\x7b7d')`, [
      randomUUID(),
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
  return reply.code(201).send({ number });
});

console.log(`bare server on ${await app.listen({ port: Number(process.env['HTTP_PORT']), host: '127.0.0.1' })}`);
process.once('SIGTERM', () => void app.close().then(() => pool.end()));
