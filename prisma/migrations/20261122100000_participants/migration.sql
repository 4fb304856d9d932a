-- Whoever is asked personally, or gets a copy, reads that claim wherever it lies, and so does who stands in for them. Not the claimant's record: of the person only
-- what the claim shows.
CREATE FUNCTION claims_shared() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.claim_number FROM claim_participant p
  WHERE p.employee_id = scope_employee() OR p.employee_id IN (SELECT stands_in_for(scope_employee(), now()))
$$;
REVOKE EXECUTE ON FUNCTION claims_shared() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claims_shared() TO daozhang_api;
CREATE POLICY participant ON claim FOR SELECT TO daozhang_api USING (number IN (SELECT claims_shared()));
CREATE POLICY participant ON employee FOR SELECT TO daozhang_api USING (id IN (SELECT c.employee_id FROM claim c WHERE c.number IN (SELECT claims_shared())));

CREATE OR REPLACE FUNCTION units_readable() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT units_in_scope()
  UNION SELECT a.ancestor_id FROM unit_ancestor a WHERE a.unit_id = ANY (scope_units())
  UNION SELECT a.ancestor_id FROM employee e JOIN unit_ancestor a ON a.unit_id = e.unit_id WHERE e.id = scope_employee()
  UNION SELECT a.ancestor_id FROM claim c JOIN unit_ancestor a ON a.unit_id = c.unit_id
    WHERE c.employee_id = scope_employee() OR c.number IN (SELECT claims_shared())
$$;

-- What is kept of a person is seen with the person's record, and it takes more than a claim of hers to see that.
ALTER POLICY api ON bank_account USING (EXISTS (SELECT FROM employee e WHERE e.id = bank_account.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON quota USING (EXISTS (SELECT FROM employee e WHERE e.id = quota.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON identity_change USING (EXISTS (SELECT FROM employee e WHERE e.id = identity_change.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON consent USING (EXISTS (SELECT FROM employee e WHERE e.id = consent.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON legal_hold USING (EXISTS (SELECT FROM employee e WHERE e.id = legal_hold.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON erasure_request USING (EXISTS (SELECT FROM employee e WHERE e.id = erasure_request.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
ALTER POLICY api ON session USING (EXISTS (SELECT FROM employee e WHERE e.id = session.employee_id
  AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))));
