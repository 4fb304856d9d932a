-- What may be read by nobody without a key is sealed (docs/decisions/0012-field-encryption.md). The keys lie here wrapped under a master key that the database
-- never sees.

CREATE TABLE person_key (
  employee_id UUID NOT NULL,
  purpose TEXT NOT NULL,
  wrapped BYTEA,
  master_key_id TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  destroyed_at TIMESTAMPTZ(3),
  CONSTRAINT person_key_pkey PRIMARY KEY (employee_id, purpose),
  CONSTRAINT person_key_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES employee (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT person_key_purpose_known CHECK (purpose IN ('medical', 'accounting')),
  -- vouchers are kept for thirty years, and so is what opens them
  CONSTRAINT person_key_destroyed CHECK (
    (wrapped IS NULL) = (destroyed_at IS NOT NULL) AND (wrapped IS NULL) = (master_key_id IS NULL) AND (destroyed_at IS NULL OR purpose = 'medical'))
);

CREATE TABLE installation_key (
  purpose TEXT NOT NULL,
  generation INTEGER NOT NULL,
  suite TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  master_key_id TEXT NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT installation_key_pkey PRIMARY KEY (purpose, generation),
  CONSTRAINT installation_key_generation_sane CHECK (generation BETWEEN 1 AND 65535)
);

SELECT protect_table('person_key');
SELECT protect_table('installation_key');
GRANT SELECT, INSERT ON person_key, installation_key TO daozhang_api, daozhang_worker;
-- rotation and erasure are the worker's
GRANT UPDATE (wrapped, master_key_id, destroyed_at) ON person_key TO daozhang_worker;
GRANT UPDATE (wrapped, master_key_id) ON installation_key TO daozhang_worker;
-- A claim stays with its unit when the person moves to another one, and with it what it says of her.
CREATE POLICY api ON person_key TO daozhang_api USING (
  EXISTS (SELECT FROM employee e WHERE e.id = person_key.employee_id) OR EXISTS (SELECT FROM claim c WHERE c.employee_id = person_key.employee_id));
CREATE POLICY api ON installation_key TO daozhang_api USING (true);

-- Nothing was released before this, and SQL cannot seal: an installation that holds people already is set up anew, and is not quietly robbed of what it knows.
DO $$ BEGIN
  IF EXISTS (SELECT FROM employee WHERE identity_no IS NOT NULL OR phone IS NOT NULL) OR EXISTS (SELECT FROM bank_account)
    OR EXISTS (SELECT FROM inbox_message) OR EXISTS (SELECT FROM idempotency_key) THEN
    RAISE EXCEPTION 'this database holds personal data from before they were sealed: set up a new one, and load people and accounts over the API';
  END IF;
END $$;

-- Equality of bytea is leakproof, so a look-up by blind index is an index scan behind a policy as well.
ALTER TABLE employee DROP COLUMN identity_no, DROP COLUMN phone;
ALTER TABLE employee ADD COLUMN identity_no BYTEA, ADD COLUMN identity_no_index BYTEA, ADD COLUMN phone BYTEA;
CREATE INDEX employee_identity_no_index_idx ON employee (identity_no_index);

-- erasure takes it away
GRANT UPDATE (identity_no_index) ON employee TO daozhang_worker;

ALTER TABLE bank_account DROP COLUMN account_no;
ALTER TABLE bank_account ADD COLUMN account_no BYTEA NOT NULL, ADD COLUMN account_no_index BYTEA NOT NULL;
CREATE INDEX bank_account_account_no_index_idx ON bank_account (account_no_index);

ALTER TABLE claim ADD COLUMN diagnoses BYTEA;

-- What has to be asked of a message without opening it: which instruction a bank speaks of, and whether it was paid.
ALTER TABLE inbox_message DROP COLUMN body;
ALTER TABLE inbox_message ADD COLUMN body BYTEA NOT NULL, ADD COLUMN reference TEXT, ADD COLUMN result TEXT;

ALTER TABLE idempotency_key DROP COLUMN body;
ALTER TABLE idempotency_key ADD COLUMN body BYTEA NOT NULL;

-- Who else is paid to this account, wherever in the tree: asked when an account is changed, answered with people and nothing else.
CREATE FUNCTION find_account_holders(sought bytea) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT employee_id FROM bank_account WHERE account_no_index = sought AND replaced_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION find_account_holders(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_account_holders(bytea) TO daozhang_api, daozhang_worker;
