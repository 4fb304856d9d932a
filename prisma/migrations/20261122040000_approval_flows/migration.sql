-- Approval flows (docs/decisions/0014-approval-flows.md): what a unit's claims pass before the bureau sees them, and each claim's way through.

CREATE TABLE approval_flow (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  unit_id UUID NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  valid_from TIMESTAMPTZ(3) NOT NULL,
  claim_kinds TEXT[],
  min_fen BIGINT,
  max_fen BIGINT,
  steps JSONB NOT NULL,
  copies JSONB NOT NULL DEFAULT '[]',
  created_by JSONB NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT approval_flow_pkey PRIMARY KEY (id),
  CONSTRAINT approval_flow_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT approval_flow_amounts_sane CHECK (coalesce(min_fen, 0) >= 0 AND coalesce(min_fen, 0) <= coalesce(max_fen, min_fen, 0)),
  CONSTRAINT approval_flow_version_sane CHECK (version > 0)
);
CREATE UNIQUE INDEX approval_flow_unit_id_name_version_key ON approval_flow (unit_id, name, version);

CREATE TABLE approval (
  claim_number TEXT NOT NULL,
  flow_id UUID NOT NULL,
  flow_version INTEGER NOT NULL,
  flow JSONB NOT NULL,
  status TEXT NOT NULL,
  instance JSONB NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT approval_pkey PRIMARY KEY (claim_number),
  CONSTRAINT approval_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT approval_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES approval_flow (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT approval_status_known CHECK (status IN ('OPEN', 'APPROVED', 'REFUSED', 'RETURNED', 'WITHDRAWN'))
);

CREATE TABLE approval_entry (
  claim_number TEXT NOT NULL,
  no INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  action TEXT NOT NULL,
  step INTEGER NOT NULL,
  by UUID,
  on_behalf_of UUID,
  people UUID[],
  to_step INTEGER,
  mode TEXT,
  found TEXT,
  comment TEXT,
  CONSTRAINT approval_entry_pkey PRIMARY KEY (claim_number, no),
  CONSTRAINT approval_entry_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE claim_participant (
  claim_number TEXT NOT NULL,
  employee_id UUID NOT NULL,
  since TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT claim_participant_pkey PRIMARY KEY (claim_number, employee_id),
  CONSTRAINT claim_participant_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT claim_participant_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES employee (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX claim_participant_employee_id_claim_number_idx ON claim_participant (employee_id, claim_number);

-- Several people are asked at once, each in a task of the own.
ALTER TABLE task ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0, ADD COLUMN assignees UUID[] DEFAULT '{}';
DROP INDEX task_claim_number_opened_seq_kind_level_key;
CREATE UNIQUE INDEX task_claim_number_opened_seq_kind_level_ordinal_key ON task (claim_number, opened_seq, kind, level, ordinal);
CREATE INDEX task_assignees_idx ON task USING GIN (assignees);

SELECT protect_table('approval_flow');
SELECT protect_table('approval');
SELECT protect_table('approval_entry');
SELECT protect_table('claim_participant');

GRANT SELECT ON approval_flow, approval, approval_entry, claim_participant TO daozhang_api, daozhang_worker;
-- versions, trail and participants are added and never changed
GRANT INSERT ON approval_flow TO daozhang_api;
GRANT INSERT, UPDATE ON approval TO daozhang_worker;
GRANT INSERT ON approval_entry, claim_participant TO daozhang_worker;

-- A flow counts for everything below its unit, and is read there; it is written by whom the unit is in the scope of.
CREATE POLICY api ON approval_flow FOR SELECT TO daozhang_api USING (unit_id IN (SELECT units_readable()));
CREATE POLICY added ON approval_flow FOR INSERT TO daozhang_api WITH CHECK (unit_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY api ON approval TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON approval_entry TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
-- not by way of the claim, whose own policy looks here
CREATE POLICY api ON claim_participant TO daozhang_api USING (employee_id = (SELECT scope_employee()));

-- Whom an approver may pass on to or add, and whom a flow may name: anybody of the group who is still there, by number and nothing but the id.
CREATE FUNCTION find_colleagues(numbers text[]) RETURNS TABLE (id uuid, employee_no text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.employee_no FROM employee e JOIN unit u ON u.id = e.unit_id WHERE e.employee_no = ANY (numbers) AND e.active
$$;
-- Who took part in an approval, for whoever sees the claim: numbers and names of those whom its trail names.
CREATE FUNCTION approval_people(of_claim text) RETURNS TABLE (id uuid, employee_no text, name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.employee_no, e.name FROM employee e WHERE e.id IN (
    SELECT unnest(a.people || a.by || a.on_behalf_of) FROM approval_entry a JOIN claim c ON c.number = a.claim_number
    WHERE c.number = of_claim AND (c.unit_id IN (SELECT u FROM units_in_scope() AS u) OR c.employee_id = scope_employee()
      OR EXISTS (SELECT FROM claim_participant p WHERE p.claim_number = c.number AND p.employee_id = scope_employee())))
$$;
REVOKE EXECUTE ON FUNCTION find_colleagues(text[]), approval_people(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_colleagues(text[]), approval_people(text) TO daozhang_api;
