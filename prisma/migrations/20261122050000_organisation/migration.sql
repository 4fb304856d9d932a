-- Who was what, and when: units under other names and parents, roles with their dates, people who stand in for others (docs/decisions/0015-who-may-do-what.md).

-- A unit as it was until somebody renamed or moved it; how it is now stands in `unit`. Rows are added and never changed.
CREATE TABLE unit_history (
  id BIGSERIAL NOT NULL,
  unit_id UUID NOT NULL,
  valid_from TIMESTAMPTZ(3) NOT NULL,
  valid_to TIMESTAMPTZ(3) NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT NOT NULL,
  parent_id UUID,
  changed_by JSONB NOT NULL,
  CONSTRAINT unit_history_pkey PRIMARY KEY (id),
  CONSTRAINT unit_history_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT unit_history_in_order CHECK (valid_from <= valid_to)
);
CREATE INDEX unit_history_unit_id_valid_to_idx ON unit_history (unit_id, valid_to);
SELECT protect_table('unit_history');
GRANT SELECT, INSERT ON unit_history TO daozhang_api;
GRANT USAGE ON SEQUENCE unit_history_id_seq TO daozhang_api;
GRANT SELECT ON unit_history TO daozhang_worker;
CREATE POLICY api ON unit_history TO daozhang_api USING (EXISTS (SELECT FROM unit u WHERE u.id = unit_id)) WITH CHECK (unit_id IN (SELECT u FROM units_in_scope() AS u));

-- A role is given and ended; one that is given again is another row. Two periods of one role on one unit never overlap: whoever gives one holds
-- the employee's row, and an end only shortens it.
ALTER TABLE role_assignment ADD COLUMN given_by JSONB NOT NULL DEFAULT '{"type": "system", "id": "daozhang"}', ADD COLUMN ended_by JSONB;
DROP INDEX role_assignment_employee_id_unit_id_role_key;
CREATE INDEX role_assignment_employee_id_idx ON role_assignment (employee_id);
CREATE UNIQUE INDEX role_assignment_open ON role_assignment (employee_id, unit_id, role) WHERE valid_to IS NULL;
ALTER TABLE role_assignment ADD CONSTRAINT role_assignment_in_order CHECK (valid_from <= valid_to);
ALTER TABLE role_assignment DROP CONSTRAINT role_assignment_employee_id_fkey, DROP CONSTRAINT role_assignment_unit_id_fkey;
ALTER TABLE role_assignment ADD CONSTRAINT role_assignment_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES employee (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT role_assignment_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT ON UPDATE CASCADE;
REVOKE UPDATE ON role_assignment FROM daozhang_api;
GRANT UPDATE (valid_to, ended_by) ON role_assignment TO daozhang_api;

-- 代理: while it is in force the substitute holds the roles of the absent person as well: of `role_ids` alone, which whoever made it for somebody else may pass on;
-- null where the absent person made it, whose roles are passed on whenever they were given.
CREATE TABLE substitution (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  absent_id UUID NOT NULL,
  substitute_id UUID NOT NULL,
  valid_from TIMESTAMPTZ(3) NOT NULL,
  valid_to TIMESTAMPTZ(3) NOT NULL,
  created_by JSONB NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  ended_by JSONB,
  role_ids UUID[],
  CONSTRAINT substitution_pkey PRIMARY KEY (id),
  CONSTRAINT substitution_absent_id_fkey FOREIGN KEY (absent_id) REFERENCES employee (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT substitution_substitute_id_fkey FOREIGN KEY (substitute_id) REFERENCES employee (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT substitution_of_another CHECK (absent_id <> substitute_id),
  CONSTRAINT substitution_in_order CHECK (valid_from < valid_to)
);
CREATE INDEX substitution_absent_id_idx ON substitution (absent_id);
CREATE INDEX substitution_substitute_id_idx ON substitution (substitute_id);
SELECT protect_table('substitution');
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON substitution TO daozhang_api;
GRANT SELECT ON substitution TO daozhang_worker;
-- whoever sees the absent person, and both people themselves; only the absent one's side makes and ends it
CREATE POLICY api ON substitution TO daozhang_api
  USING (substitute_id = (SELECT scope_employee()) OR EXISTS (SELECT FROM employee e WHERE e.id = absent_id))
  WITH CHECK (EXISTS (SELECT FROM employee e WHERE e.id = absent_id));

-- Look-ups that must cross the tree: each answers one question and no other.

-- Whom a person stands in for at a moment, and with which roles. Who has left has nothing to pass on.
CREATE FUNCTION substitutions_in_force(person uuid, as_of timestamptz) RETURNS TABLE (absent_id uuid, role_ids uuid[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.absent_id, s.role_ids FROM substitution s JOIN employee e ON e.id = s.absent_id AND e.active
  WHERE s.substitute_id = person AND s.valid_from <= as_of AND s.valid_to > as_of AND (s.ended_at IS NULL OR s.ended_at > as_of)
$$;
CREATE FUNCTION stands_in_for(person uuid, as_of timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT s.absent_id FROM substitutions_in_force(person, as_of) s
$$;
-- The roles in force at a moment: the person's own, and those of everybody whom the person then stands in for. Only own roles are passed on, so nothing goes on to
-- the substitute's own substitute.
CREATE FUNCTION roles_in_force(person uuid, as_of timestamptz) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('role', r.role, 'unitId', r.unit_id, 'unitAncestors', u.ancestor_ids, 'onBehalfOf', held.absent_id))
      ORDER BY held.absent_id NULLS FIRST, r.valid_from, r.id), '[]')
  FROM (SELECT person AS holder_id, NULL::uuid AS absent_id, NULL::uuid[] AS role_ids
    UNION ALL SELECT s.absent_id, s.absent_id, s.role_ids FROM substitutions_in_force(person, as_of) s) held
  JOIN role_assignment r ON r.employee_id = held.holder_id AND r.valid_from <= as_of AND (r.valid_to IS NULL OR r.valid_to > as_of)
    AND (held.role_ids IS NULL OR r.id = ANY (held.role_ids))
  JOIN unit u ON u.id = r.unit_id
$$;
-- The roles of absent people that are not passed on to the person who stands in for them.
CREATE FUNCTION roles_withheld(person uuid, as_of timestamptz) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.role, 'unitId', r.unit_id, 'unitAncestors', u.ancestor_ids, 'onBehalfOf', s.absent_id) ORDER BY r.valid_from, r.id), '[]')
  FROM substitutions_in_force(person, as_of) s
  JOIN role_assignment r ON r.employee_id = s.absent_id AND r.valid_from <= as_of AND (r.valid_to IS NULL OR r.valid_to > as_of) AND r.id <> ALL (s.role_ids)
  JOIN unit u ON u.id = r.unit_id
