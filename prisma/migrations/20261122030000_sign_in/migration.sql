-- People sign in at the employer's identity provider, machines come with its access tokens (docs/decisions/0013-sessions-here-identities-elsewhere.md).

CREATE TABLE session (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  hash TEXT NOT NULL,
  attempt TEXT NOT NULL,
  employee_id UUID NOT NULL,
  second_factor BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  last_seen_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES employee (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX session_hash_key ON session (hash);
-- one callback starts one session, in whichever process it arrives
CREATE UNIQUE INDEX session_attempt_key ON session (attempt);
CREATE INDEX session_employee_id_idx ON session (employee_id);

CREATE TABLE machine_client (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  unit_id UUID NOT NULL,
  scopes TEXT[],
  created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  revoked_at TIMESTAMPTZ(3),
  CONSTRAINT machine_client_pkey PRIMARY KEY (id),
  CONSTRAINT machine_client_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX machine_client_client_id_key ON machine_client (client_id);

SELECT protect_table('session');
SELECT protect_table('machine_client');

-- Whoever sees an employee sees that there are sessions, and may end them; nobody reads what would prove one.
CREATE POLICY api ON session TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));
GRANT SELECT (id, employee_id, second_factor, created_at, last_seen_at, expires_at, ended_at), INSERT, UPDATE (ended_at), DELETE ON session TO daozhang_api;

-- Who leaves is signed out, whichever way the record is changed; who comes back signs in anew.
CREATE FUNCTION end_sessions_of_leaver() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE session SET ended_at = clock_timestamp() WHERE employee_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER leaver_signed_out AFTER UPDATE OF active ON employee FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION end_sessions_of_leaver();

-- Look-ups before there is a scope: each answers one question and no other.

-- Whose session it is. Being seen is written at most thirty times within an idle time, so that a read seldom writes.
CREATE FUNCTION use_session(session_hash text, as_of timestamptz, idle interval)
  RETURNS TABLE (id uuid, employee_no text, unit_id uuid, second_factor boolean, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, open boolean)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE session s SET last_seen_at = as_of
    WHERE s.hash = session_hash AND s.ended_at IS NULL AND s.expires_at > as_of AND s.last_seen_at > as_of - idle AND s.last_seen_at <= as_of - idle / 30;
  SELECT s.id, e.employee_no, e.unit_id, s.second_factor, s.created_at, s.last_seen_at, s.expires_at,
    s.ended_at IS NULL AND s.expires_at > as_of AND s.last_seen_at > as_of - idle
  FROM session s JOIN employee e ON e.id = s.employee_id WHERE s.hash = session_hash
$$;
-- Whoever has the secret may end what it proves, whoever else is signing in.
CREATE FUNCTION end_session(session_hash text, as_of timestamptz) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE session SET ended_at = as_of WHERE hash = session_hash AND ended_at IS NULL
$$;
-- Whom the identity provider names.
CREATE FUNCTION find_signing_in(number text) RETURNS TABLE (id uuid, unit_id uuid, active boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.unit_id, e.active FROM employee e WHERE e.employee_no = number
$$;
-- Which machine an access token belongs to.
CREATE FUNCTION find_machine_client(client text) RETURNS TABLE (id uuid, unit_id uuid, unit_code text, unit_ancestors uuid[], scopes text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT m.id, m.unit_id, u.code, u.ancestor_ids, m.scopes FROM machine_client m JOIN unit u ON u.id = m.unit_id
  WHERE m.client_id = client AND m.revoked_at IS NULL AND u.active
$$;
REVOKE EXECUTE ON FUNCTION use_session(text, timestamptz, interval), end_session(text, timestamptz), find_signing_in(text), find_machine_client(text),
  end_sessions_of_leaver() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION use_session(text, timestamptz, interval), end_session(text, timestamptz), find_signing_in(text), find_machine_client(text)
  TO daozhang_api;
