-- What-if: a year's claims settled anew under other rules (docs/decisions/0027-what-if.md). Totals by unit are kept, and nothing of anybody in person.
CREATE TABLE "simulation" (
  "id" UUID NOT NULL,
  "unit_id" UUID NOT NULL,
  "year" INTEGER NOT NULL,
  "name" TEXT NOT NULL,
  "rulebooks" TEXT NOT NULL,
  "plan" TEXT,
  "plan_mode" TEXT NOT NULL,
  "under" JSONB NOT NULL,
  "hash" TEXT NOT NULL,
  "status" TEXT NOT NULL DEFAULT 'QUEUED',
  "actor" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "started_at" TIMESTAMPTZ(3),
  "ended_at" TIMESTAMPTZ(3),
  "claims_total" INTEGER NOT NULL DEFAULT 0,
  "claims_done" INTEGER NOT NULL DEFAULT 0,
  "cursor" UUID,
  "digest" TEXT NOT NULL DEFAULT '',

  CONSTRAINT "simulation_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "simulation_known" CHECK ("status" IN ('QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED') AND "plan_mode" IN ('UNITS', 'GIVEN', 'NONE')),
  CONSTRAINT "simulation_plan_given" CHECK (("plan" IS NOT NULL) = ("plan_mode" = 'GIVEN')),
  CONSTRAINT "simulation_ended" CHECK (("ended_at" IS NULL) = ("status" IN ('QUEUED', 'RUNNING')))
);
CREATE INDEX "simulation_unit_id_created_at_id_idx" ON "simulation" ("unit_id", "created_at", "id");
CREATE INDEX "simulation_under_way" ON "simulation" ("id") WHERE "ended_at" IS NULL;
ALTER TABLE "simulation" ADD CONSTRAINT "simulation_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "simulation_total" (
  "simulation_id" UUID NOT NULL,
  "unit_id" UUID NOT NULL,
  "people" INTEGER NOT NULL,
  "claims" INTEGER NOT NULL,
  "submitted_fen" BIGINT NOT NULL,
  "covered" INTEGER NOT NULL,
  "eligible_fen" BIGINT NOT NULL,
  "pooled_fen" BIGINT NOT NULL,
  "large_amount_fen" BIGINT NOT NULL,
  "plan_fen" BIGINT NOT NULL,

  CONSTRAINT "simulation_total_pkey" PRIMARY KEY ("simulation_id", "unit_id")
);
ALTER TABLE "simulation_total" ADD CONSTRAINT "simulation_total_simulation_id_fkey" FOREIGN KEY ("simulation_id") REFERENCES "simulation" ("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "simulation_total" ADD CONSTRAINT "simulation_total_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "simulation_uncovered" (
  "simulation_id" UUID NOT NULL,
  "unit_id" UUID NOT NULL,
  "why" TEXT NOT NULL,
  "claims" INTEGER NOT NULL,
  "submitted_fen" BIGINT NOT NULL,

  CONSTRAINT "simulation_uncovered_pkey" PRIMARY KEY ("simulation_id", "unit_id", "why")
);
ALTER TABLE "simulation_uncovered" ADD CONSTRAINT "simulation_uncovered_simulation_id_fkey" FOREIGN KEY ("simulation_id") REFERENCES "simulation" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What has ended is over: neither a page that comes late nor anybody else adds to it.
CREATE FUNCTION keep_simulation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'the simulation has ended' USING ERRCODE = 'check_violation', CONSTRAINT = 'simulation_is_over';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER simulation_kept BEFORE UPDATE ON "simulation" FOR EACH ROW EXECUTE FUNCTION keep_simulation();

SELECT protect_table('simulation'), protect_table('simulation_total'), protect_table('simulation_uncovered');
GRANT SELECT ON "simulation", "simulation_total", "simulation_uncovered" TO daozhang_worker, daozhang_api;
GRANT UPDATE ("status", "started_at", "ended_at", "claims_total", "claims_done", "cursor", "digest") ON "simulation" TO daozhang_worker;
GRANT INSERT, UPDATE ON "simulation_total", "simulation_uncovered" TO daozhang_worker;
GRANT INSERT, UPDATE ("status", "ended_at") ON "simulation" TO daozhang_api;
CREATE POLICY api ON "simulation" TO daozhang_api USING (unit_id IN (SELECT u FROM units_in_scope() AS u));
CREATE POLICY api ON "simulation_total" TO daozhang_api USING (EXISTS (SELECT FROM simulation s WHERE s.id = simulation_id));
CREATE POLICY api ON "simulation_uncovered" TO daozhang_api USING (EXISTS (SELECT FROM simulation s WHERE s.id = simulation_id));
