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
DO $$
DECLARE kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['bank_account', 'quota', 'identity_change', 'consent', 'legal_hold', 'erasure_request', 'session'] LOOP
    EXECUTE format('ALTER POLICY api ON %1$I USING (EXISTS (SELECT FROM employee e WHERE e.id = %1$I.employee_id
      AND (e.unit_id IN (SELECT u FROM units_in_scope() AS u) OR e.id = (SELECT scope_employee()))))', kept);
  END LOOP;
END $$;
