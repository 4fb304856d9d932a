-- Consent, and what becomes of data whose time is over (docs/decisions/0019-consent-and-retention.md).

-- 同意: each giving and each withdrawal is a row; the newest of a person and purpose counts.
CREATE TABLE "consent" (
  "id" BIGSERIAL NOT NULL,
  "employee_id" UUID NOT NULL,
  "purpose" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "text_version" TEXT NOT NULL,
  "text_sha256" TEXT NOT NULL,
  "how" TEXT NOT NULL,
  "document_id" UUID,
  "signed_on" DATE,
  "actor" JSONB NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "consent_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "consent_employee_id_purpose_id_idx" ON "consent" ("employee_id", "purpose", "id");
CREATE INDEX "consent_document_id_idx" ON "consent" ("document_id");
ALTER TABLE "consent" ADD CONSTRAINT "consent_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "consent" ADD CONSTRAINT "consent_document_id_fkey" FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "consent" ADD CONSTRAINT "consent_known"
  CHECK ("purpose" IN ('SENSITIVE_DATA', 'SHARING_BUREAU', 'SHARING_BANK') AND "kind" IN ('GIVEN', 'WITHDRAWN') AND "how" IN ('SELF', 'PAPER'));
-- what others record for the person is backed by the paper that she signed
ALTER TABLE "consent" ADD CONSTRAINT "consent_paper" CHECK (("how" = 'PAPER') = ("document_id" IS NOT NULL AND "signed_on" IS NOT NULL));

SELECT protect_table('consent');
GRANT SELECT, INSERT ON "consent" TO daozhang_api;
GRANT SELECT ON "consent" TO daozhang_worker;
GRANT USAGE ON SEQUENCE "consent_id_seq" TO daozhang_api;
CREATE POLICY api ON "consent" TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));

