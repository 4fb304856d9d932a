-- The database enforces the tree of units as well as the product does (docs/decisions/0020-scopes-in-the-database.md).
--
-- Two groups own nothing and bypass nothing. `daozhang_api` serves people and machines, and sees what the scope of its transaction opens; `daozhang_worker` carries
-- out what was accepted, takes no request from anybody, and serves all units. Processes log in as members of one of them; migrations run as the owner.
DO $$ BEGIN CREATE ROLE daozhang_api NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE daozhang_worker NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO daozhang_api, daozhang_worker;
-- Who could make temporary tables could put one in the place of a table that a function of the owner means. Such functions look into pg_temp last as well: either is enough.
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;

-- Closure of the tree: which units lie below which, each below itself. Policies compare by equality, because the array operators are not leakproof and would turn
-- every look-up behind a policy into a sequential scan.
CREATE TABLE unit_ancestor (
  unit_id UUID NOT NULL,
  ancestor_id UUID NOT NULL,
  CONSTRAINT unit_ancestor_pkey PRIMARY KEY (unit_id, ancestor_id),
  CONSTRAINT unit_ancestor_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX unit_ancestor_ancestor_id_unit_id_idx ON unit_ancestor (ancestor_id, unit_id);
INSERT INTO unit_ancestor SELECT id, unnest(ancestor_ids) FROM unit;

CREATE FUNCTION keep_unit_ancestors() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN DELETE FROM unit_ancestor WHERE unit_id = NEW.id; END IF;
  INSERT INTO unit_ancestor SELECT NEW.id, unnest(NEW.ancestor_ids);
  RETURN NULL;
END $$;
CREATE TRIGGER unit_ancestors_kept AFTER INSERT OR UPDATE OF ancestor_ids ON unit FOR EACH ROW EXECUTE FUNCTION keep_unit_ancestors();

-- The scope of a transaction, as prisma/database.ts sets it. Outside of one everything is empty, and nothing is seen. After the first scoped transaction of a
-- connection a setting is '' and not null.
CREATE FUNCTION scope_units() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(nullif(current_setting('daozhang.units', true), '')::uuid[], '{}'::uuid[]) $$;
CREATE FUNCTION scope_employee() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('daozhang.employee', true), '')::uuid $$;
-- who is named in Idempotency-Keys and uploads
CREATE FUNCTION scope_caller() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('daozhang.caller', true), '') $$;
-- the bureau or bank whose signature was verified
CREATE FUNCTION scope_source() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('daozhang.source', true), '') $$;
CREATE FUNCTION units_in_scope() RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY (scope_units()) $$;

-- Every table: forced, so that the owner is bound as well, with a policy of its own for migrations and for the narrow functions that run as the owner.
CREATE FUNCTION protect_table(protected regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
  EXECUTE format('CREATE POLICY owner ON %s TO CURRENT_USER USING (true) WITH CHECK (true)', protected);
  EXECUTE format('CREATE POLICY worker ON %s TO daozhang_worker USING (true) WITH CHECK (true)', protected);
END $$;
REVOKE EXECUTE ON FUNCTION protect_table(regclass) FROM PUBLIC;

SELECT protect_table(c.oid) FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations';

-- What the worker may. What is append-only is so for it too.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO daozhang_worker;
-- not there where migrations are only compared with the schema
DO $$ BEGIN IF to_regclass('_prisma_migrations') IS NOT NULL THEN REVOKE ALL ON _prisma_migrations FROM daozhang_worker; END IF; END $$;
GRANT INSERT ON claim, claim_event, claim_document, audit_entry, bureau_submission, decision, invoice_hold, inbox_message, notice, payment_instruction, quota_reservation,
  statement_entry, task, webhook_delivery, workflow_command TO daozhang_worker;
GRANT UPDATE ON claim, bureau_submission, invoice_hold, inbox_message, notice, payment_instruction, quota, quota_reservation, statement_entry, task, webhook_delivery,
  workflow_command TO daozhang_worker;
GRANT DELETE ON invoice_hold TO daozhang_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO daozhang_api, daozhang_worker;

-- What the API may, and of which rows.
GRANT SELECT ON unit, unit_ancestor, employee, identity_change, role_assignment, bank_account, quota, quota_reservation, document, claim_document, claim, claim_line,
  claim_invoice, claim_event, audit_entry, bureau_submission, decision, payment_instruction, statement_entry, task, workflow_command, inbox_message, notice,
  webhook_endpoint, webhook_delivery, idempotency_key, holiday, payout_stop TO daozhang_api;
GRANT INSERT ON unit, employee, identity_change, role_assignment, bank_account, quota, document, claim_document, claim, claim_line, claim_invoice, claim_event, audit_entry,
  task, workflow_command, inbox_message, notice, webhook_endpoint, webhook_delivery, idempotency_key, payout_stop TO daozhang_api;
GRANT UPDATE ON unit, employee, role_assignment, bank_account, quota, claim, task, inbox_message, webhook_endpoint, webhook_delivery TO daozhang_api;
GRANT DELETE ON payout_stop TO daozhang_api;

CREATE POLICY api ON unit_ancestor TO daozhang_api USING (true);
CREATE POLICY api ON holiday TO daozhang_api USING (true);

CREATE POLICY api ON claim TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u) OR employee_id = (SELECT scope_employee()));
-- a bureau is answered about what lies with it
CREATE POLICY bureau ON claim FOR SELECT TO daozhang_api USING (bureau_code = (SELECT scope_source()));

