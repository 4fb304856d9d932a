-- A copy of every rulebook, plan, catalogue and directory of hospitals that a process has worked with, by the hash of its content (docs/decisions/0025-catalogues-and-hospitals.md): files
-- are edited, and what an amount was computed by must be found years later. Nothing of anybody is in them.
CREATE TABLE policy_copy (
  -- SHA-256 of the content, in hexadecimal
  version TEXT NOT NULL,
  kind TEXT NOT NULL,
  -- what the file calls itself: 130100-310, 130000-drugs
  id TEXT NOT NULL,
  -- JSON in canonical form, as text: JSONB would not give back what was hashed
  content TEXT NOT NULL,
  first_seen_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT policy_copy_pkey PRIMARY KEY (version),
  CONSTRAINT policy_copy_known CHECK (kind IN ('RULEBOOK', 'PLAN', 'CATALOGUE', 'HOSPITALS')),
  CONSTRAINT policy_copy_true CHECK (version = encode(sha256(convert_to(content, 'UTF8')), 'hex'))
);
CREATE INDEX policy_copy_kind_id_first_seen_at_idx ON policy_copy (kind, id, first_seen_at);

SELECT protect_table('policy_copy');
CREATE POLICY api ON policy_copy TO daozhang_api USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON policy_copy TO daozhang_api, daozhang_worker;
CREATE TRIGGER policy_copy_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_copy FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