-- To what a person has consented: asked also where a bureau tells us of a visit and nobody is signed in.
CREATE FUNCTION standing_consents(person uuid) RETURNS TABLE (purpose text, text_version text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT newest.purpose, newest.text_version FROM (
    SELECT DISTINCT ON (c.purpose) c.purpose, c.text_version, c.kind FROM consent c WHERE c.employee_id = person ORDER BY c.purpose, c.id DESC
  ) newest WHERE newest.kind = 'GIVEN'
$$;
REVOKE EXECUTE ON FUNCTION standing_consents(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION standing_consents(uuid) TO daozhang_api, daozhang_worker;

-- 证据保全: while it stands, nothing of the claim, or of the person, is erased.
CREATE TABLE "legal_hold" (
  "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  "employee_id" UUID NOT NULL,
  "claim_number" TEXT,
  "reason" TEXT NOT NULL,
  "placed_by" JSONB NOT NULL,
  "placed_at" TIMESTAMPTZ(3) NOT NULL,
  "lifted_by" JSONB,
  "lifted_at" TIMESTAMPTZ(3),

  CONSTRAINT "legal_hold_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "legal_hold_employee_id_idx" ON "legal_hold" ("employee_id");
ALTER TABLE "legal_hold" ADD CONSTRAINT "legal_hold_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "legal_hold" ADD CONSTRAINT "legal_hold_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim" ("number") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT protect_table('legal_hold');
GRANT SELECT, INSERT, UPDATE ("lifted_by", "lifted_at") ON "legal_hold" TO daozhang_api;
GRANT SELECT ON "legal_hold" TO daozhang_worker;
CREATE POLICY api ON "legal_hold" TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));

-- A person asks for erasure: one person records it, another one confirms it, the daily job carries it out.
CREATE TABLE "erasure_request" (
  "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  "employee_id" UUID NOT NULL,
  "status" TEXT NOT NULL DEFAULT 'REQUESTED',
  "reason" TEXT,
  "document_id" UUID,
  "requested_by" JSONB NOT NULL,
  "requested_at" TIMESTAMPTZ(3) NOT NULL,
  "decided_by" JSONB,
  "decided_at" TIMESTAMPTZ(3),
  "done_at" TIMESTAMPTZ(3),

  CONSTRAINT "erasure_request_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "erasure_request_employee_id_idx" ON "erasure_request" ("employee_id");
CREATE UNIQUE INDEX "erasure_request_one_open" ON "erasure_request" ("employee_id") WHERE "status" IN ('REQUESTED', 'CONFIRMED');
ALTER TABLE "erasure_request" ADD CONSTRAINT "erasure_request_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "erasure_request" ADD CONSTRAINT "erasure_request_document_id_fkey" FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "erasure_request" ADD CONSTRAINT "erasure_request_known" CHECK ("status" IN ('REQUESTED', 'CONFIRMED', 'REJECTED', 'DONE'));

SELECT protect_table('erasure_request');
GRANT SELECT, INSERT, UPDATE ("status", "decided_by", "decided_at") ON "erasure_request" TO daozhang_api;
GRANT SELECT, UPDATE ("status", "done_at") ON "erasure_request" TO daozhang_worker;
CREATE POLICY api ON "erasure_request" TO daozhang_api USING (EXISTS (SELECT FROM employee e WHERE e.id = employee_id));

-- 删除记录: what was erased by which rule, one row for each batch that was committed. Append-only.
CREATE TABLE "erasure" (
  "id" BIGSERIAL NOT NULL,
  "run_id" UUID NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "rule" TEXT NOT NULL,
  "unit_id" UUID,
  "count" INTEGER NOT NULL,
  "before" TIMESTAMPTZ(3) NOT NULL,
  "detail" JSONB NOT NULL DEFAULT '{}',

  CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "erasure_unit_id_id_idx" ON "erasure" ("unit_id", "id");
ALTER TABLE "erasure" ADD CONSTRAINT "erasure_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "erasure" ADD CONSTRAINT "erasure_of_something" CHECK ("count" > 0);

SELECT protect_table('erasure');
GRANT SELECT ON "erasure" TO daozhang_api;
GRANT SELECT, INSERT ON "erasure" TO daozhang_worker;
GRANT USAGE ON SEQUENCE "erasure_id_seq" TO daozhang_worker;
-- without a unit: what belongs to the installation, and says nothing of anybody
CREATE POLICY api ON "erasure" TO daozhang_api USING (unit_id IS NULL OR unit_id IN (SELECT u FROM units_in_scope() AS u));

-- Files whose row is gone and which have still to be removed: a row and a file cannot be removed in one transaction.
CREATE TABLE "erased_file" (
  "storage_key" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "erased_file_pkey" PRIMARY KEY ("storage_key")
);
SELECT protect_table('erased_file');
GRANT SELECT, INSERT, UPDATE, DELETE ON "erased_file" TO daozhang_worker;

ALTER TABLE "claim" ADD COLUMN "medical_erased_at" TIMESTAMPTZ(3);
CREATE INDEX "claim_medical_due" ON "claim" ("closed_at") WHERE "medical_erased_at" IS NULL AND "closed_at" IS NOT NULL;

ALTER TABLE "inbox_message" ADD COLUMN "body_erased_at" TIMESTAMPTZ(3);
ALTER TABLE "idempotency_key" ADD COLUMN "body_erased_at" TIMESTAMPTZ(3);

-- What the daily job may do beyond what the worker does anyway. Amounts, codes, histories and the audit stay as they are.
GRANT UPDATE ("item_code", "item_name") ON "claim_line" TO daozhang_worker;
GRANT UPDATE ("reasons", "remark") ON "decision" TO daozhang_worker;
GRANT UPDATE ("comment") ON "approval_entry" TO daozhang_worker;
GRANT UPDATE ("body", "body_erased_at") ON "idempotency_key" TO daozhang_worker;
GRANT DELETE ON "claim_document", "document", "identity_change", "notice", "webhook_delivery", "workflow_command" TO daozhang_worker;
GRANT SELECT ("id", "employee_id", "ended_at", "expires_at"), DELETE ON "session" TO daozhang_worker;
GRANT SELECT, DELETE ON "rate_limit" TO daozhang_worker;