-- Everything of a claim is seen by whoever sees the claim.
CREATE POLICY api ON claim_line TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON claim_invoice TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON claim_document TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON claim_event TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON bureau_submission TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON decision TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON quota_reservation TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON task TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON workflow_command TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON payment_instruction TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
-- a bank is heard about what it was told to pay; its claim has then to be woken
CREATE POLICY bank ON payment_instruction FOR SELECT TO daozhang_api USING (bank_code = (SELECT scope_source()));
CREATE POLICY bank ON workflow_command FOR INSERT TO daozhang_api
  WITH CHECK (EXISTS (SELECT FROM payment_instruction p WHERE p.claim_number = workflow_command.claim_number AND p.bank_code = (SELECT scope_source())));
CREATE POLICY api ON statement_entry TO daozhang_api USING (EXISTS (SELECT FROM payment_instruction p WHERE p.reference = statement_entry.reference));
-- without a claim: to a person's own address, about the own record
CREATE POLICY api ON notice TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number))
  WITH CHECK (claim_number IS NULL OR EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
-- Whatever happens may be recorded by whoever sees it happen; it is read with its claim.
CREATE POLICY api ON audit_entry TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number)) WITH CHECK (true);

CREATE POLICY api ON employee TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u) OR id = (SELECT scope_employee()));
CREATE POLICY api ON bank_account TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));
CREATE POLICY api ON quota TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));
CREATE POLICY api ON identity_change TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));
CREATE POLICY api ON role_assignment TO daozhang_api
  USING (unit_id IN (SELECT u FROM units_in_scope() AS u) OR employee_id = (SELECT scope_employee())) WITH CHECK (unit_id IN (SELECT u FROM units_in_scope() AS u));

CREATE POLICY api ON document TO daozhang_api
  USING (unit_id IN (SELECT u FROM units_in_scope() AS u) OR uploaded_by IN ((SELECT scope_caller()), (SELECT scope_employee())::text)
    OR EXISTS (SELECT FROM claim_document d WHERE d.document_id = document.id))
  WITH CHECK (unit_id IN (SELECT u FROM units_in_scope() AS u) OR uploaded_by = (SELECT scope_employee())::text);

CREATE POLICY api ON idempotency_key TO daozhang_api USING (caller_id = (SELECT scope_caller()));
CREATE POLICY api ON inbox_message TO daozhang_api USING (source = (SELECT scope_source()));
CREATE POLICY api ON webhook_endpoint TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY api ON webhook_delivery TO daozhang_api USING (EXISTS (SELECT FROM webhook_endpoint w WHERE w.id = endpoint_id))
  WITH CHECK (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));

