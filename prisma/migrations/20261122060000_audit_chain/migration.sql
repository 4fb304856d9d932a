-- The audit as hash chains, and the signed roots of its days (docs/decisions/0016-audit-chains-and-roots.md).

-- The end of every chain. Whoever appends holds its row until the end of the transaction, so that a chain has no forks. Only the trigger below touches it.
CREATE TABLE audit_chain (
  chain TEXT NOT NULL,
  no BIGINT NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT audit_chain_pkey PRIMARY KEY (chain)
) WITH (fillfactor = 70);
SELECT protect_table('audit_chain');
-- its heads would tell the worker nothing, and an append-only chain has no other writer
DROP POLICY worker ON audit_chain;

ALTER TABLE audit_entry
  ADD COLUMN unit_id UUID,
  ADD COLUMN employee_id UUID,
  ADD COLUMN recorded_at TIMESTAMPTZ(3),
  ADD COLUMN chain TEXT,
  ADD COLUMN chain_no BIGINT,
  ADD COLUMN prev_hash BYTEA,
  ADD COLUMN hash BYTEA,
  ADD COLUMN text TEXT;

-- The day of an entry is the day on which the database wrote it, in Shanghai, whatever `at` says. Every transaction holds its days until it ends, so that whoever gets
-- one for itself knows that nothing more will come.
CREATE FUNCTION audit_day(instant timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT (instant AT TIME ZONE 'Asia/Shanghai')::date $$;
CREATE FUNCTION audit_day_lock(day date) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 4702111234474983424 + (day - date '2000-01-01') $$;

CREATE FUNCTION append_to_audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  genesis CONSTANT bytea := decode(repeat('00', 32), 'hex');
  held date;
  start text;
  rest text;
BEGIN
  -- Read again once the day is held: it may have ended, and been closed, in between.
  LOOP
    held := audit_day(clock_timestamp());
    PERFORM pg_advisory_xact_lock_shared(audit_day_lock(held));
    NEW.recorded_at := clock_timestamp();
    EXIT WHEN audit_day(NEW.recorded_at) = held;
  END LOOP;
  NEW.chain := CASE
    WHEN NEW.employee_id IS NOT NULL THEN 'person:' || NEW.employee_id
    WHEN NEW.claim_number IS NOT NULL THEN NEW.claim_number
    WHEN NEW.unit_id IS NOT NULL THEN 'unit:' || NEW.unit_id
    ELSE 'installation' END;
  -- What the entry says, as it is hashed: JSON in a fixed order, times in UTC to the millisecond.
  start := '{"chain":' || to_json(NEW.chain)::text || ',"no":';
  rest := '","recorded":"' || to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || '","at":"' || to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || '","unit":' || coalesce(to_json(NEW.unit_id)::text, 'null')
    || ',"claim":' || coalesce(to_json(NEW.claim_number)::text, 'null')
    || ',"seq":' || coalesce(NEW.seq::text, 'null')
    || ',"employee":' || coalesce(to_json(NEW.employee_id)::text, 'null')
    || ',"action":' || to_json(NEW.action)::text
    || ',"actor":' || NEW.actor::text
    || ',"detail":' || NEW.detail::text || '}';
  INSERT INTO audit_chain AS head (chain, no, prev, hash)
    VALUES (NEW.chain, 1, genesis, sha256(convert_to(start || '1,"prev":"' || encode(genesis, 'hex') || rest, 'UTF8')))
    ON CONFLICT (chain) DO UPDATE
      SET no = head.no + 1, prev = head.hash, hash = sha256(convert_to(start || head.no + 1 || ',"prev":"' || encode(head.hash, 'hex') || rest, 'UTF8'))
    RETURNING no, prev, hash INTO NEW.chain_no, NEW.prev_hash, NEW.hash;
  NEW.text := start || NEW.chain_no || ',"prev":"' || encode(NEW.prev_hash, 'hex') || rest;
  RETURN NEW;
END $$;

-- What was written before there were chains is chained now, in the order in which it was written, and so is what the events of its transitions say.
UPDATE audit_entry a SET detail = jsonb_build_object('from', e.from_state, 'to', e.to_state, 'remark', e.remark, 'params', e.remark_params, 'turn', e.turn,
    'due', to_char(e.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'about', e.detail)
  FROM claim_event e WHERE e.claim_number = a.claim_number AND e.seq = a.seq AND e.type = a.action;
DO $$
DECLARE
  entry audit_entry;
BEGIN
  CREATE TEMPORARY TABLE audit_before ON COMMIT DROP AS SELECT * FROM audit_entry ORDER BY id;
  DELETE FROM audit_entry;
  CREATE TRIGGER audit_entry_chained BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION append_to_audit_chain();
  INSERT INTO audit_entry (id, claim_number, seq, at, actor, action, detail, unit_id)
    SELECT b.id, b.claim_number, b.seq, b.at, b.actor, b.action, b.detail, c.unit_id
    FROM audit_before b LEFT JOIN claim c ON c.number = b.claim_number ORDER BY b.id;
END $$;

ALTER TABLE audit_entry
  ALTER COLUMN recorded_at SET NOT NULL,
  ALTER COLUMN chain SET NOT NULL,
  ALTER COLUMN chain_no SET NOT NULL,
  ALTER COLUMN prev_hash SET NOT NULL,
  ALTER COLUMN hash SET NOT NULL,
  ALTER COLUMN text SET NOT NULL;
CREATE UNIQUE INDEX audit_entry_chain_chain_no_key ON audit_entry (chain, chain_no);
-- a claim's chain bears its number, and is found by it
DROP INDEX audit_entry_claim_number_id_idx;
CREATE INDEX audit_entry_recorded_at_idx ON audit_entry USING BRIN (recorded_at);
CREATE INDEX audit_entry_employee_id_idx ON audit_entry (employee_id, id) WHERE employee_id IS NOT NULL;

-- The root of a day's entries of a unit (RFC 6962), signed, and exported out of the reach of whoever rules the database.
CREATE TABLE audit_root (
  -- 'unit:<id>', or 'installation' for what belongs to no unit
  scope TEXT NOT NULL,
  day DATE NOT NULL,
  unit_id UUID,
  entries INTEGER NOT NULL,
  root BYTEA NOT NULL,
  -- the bytes that were signed, with what they are about
  statement TEXT NOT NULL,
  signature BYTEA NOT NULL,
  key_id TEXT NOT NULL,
  public_key TEXT NOT NULL,
  sealed_at TIMESTAMPTZ(3) NOT NULL,
  exported_at TIMESTAMPTZ(3),
  CONSTRAINT audit_root_pkey PRIMARY KEY (scope, day)
);
CREATE INDEX audit_root_day_idx ON audit_root (day);
SELECT protect_table('audit_root');

-- What was handed out for an inspection: to whom, why, of what. The file itself is made anew at each download.
CREATE TABLE inspection_pack (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  unit_id UUID NOT NULL,
  claim_number TEXT,
  from_day DATE,
  to_day DATE,
  contents BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  actor JSONB NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT inspection_pack_pkey PRIMARY KEY (id),
  CONSTRAINT inspection_pack_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX inspection_pack_unit_id_created_at_idx ON inspection_pack (unit_id, created_at);
SELECT protect_table('inspection_pack');

-- Nobody rewrites any of it, not even the owner; who exports a root may say when.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_root_kept BEFORE DELETE OR TRUNCATE OR UPDATE OF scope, day, unit_id, entries, root, statement, signature, key_id, public_key, sealed_at ON audit_root
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER inspection_pack_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection_pack FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Closes a day: waits for the transactions that wrote on it, and then nothing more can be written on it.
CREATE FUNCTION hold_audit_day(day date) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$ SELECT pg_advisory_xact_lock(audit_day_lock(day)) $$;

REVOKE EXECUTE ON FUNCTION append_to_audit_chain(), refuse_audit_change(), hold_audit_day(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hold_audit_day(date) TO daozhang_worker;

GRANT SELECT, INSERT ON audit_root TO daozhang_worker;
GRANT UPDATE (exported_at) ON audit_root TO daozhang_worker;
GRANT SELECT ON audit_root TO daozhang_api;
GRANT SELECT, INSERT ON inspection_pack TO daozhang_api;
GRANT SELECT ON inspection_pack TO daozhang_worker;

-- Whatever happens may be recorded by whoever sees it happen. It is read by whoever sees its unit or its claim, and a look at a person by that person too.
DROP POLICY api ON audit_entry;
CREATE POLICY api ON audit_entry FOR SELECT TO daozhang_api
  USING (unit_id IN (SELECT u FROM units_in_scope() AS u) OR employee_id = (SELECT scope_employee()) OR EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY recorded ON audit_entry FOR INSERT TO daozhang_api WITH CHECK (true);
CREATE POLICY api ON audit_root FOR SELECT TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY api ON inspection_pack TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u));

-- Who looked at a person, with the readers' names, for the person herself and for those who see her record: readers may be of any unit.
CREATE FUNCTION list_looks(person uuid, before bigint, count integer)
  RETURNS TABLE (id bigint, at timestamptz, actor jsonb, what text, claim text, reader text, reader_unit text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT a.id, a.at, a.actor, a.detail ->> 'what', a.detail ->> 'claim', coalesce(e.name, k.name, m.name), u.code
  FROM audit_entry a
    LEFT JOIN employee e ON a.actor ->> 'type' = 'person' AND e.id::text = a.actor ->> 'id'
    LEFT JOIN api_key k ON a.actor ->> 'type' = 'machine' AND k.id::text = a.actor ->> 'id'
    LEFT JOIN machine_client m ON a.actor ->> 'type' = 'machine' AND m.id::text = a.actor ->> 'id'
    LEFT JOIN unit u ON u.id = coalesce(e.unit_id, k.unit_id, m.unit_id)
  WHERE a.employee_id = person AND a.action = 'looked' AND a.id < before
    AND (person = scope_employee() OR EXISTS (SELECT FROM employee p WHERE p.id = person AND p.unit_id IN (SELECT u FROM units_in_scope() AS u)))
  ORDER BY a.id DESC LIMIT count
$$;

-- What a bureau or bank has told of claims, without what it said: that a message came, its digest, and what was answered.
CREATE FUNCTION list_claim_messages(numbers text[])
  RETURNS TABLE (claim_number text, source text, message_id text, type text, body_digest text, acknowledgement jsonb, received_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT m.claim_number, m.source, m.message_id, m.type, m.body_digest, m.acknowledgement, m.received_at
  FROM inbox_message m JOIN claim c ON c.number = m.claim_number
  WHERE m.claim_number = ANY (numbers) AND c.unit_id IN (SELECT u FROM units_in_scope() AS u)
$$;
REVOKE EXECUTE ON FUNCTION list_looks(uuid, bigint, integer), list_claim_messages(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_looks(uuid, bigint, integer), list_claim_messages(text[]) TO daozhang_api;
