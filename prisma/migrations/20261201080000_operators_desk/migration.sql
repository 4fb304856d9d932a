-- The operator's desk (docs/decisions/0031-operators-desk.md): what stands still and why, and what everybody is told of it. Nothing here says anything of a person.

-- A call to the outside that failed and is made again: written by the worker's interceptor, gone once it succeeds.
CREATE TABLE "activity_retry" (
  "claim_number" TEXT NOT NULL,
  "activity" TEXT NOT NULL,
  "attempt" INTEGER NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL,
  "last_failed_at" TIMESTAMPTZ(3) NOT NULL,
  "failure" TEXT NOT NULL,

  CONSTRAINT "activity_retry_pkey" PRIMARY KEY ("claim_number", "activity")
);
ALTER TABLE "activity_retry" ADD CONSTRAINT "activity_retry_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim" ("number") ON DELETE CASCADE ON UPDATE CASCADE;
SELECT protect_table('activity_retry');
GRANT SELECT, INSERT, UPDATE, DELETE ON "activity_retry" TO daozhang_worker;
GRANT SELECT ON "activity_retry" TO daozhang_api;
CREATE POLICY api ON "activity_retry" TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));

-- An open claim without a workflow: an operator ended it, or a sweep found it so. Over once a workflow was started.
CREATE TABLE "workflow_loss" (
  "claim_number" TEXT NOT NULL,
  "found" TEXT NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL,
  "error" TEXT,
  "recovered_at" TIMESTAMPTZ(3),

  CONSTRAINT "workflow_loss_pkey" PRIMARY KEY ("claim_number")
);
CREATE INDEX "workflow_loss_open" ON "workflow_loss" ("since") WHERE "recovered_at" IS NULL;
ALTER TABLE "workflow_loss" ADD CONSTRAINT "workflow_loss_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim" ("number") ON DELETE CASCADE ON UPDATE CASCADE;
SELECT protect_table('workflow_loss');
GRANT SELECT, INSERT, UPDATE ON "workflow_loss" TO daozhang_worker, daozhang_api;
CREATE POLICY api ON "workflow_loss" TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));

-- What the last calls to a bureau or bank came to.
CREATE TABLE "gateway_health" (
  "code" TEXT NOT NULL,
  "last_success_at" TIMESTAMPTZ(3),
  "last_failure_at" TIMESTAMPTZ(3),
  "failing_since" TIMESTAMPTZ(3),
  "failures" INTEGER NOT NULL DEFAULT 0,
  "last_failure" TEXT,

  CONSTRAINT "gateway_health_pkey" PRIMARY KEY ("code")
);
SELECT protect_table('gateway_health');
GRANT SELECT, INSERT, UPDATE ON "gateway_health" TO daozhang_worker;
GRANT SELECT ON "gateway_health" TO daozhang_api;
-- everybody who is known here may know that a bureau is away
CREATE POLICY api ON "gateway_health" TO daozhang_api USING ((SELECT scope_caller()) IS NOT NULL);

-- 公告: what an operator tells everybody below a unit. Ended, never changed or deleted.
CREATE TABLE "announcement" (
  "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  "unit_id" UUID NOT NULL,
  "zh" TEXT NOT NULL,
  "en" TEXT NOT NULL,
  "starts_at" TIMESTAMPTZ(3) NOT NULL,
  "ends_at" TIMESTAMPTZ(3) NOT NULL,
  "reason" TEXT NOT NULL,
  "created_by" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "ended_by" JSONB,
  "ended_at" TIMESTAMPTZ(3),

  CONSTRAINT "announcement_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "announcement_unit_id_ends_at_idx" ON "announcement" ("unit_id", "ends_at");
ALTER TABLE "announcement" ADD CONSTRAINT "announcement_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "announcement" ADD CONSTRAINT "announcement_in_order" CHECK ("starts_at" < "ends_at");
SELECT protect_table('announcement');
GRANT SELECT, INSERT, UPDATE ("ended_by", "ended_at") ON "announcement" TO daozhang_api;
GRANT SELECT ON "announcement" TO daozhang_worker;
-- told to everybody below: read with the unit itself
CREATE POLICY api ON "announcement" FOR SELECT TO daozhang_api USING (unit_id IN (SELECT units_readable()));
CREATE POLICY made ON "announcement" FOR INSERT TO daozhang_api WITH CHECK (unit_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY ended ON "announcement" FOR UPDATE TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u));

-- A message may be sent again; what it says, and to whom, stays as it is.
GRANT UPDATE ("status", "attempts", "next_attempt_at", "last_error", "sent_at") ON "notice" TO daozhang_api;

-- What is still to be sent, of all units: the relays serve all of them, and a count says nothing of anybody.
CREATE FUNCTION relay_backlog() RETURNS TABLE (relay text, pending int, oldest timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT 'workflow_command', count(*)::int, min(created_at) FROM workflow_command WHERE status = 'PENDING'
  UNION ALL SELECT 'notice', count(*)::int, min(created_at) FROM notice WHERE status = 'PENDING'
  UNION ALL SELECT 'webhook_delivery', count(*)::int, min(created_at) FROM webhook_delivery WHERE status = 'PENDING'
$$;
REVOKE EXECUTE ON FUNCTION relay_backlog() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay_backlog() TO daozhang_api;

-- What every look at what stands still begins with.
CREATE INDEX "claim_open" ON "claim" ("due_at") WHERE "closed_at" IS NULL AND "state" <> 'DRAFT';
CREATE INDEX "notice_given_up" ON "notice" ("claim_number") WHERE "status" IN ('FAILED', 'UNDELIVERABLE');
CREATE INDEX "webhook_delivery_given_up" ON "webhook_delivery" ("claim_number") WHERE "status" = 'FAILED';