-- A unit is read with those above it, whose settings it inherits; so are the unit of the person who asks, and those of the claims she sees.
CREATE FUNCTION units_readable() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT units_in_scope()
  UNION SELECT a.ancestor_id FROM unit_ancestor a WHERE a.unit_id = ANY (scope_units())
  UNION SELECT a.ancestor_id FROM employee e JOIN unit_ancestor a ON a.unit_id = e.unit_id WHERE e.id = scope_employee()
  UNION SELECT a.ancestor_id FROM claim c JOIN unit_ancestor a ON a.unit_id = c.unit_id WHERE c.employee_id = scope_employee()
$$;
CREATE POLICY api ON unit FOR SELECT TO daozhang_api USING (id IN (SELECT units_readable()) OR parent_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY added ON unit FOR INSERT TO daozhang_api WITH CHECK (parent_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY changed ON unit FOR UPDATE TO daozhang_api USING (id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY api ON payout_stop FOR SELECT TO daozhang_api USING (scope = '*' OR EXISTS (SELECT FROM unit u WHERE u.code = scope));
CREATE POLICY stopped ON payout_stop FOR ALL TO daozhang_api
  USING (EXISTS (SELECT FROM unit u WHERE u.id IN (SELECT u FROM units_in_scope() AS u) AND (u.code = scope OR scope = '*' AND u.parent_id IS NULL)));

-- Look-ups that must cross the tree: each answers one question and no other.

-- Who calls, before there is a scope.
CREATE FUNCTION find_api_key(key_id uuid) RETURNS TABLE (id uuid, hash text, unit_id uuid, unit_code text, unit_ancestors uuid[], scopes text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT k.id, k.hash, k.unit_id, u.code, u.ancestor_ids, k.scopes FROM api_key k JOIN unit u ON u.id = k.unit_id WHERE k.id = key_id AND k.revoked_at IS NULL AND u.active
$$;
-- Who acts: an active employee, of the subtree of a key's unit where a key names her, of any where she has signed in herself.
CREATE FUNCTION find_person(number text, within uuid, as_of timestamptz) RETURNS TABLE (id uuid, employee_no text, unit_id uuid, unit_code text, roles jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.employee_no, e.unit_id, u.code,
    coalesce((SELECT jsonb_agg(jsonb_build_object('role', r.role, 'unitId', r.unit_id, 'unitAncestors', held.ancestor_ids))
      FROM role_assignment r JOIN unit held ON held.id = r.unit_id
      WHERE r.employee_id = e.id AND r.valid_from <= as_of AND (r.valid_to IS NULL OR r.valid_to > as_of)), '[]')
  FROM employee e JOIN unit u ON u.id = e.unit_id
  WHERE e.employee_no = number AND e.active
    AND (within IS NULL OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = u.id AND a.ancestor_id = within))
$$;
-- Whose visit a bureau tells of. More than one: the records are wrong, and nobody is guessed.
CREATE FUNCTION find_visitors(number text, region text) RETURNS TABLE (employee_id uuid, unit_id uuid, ancestor_ids uuid[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.unit_id, u.ancestor_ids FROM employee e JOIN unit u ON u.id = e.unit_id
  WHERE e.person_no = find_visitors.number AND e.insured_region = find_visitors.region AND e.active AND u.active LIMIT 2
$$;
-- Head office subscribes to what happens in its branches: the address and its secret are the head office's, the id alone is needed to queue a delivery.
CREATE FUNCTION find_subscribers(units uuid[], event text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id FROM webhook_endpoint e WHERE e.active AND e.unit_id = ANY (units) AND event = ANY (e.events)
$$;
REVOKE EXECUTE ON FUNCTION find_api_key(uuid), find_person(text, uuid, timestamptz), find_visitors(text, text), find_subscribers(uuid[], text), units_readable() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(uuid), find_person(text, uuid, timestamptz), find_visitors(text, text), units_readable() TO daozhang_api;
GRANT EXECUTE ON FUNCTION find_subscribers(uuid[], text) TO daozhang_api, daozhang_worker;