$$;
-- The own roles of a person in force at any moment of a period: what somebody else who has her represented would pass on, from whatever branch.
CREATE FUNCTION roles_between(person uuid, since timestamptz, until timestamptz) RETURNS TABLE (id uuid, unit_ancestors uuid[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, u.ancestor_ids FROM role_assignment r JOIN unit u ON u.id = r.unit_id
  WHERE r.employee_id = person AND r.valid_from < until AND (r.valid_to IS NULL OR r.valid_to > greatest(since, r.valid_from))
$$;
DROP FUNCTION find_person(text, uuid, timestamptz);
CREATE FUNCTION find_person(number text, within uuid, as_of timestamptz)
  RETURNS TABLE (id uuid, employee_no text, unit_id uuid, unit_code text, roles jsonb, stands_in_for uuid[], withheld jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.employee_no, e.unit_id, u.code, roles_in_force(e.id, as_of), ARRAY(SELECT stands_in_for(e.id, as_of)), roles_withheld(e.id, as_of)
  FROM employee e JOIN unit u ON u.id = e.unit_id
  WHERE e.employee_no = number AND e.active
    AND (within IS NULL OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = u.id AND a.ancestor_id = within))
$$;
-- The number of somebody of whom the caller holds the id: of a substitute in another branch nothing else is to be seen.
CREATE FUNCTION employee_number(person uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.employee_no FROM employee e WHERE e.id = person
$$;
-- Whether `stand_in`, directly or through others, is herself represented by `absent` in some of that time.
CREATE FUNCTION is_circular_substitution(absent uuid, stand_in uuid, since timestamptz, until timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE represented (id) AS (
    SELECT stand_in
    UNION SELECT s.substitute_id FROM represented JOIN substitution s ON s.absent_id = represented.id
      WHERE s.valid_from < until AND least(s.valid_to, s.ended_at) > since
  ) SELECT EXISTS (SELECT FROM represented WHERE id = absent)
$$;
REVOKE EXECUTE ON FUNCTION substitutions_in_force(uuid, timestamptz), roles_withheld(uuid, timestamptz), stands_in_for(uuid, timestamptz), roles_in_force(uuid, timestamptz),
  roles_between(uuid, timestamptz, timestamptz), find_person(text, uuid, timestamptz), employee_number(uuid),
  is_circular_substitution(uuid, uuid, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stands_in_for(uuid, timestamptz), roles_between(uuid, timestamptz, timestamptz), find_person(text, uuid, timestamptz), employee_number(uuid),
  is_circular_substitution(uuid, uuid, timestamptz, timestamptz) TO daozhang_api;

-- Whoever stands in for somebody who takes part in an approval takes part in it, for as long.
ALTER POLICY api ON claim_participant USING (employee_id = (SELECT scope_employee()) OR employee_id IN (SELECT stands_in_for((SELECT scope_employee()), now())));
