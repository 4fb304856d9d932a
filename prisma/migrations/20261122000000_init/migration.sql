-- CreateTable
CREATE TABLE "unit" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,
    "parent_id" UUID,
    "ancestor_ids" UUID[],
    "region" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "unit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "employee" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "employee_no" TEXT NOT NULL,
    "unit_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "phone" TEXT,
    "locale" TEXT NOT NULL DEFAULT 'zh-CN',
    "person_no" TEXT,
    "identity_no" TEXT,
    "insured_region" TEXT NOT NULL,
    "person_type" TEXT NOT NULL DEFAULT '11',
    "insurance_type" TEXT NOT NULL DEFAULT '310',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "employee_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity_change" (
    "id" BIGSERIAL NOT NULL,
    "employee_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" JSONB NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "locale" TEXT NOT NULL,

    CONSTRAINT "identity_change_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "role_assignment" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "employee_id" UUID NOT NULL,
    "unit_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "role_assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_account" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "employee_id" UUID NOT NULL,
    "holder_name" TEXT NOT NULL,
    "account_no" TEXT NOT NULL,
    "bank_name" TEXT NOT NULL,
    "bank_code" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "replaced_at" TIMESTAMPTZ(3),

    CONSTRAINT "bank_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quota" (
    "employee_id" UUID NOT NULL,
    "year" INTEGER NOT NULL,
    "limit_fen" BIGINT NOT NULL,
    "reserved_fen" BIGINT NOT NULL DEFAULT 0,
    "used_fen" BIGINT NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "quota_pkey" PRIMARY KEY ("employee_id","year")
);

-- CreateTable
CREATE TABLE "quota_reservation" (
    "claim_number" TEXT NOT NULL,
    "employee_id" UUID NOT NULL,
    "year" INTEGER NOT NULL,
    "amount_fen" BIGINT NOT NULL,
    "status" TEXT NOT NULL,

    CONSTRAINT "quota_reservation_pkey" PRIMARY KEY ("claim_number")
);

-- CreateTable
CREATE TABLE "document" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "unit_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "sm3" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "file_name" TEXT NOT NULL,
    "storage_key" TEXT NOT NULL,
    "uploaded_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "document_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "claim_document" (
    "claim_number" TEXT NOT NULL,
    "document_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "claim_document_pkey" PRIMARY KEY ("claim_number","document_id")
);

-- CreateTable
CREATE TABLE "claim" (
    "number" TEXT NOT NULL,
    "unit_id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "on_hold" BOOLEAN NOT NULL DEFAULT false,
    "escalation_level" INTEGER NOT NULL DEFAULT 0,
    "reminded_at" TIMESTAMPTZ(3),
    "bureau_outage" BOOLEAN NOT NULL DEFAULT false,
    "withdrawal_requested" BOOLEAN NOT NULL DEFAULT false,
    "payout_blocked" TEXT,
    "turn" TEXT,
    "turn_since" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "due_provisional" BOOLEAN NOT NULL DEFAULT false,
    "insured_region" TEXT NOT NULL,
    "treated_region" TEXT NOT NULL,
    "bureau_code" TEXT NOT NULL,
    "hospital_code" TEXT NOT NULL,
    "hospital_name" TEXT NOT NULL,
    "visit_no" TEXT,
    "visit_start" DATE NOT NULL,
    "visit_end" DATE NOT NULL,
    "circumstances" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "submitted_fen" BIGINT NOT NULL,
    "approved_fen" BIGINT,
    "payable_fen" BIGINT,
    "paid_fen" BIGINT NOT NULL DEFAULT 0,
    "submission_version" INTEGER NOT NULL DEFAULT 0,
    "prior_claim_number" TEXT,
    "resubmission_no" INTEGER NOT NULL DEFAULT 0,
    "created_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "submitted_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),
    "cleared_at" TIMESTAMPTZ(3),

    CONSTRAINT "claim_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "claim_line" (
    "claim_number" TEXT NOT NULL,
    "line_no" INTEGER NOT NULL,
    "item_code" TEXT NOT NULL,
    "item_name" TEXT NOT NULL,
    "item_class" TEXT NOT NULL,
    "quantity" DECIMAL(12,4) NOT NULL,
    "unit_price_fen" BIGINT NOT NULL,
    "amount_fen" BIGINT NOT NULL,

    CONSTRAINT "claim_line_pkey" PRIMARY KEY ("claim_number","line_no")
);

-- CreateTable
CREATE TABLE "claim_invoice" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "claim_number" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "invoice_no" TEXT NOT NULL,
    "check_code" TEXT NOT NULL,
    "amount_fen" BIGINT NOT NULL,
    "issued_on" DATE NOT NULL,
    "settlement" TEXT NOT NULL DEFAULT '2',
    "invoice_key" TEXT NOT NULL,

    CONSTRAINT "claim_invoice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invoice_hold" (
    "invoice_key" TEXT NOT NULL,
    "claim_number" TEXT NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invoice_hold_pkey" PRIMARY KEY ("invoice_key")
);

