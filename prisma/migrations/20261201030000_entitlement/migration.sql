-- What a claim was estimated to be paid before the bureau saw it (docs/decisions/0027-what-if.md). What it adds to the person's year stands in clear, because the next claim
-- is settled with it under a lock; the fee list and every deduction of it are sealed under the person's medical key.
CREATE TABLE "entitlement" (
  -- counts up in the order in which a person's claims were assessed: it is taken under the lock of the person's year
  "id" BIGSERIAL NOT NULL,
  "claim_number" TEXT NOT NULL,
  "no" INTEGER NOT NULL,
  "employee_id" UUID NOT NULL,
  "year" INTEGER NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "kind" TEXT NOT NULL,
  "rulebook_id" TEXT,
  "rulebook_version" TEXT,
  "plan_id" TEXT,
  "plan_version" TEXT,
  "catalogues" TEXT[] NOT NULL DEFAULT '{}',
  "why" TEXT,
  "submitted_fen" BIGINT NOT NULL,
  "eligible_fen" BIGINT,
  "benefit_fen" BIGINT,
  "deductible_fen" BIGINT NOT NULL DEFAULT 0,
  "scope_fen" BIGINT NOT NULL DEFAULT 0,
  "pooled_fen" BIGINT NOT NULL DEFAULT 0,
  "large_amount_fen" BIGINT NOT NULL DEFAULT 0,
  "plan_fen" BIGINT NOT NULL DEFAULT 0,
  "stays" INTEGER NOT NULL DEFAULT 0,
  "content" BYTEA,

  CONSTRAINT "entitlement_pkey" PRIMARY KEY ("claim_number", "no")
);
CREATE UNIQUE INDEX "entitlement_id_key" ON "entitlement" ("id");
CREATE INDEX "entitlement_employee_id_year_idx" ON "entitlement" ("employee_id", "year");
ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim" ("number") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_amounts" CHECK (
  ("why" IS NULL) = ("benefit_fen" IS NOT NULL) AND ("benefit_fen" IS NULL) = ("eligible_fen" IS NULL)
  AND ("why" IS NOT NULL OR "rulebook_version" IS NOT NULL)
  AND least("submitted_fen", "eligible_fen", "benefit_fen", "deductible_fen", "scope_fen", "pooled_fen", "large_amount_fen", "plan_fen", "stays") >= 0);
ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_adds_up" CHECK ("benefit_fen" IS NULL OR "benefit_fen" = "pooled_fen" + "large_amount_fen" + "plan_fen");

SELECT protect_table('entitlement');
GRANT SELECT, INSERT ON "entitlement" TO daozhang_worker;
GRANT USAGE ON SEQUENCE "entitlement_id_seq" TO daozhang_worker;
-- erasure: what is sealed goes, and the kind no longer says of what somebody was ill
GRANT UPDATE ("content", "kind") ON "entitlement" TO daozhang_worker;
GRANT SELECT ON "entitlement" TO daozhang_api;
CREATE POLICY api ON "entitlement" TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));

CREATE FUNCTION keep_entitlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.content IS NOT NULL AND NEW.content IS DISTINCT FROM OLD.content THEN
    RAISE EXCEPTION 'an entitlement is never changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'entitlement_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER entitlement_kept BEFORE UPDATE ON "entitlement" FOR EACH ROW EXECUTE FUNCTION keep_entitlement();
