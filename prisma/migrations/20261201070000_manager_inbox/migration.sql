-- 已办, 我发起的, 抄送我的: what a person has decided, begun, and was sent a copy of. Functions, because an index on a field of JSON is of no use behind a policy; each
-- answers for the person of the scope and for nobody else, and what it names is still read in that scope.
CREATE INDEX "task_decided_by" ON "task" (("decided_by" ->> 'id')) WHERE "decided_by" IS NOT NULL;
CREATE INDEX "task_decided_for" ON "task" (("decided_by" ->> 'onBehalfOf')) WHERE "decided_by" ->> 'onBehalfOf' IS NOT NULL;
CREATE INDEX "claim_created_by" ON "claim" (("created_by" ->> 'id')) WHERE "created_by" ->> 'type' = 'person';

-- in the own name, or somebody's own who stood in
CREATE FUNCTION tasks_decided() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT t.id FROM task t WHERE t.decided_by IS NOT NULL AND t.decided_by ->> 'id' = scope_employee()::text
  UNION SELECT t.id FROM task t WHERE t.decided_by ->> 'onBehalfOf' IS NOT NULL AND t.decided_by ->> 'onBehalfOf' = scope_employee()::text
$$;
CREATE FUNCTION claims_begun() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.number FROM claim c WHERE c.employee_id = scope_employee()
  UNION SELECT c.number FROM claim c WHERE c.created_by ->> 'type' = 'person' AND c.created_by ->> 'id' = scope_employee()::text
$$;
CREATE FUNCTION claims_copied() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.claim_number FROM claim_participant p
  WHERE p.employee_id = scope_employee()
    AND EXISTS (SELECT FROM approval_entry a WHERE a.claim_number = p.claim_number AND a.action IN ('CC', 'COPY') AND p.employee_id = ANY (a.people))
$$;
REVOKE EXECUTE ON FUNCTION tasks_decided(), claims_begun(), claims_copied() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks_decided(), claims_begun(), claims_copied() TO daozhang_api;