-- CreateTable
CREATE TABLE "claim_event" (
    "claim_number" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "from_state" TEXT,
    "to_state" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" JSONB NOT NULL,
    "remark" TEXT NOT NULL,
    "remark_params" JSONB NOT NULL DEFAULT '{}',
    "turn" TEXT,
    "due_at" TIMESTAMPTZ(3),
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "claim_event_pkey" PRIMARY KEY ("claim_number","seq")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "claim_number" TEXT,
    "seq" INTEGER,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" JSONB NOT NULL,
    "action" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bureau_submission" (
    "message_id" TEXT NOT NULL,
    "claim_number" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "bureau_code" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "accepted_at" TIMESTAMPTZ(3),
    "acceptance_no" TEXT,
    "appeals_decision_no" TEXT,

    CONSTRAINT "bureau_submission_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "decision" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "claim_number" TEXT NOT NULL,
    "no" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "source_no" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "reasons" JSONB NOT NULL DEFAULT '[]',
    "remark" TEXT NOT NULL DEFAULT '',
    "lines" JSONB NOT NULL DEFAULT '[]',
    "funding" JSONB NOT NULL DEFAULT '[]',
    "submitted_fen" BIGINT NOT NULL,
    "benefit_fen" BIGINT NOT NULL,
    "payable_fen" BIGINT NOT NULL,
    "decided_by" JSONB NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payment_instruction" (
    "reference" TEXT NOT NULL,
    "claim_number" TEXT NOT NULL,
    "decision_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "amount_fen" BIGINT NOT NULL,
    "account_id" UUID NOT NULL,
    "bank_code" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "bank_result" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "matched_at" TIMESTAMPTZ(3),
    "returned_at" TIMESTAMPTZ(3),

    CONSTRAINT "payment_instruction_pkey" PRIMARY KEY ("reference")
);

-- CreateTable
CREATE TABLE "statement_entry" (
    "bank_code" TEXT NOT NULL,
    "entry_no" TEXT NOT NULL,
    "reference" TEXT,
    "kind" TEXT NOT NULL,
    "amount_fen" BIGINT NOT NULL,
    "booked_at" TIMESTAMPTZ(3) NOT NULL,
    "remark" TEXT NOT NULL DEFAULT '',
    "result" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "statement_entry_pkey" PRIMARY KEY ("bank_code","entry_no")
);

