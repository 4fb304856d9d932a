-- What `use_session` answers, without the session being used by it: a page asks by itself, and goes on asking when the person has gone.
CREATE FUNCTION look_at_session(session_hash text, as_of timestamptz, idle interval)
  RETURNS TABLE (id uuid, employee_no text, unit_id uuid, second_factor boolean, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, open boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id, e.employee_no, e.unit_id, s.second_factor, s.created_at, s.last_seen_at, s.expires_at,
    s.ended_at IS NULL AND s.expires_at > as_of AND s.last_seen_at > as_of - idle
  FROM session s JOIN employee e ON e.id = s.employee_id WHERE s.hash = session_hash
$$;
REVOKE EXECUTE ON FUNCTION look_at_session(text, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION look_at_session(text, timestamptz, interval) TO daozhang_api;
