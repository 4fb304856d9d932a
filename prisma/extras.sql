-- What schema.prisma cannot express. Appended to the init migration; everybody adds below, one block per concern.

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