-- CreateTable
CREATE TABLE "task" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "claim_number" TEXT NOT NULL,
    "opened_seq" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "level" INTEGER NOT NULL DEFAULT 0,
    "unit_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "choices" TEXT[],
    "excluded" UUID[],
    "detail" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'OPEN',
    "version" INTEGER NOT NULL DEFAULT 1,
    "due_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),
    "decided_by" JSONB,
    "choice" TEXT,
    "comment" TEXT,

    CONSTRAINT "task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workflow_command" (
    "id" BIGSERIAL NOT NULL,
    "claim_number" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "signal" TEXT,
    "payload" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "workflow_command_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbox_message" (
    "source" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "body_digest" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "claim_number" TEXT,
    "body" JSONB NOT NULL,
    "acknowledgement" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_message_pkey" PRIMARY KEY ("source","message_id")
);

-- CreateTable
CREATE TABLE "notice" (
    "id" BIGSERIAL NOT NULL,
    "claim_number" TEXT,
    "seq" INTEGER,
    "template" TEXT NOT NULL,
    "params" JSONB NOT NULL DEFAULT '{}',
    "recipient" JSONB NOT NULL,
    "channel" TEXT NOT NULL DEFAULT 'email',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "unit_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "events" TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "endpoint_id" UUID NOT NULL,
    "claim_number" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "event" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,
    "response_status" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "unit_id" UUID NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "caller_id" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" JSON NOT NULL,
    "headers" JSON NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("caller_id","route","key")
);

-- CreateTable
CREATE TABLE "holiday" (
    "day" DATE NOT NULL,
    "working" BOOLEAN NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,

    CONSTRAINT "holiday_pkey" PRIMARY KEY ("day")
);

-- CreateTable
CREATE TABLE "payout_stop" (
    "scope" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "stopped_by" JSONB NOT NULL,
    "stopped_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payout_stop_pkey" PRIMARY KEY ("scope")
);

-- CreateIndex
CREATE UNIQUE INDEX "unit_code_key" ON "unit"("code");

-- CreateIndex
CREATE INDEX "unit_parent_id_idx" ON "unit"("parent_id");

-- CreateIndex
CREATE INDEX "unit_ancestor_ids_idx" ON "unit" USING GIN ("ancestor_ids");

-- CreateIndex
CREATE UNIQUE INDEX "employee_employee_no_key" ON "employee"("employee_no");

-- CreateIndex
CREATE INDEX "employee_unit_id_idx" ON "employee"("unit_id");

-- CreateIndex
CREATE INDEX "employee_person_no_idx" ON "employee"("person_no");

-- CreateIndex
CREATE INDEX "identity_change_employee_id_at_idx" ON "identity_change"("employee_id", "at");

-- CreateIndex
CREATE INDEX "role_assignment_unit_id_role_idx" ON "role_assignment"("unit_id", "role");

-- CreateIndex
CREATE UNIQUE INDEX "role_assignment_employee_id_unit_id_role_key" ON "role_assignment"("employee_id", "unit_id", "role");

-- CreateIndex
CREATE INDEX "bank_account_employee_id_created_at_idx" ON "bank_account"("employee_id", "created_at");

-- CreateIndex
CREATE INDEX "document_sha256_idx" ON "document"("sha256");

-- CreateIndex
CREATE INDEX "claim_document_document_id_idx" ON "claim_document"("document_id");

-- CreateIndex
CREATE INDEX "claim_created_at_number_idx" ON "claim"("created_at", "number");

-- CreateIndex
CREATE INDEX "claim_unit_id_created_at_number_idx" ON "claim"("unit_id", "created_at", "number");

-- CreateIndex
CREATE INDEX "claim_employee_id_created_at_idx" ON "claim"("employee_id", "created_at");

-- CreateIndex
CREATE INDEX "claim_state_updated_at_idx" ON "claim"("state", "updated_at");

-- CreateIndex
CREATE INDEX "claim_bureau_code_state_idx" ON "claim"("bureau_code", "state");

-- CreateIndex
CREATE INDEX "claim_visit_no_idx" ON "claim"("visit_no");

-- CreateIndex
CREATE INDEX "claim_invoice_claim_number_idx" ON "claim_invoice"("claim_number");

-- CreateIndex
CREATE INDEX "claim_invoice_invoice_key_idx" ON "claim_invoice"("invoice_key");

-- CreateIndex
CREATE INDEX "invoice_hold_claim_number_idx" ON "invoice_hold"("claim_number");

-- CreateIndex
CREATE INDEX "claim_event_at_idx" ON "claim_event"("at");

-- CreateIndex
CREATE INDEX "audit_entry_claim_number_id_idx" ON "audit_entry"("claim_number", "id");

-- CreateIndex
CREATE UNIQUE INDEX "bureau_submission_claim_number_version_key" ON "bureau_submission"("claim_number", "version");

-- CreateIndex
CREATE UNIQUE INDEX "decision_claim_number_no_key" ON "decision"("claim_number", "no");

-- CreateIndex
CREATE UNIQUE INDEX "decision_claim_number_source_source_no_key" ON "decision"("claim_number", "source", "source_no");

-- CreateIndex
CREATE INDEX "payment_instruction_status_created_at_idx" ON "payment_instruction"("status", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "payment_instruction_claim_number_decision_id_attempt_key" ON "payment_instruction"("claim_number", "decision_id", "attempt");

-- CreateIndex
CREATE INDEX "statement_entry_reference_idx" ON "statement_entry"("reference");

-- CreateIndex
CREATE INDEX "task_status_unit_id_role_due_at_idx" ON "task"("status", "unit_id", "role", "due_at");

-- CreateIndex
CREATE UNIQUE INDEX "task_claim_number_opened_seq_kind_level_key" ON "task"("claim_number", "opened_seq", "kind", "level");

-- CreateIndex
CREATE INDEX "workflow_command_status_next_attempt_at_id_idx" ON "workflow_command"("status", "next_attempt_at", "id");

-- CreateIndex
CREATE INDEX "workflow_command_claim_number_id_idx" ON "workflow_command"("claim_number", "id");

-- CreateIndex
CREATE INDEX "inbox_message_claim_number_idx" ON "inbox_message"("claim_number");

-- CreateIndex
CREATE INDEX "notice_status_next_attempt_at_id_idx" ON "notice"("status", "next_attempt_at", "id");

-- CreateIndex
CREATE INDEX "notice_claim_number_id_idx" ON "notice"("claim_number", "id");

-- CreateIndex
CREATE INDEX "webhook_endpoint_unit_id_idx" ON "webhook_endpoint"("unit_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_status_next_attempt_at_idx" ON "webhook_delivery"("status", "next_attempt_at");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_endpoint_id_claim_number_seq_key" ON "webhook_delivery"("endpoint_id", "claim_number", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- AddForeignKey
ALTER TABLE "unit" ADD CONSTRAINT "unit_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee" ADD CONSTRAINT "employee_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "identity_change" ADD CONSTRAINT "identity_change_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_account" ADD CONSTRAINT "bank_account_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota" ADD CONSTRAINT "quota_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota_reservation" ADD CONSTRAINT "quota_reservation_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_document" ADD CONSTRAINT "claim_document_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_document" ADD CONSTRAINT "claim_document_document_id_fkey" FOREIGN KEY ("document_id") REFERENCES "document"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim" ADD CONSTRAINT "claim_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim" ADD CONSTRAINT "claim_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim" ADD CONSTRAINT "claim_prior_claim_number_fkey" FOREIGN KEY ("prior_claim_number") REFERENCES "claim"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_line" ADD CONSTRAINT "claim_line_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_invoice" ADD CONSTRAINT "claim_invoice_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_event" ADD CONSTRAINT "claim_event_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bureau_submission" ADD CONSTRAINT "bureau_submission_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decision" ADD CONSTRAINT "decision_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment_instruction" ADD CONSTRAINT "payment_instruction_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment_instruction" ADD CONSTRAINT "payment_instruction_decision_id_fkey" FOREIGN KEY ("decision_id") REFERENCES "decision"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task" ADD CONSTRAINT "task_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task" ADD CONSTRAINT "task_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_claim_number_fkey" FOREIGN KEY ("claim_number") REFERENCES "claim"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What schema.prisma cannot express.

-- Claim numbers: YB + day in Shanghai + this. Never reset, so that no number comes twice whatever the clock does.
CREATE SEQUENCE "claim_number_seq" AS BIGINT START 1;

-- One living instruction per decision: a second payment needs the final failure or the return of the first.
CREATE UNIQUE INDEX "payment_instruction_one_living" ON "payment_instruction" ("claim_number", "decision_id")
  WHERE "status" NOT IN ('FAILED', 'RETURNED');

ALTER TABLE "payment_instruction" ADD CONSTRAINT "payment_instruction_status_known"
  CHECK ("status" IN ('CREATED', 'UNKNOWN', 'IN_FLIGHT', 'SUCCEEDED', 'FAILED', 'RETURNED'));
ALTER TABLE "payment_instruction" ADD CONSTRAINT "payment_instruction_amount_positive" CHECK ("amount_fen" > 0);

ALTER TABLE "claim" ADD CONSTRAINT "claim_state_known" CHECK ("state" IN (
  'DRAFT', 'SUBMITTED', 'PENDED_INFO', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU', 'IN_REVIEW', 'APPROVED', 'PARTIALLY_APPROVED',
  'PAYMENT_IN_PROCESS', 'PAYMENT_FAILED', 'PAID', 'DENIED', 'APPEAL_REVIEW', 'WITHDRAWN', 'REVERSED'));
ALTER TABLE "claim" ADD CONSTRAINT "claim_amounts_sane"
  CHECK ("submitted_fen" > 0 AND coalesce("approved_fen", 0) BETWEEN 0 AND "submitted_fen" AND coalesce("payable_fen", 0) >= 0 AND "paid_fen" >= 0);
ALTER TABLE "claim_line" ADD CONSTRAINT "claim_line_amounts_sane" CHECK ("amount_fen" >= 0 AND "unit_price_fen" >= 0 AND "quantity" > 0);
ALTER TABLE "claim_invoice" ADD CONSTRAINT "claim_invoice_amount_positive" CHECK ("amount_fen" > 0);
ALTER TABLE "quota" ADD CONSTRAINT "quota_amounts_sane" CHECK ("limit_fen" >= 0 AND "reserved_fen" >= 0 AND "used_fen" >= 0);
ALTER TABLE "quota_reservation" ADD CONSTRAINT "quota_reservation_sane"
  CHECK ("amount_fen" >= 0 AND "status" IN ('RESERVED', 'USED', 'RELEASED'));

-- Whoever writes a workflow command wakes the relays. Notices and webhook deliveries come with every transition and can wait for the next poll:
-- NOTIFY makes commits queue up behind each other.
CREATE FUNCTION "announce_workflow_command"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('workflow_command', '');
  RETURN NULL;
END $$;
CREATE TRIGGER "workflow_command_announced" AFTER INSERT ON "workflow_command"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_workflow_command"();

-- The last four digits of a message id to a bureau (modulo 10 000).
CREATE SEQUENCE "bureau_message_seq" AS BIGINT START 1;

-- A claim is taken up by one other at most; progress pages ask by whom.
CREATE UNIQUE INDEX "claim_prior_once" ON "claim" ("prior_claim_number") WHERE "prior_claim_number" IS NOT NULL;
