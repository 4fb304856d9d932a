-- When open claims without a workflow were last looked for, and what came of it: by the worker, for whoever asks whether it still looks. Nothing here is of anybody.
CREATE TABLE "sweep" (
  "name" TEXT NOT NULL,
  "ended_at" TIMESTAMPTZ(3) NOT NULL,
  "looked" INTEGER NOT NULL,
  "recovered" INTEGER NOT NULL,
  "failed" INTEGER NOT NULL,

  CONSTRAINT "sweep_pkey" PRIMARY KEY ("name")
);
SELECT protect_table('sweep');
GRANT SELECT, INSERT, UPDATE ON "sweep" TO daozhang_worker;
GRANT SELECT ON "sweep" TO daozhang_api;
CREATE POLICY api ON "sweep" TO daozhang_api USING ((SELECT scope_caller()) IS NOT NULL);

-- What went out, newest first, and what of it was given up: a page of either is read from where it begins, however much was ever sent.
CREATE INDEX "notice_newest" ON "notice" ("created_at" DESC, (("id")::text) DESC);
CREATE INDEX "notice_given_up_newest" ON "notice" ("created_at" DESC, (("id")::text) DESC) WHERE "status" IN ('FAILED', 'UNDELIVERABLE');
CREATE INDEX "webhook_delivery_newest" ON "webhook_delivery" ("created_at" DESC, (("id")::text) DESC);
CREATE INDEX "webhook_delivery_given_up_newest" ON "webhook_delivery" ("created_at" DESC, (("id")::text) DESC) WHERE "status" = 'FAILED';

-- What stands still is looked for every quarter of a minute, among few claims of many: those waiting for a bureau, and flags that hardly any claim has.
CREATE INDEX "claim_waiting_bureau" ON "claim" ("turn_since") WHERE "closed_at" IS NULL AND "turn" = 'bureau';
CREATE INDEX "claim_bureau_outage" ON "claim" ("number") WHERE "closed_at" IS NULL AND "bureau_outage";
CREATE INDEX "claim_payout_blocked" ON "claim" ("number") WHERE "closed_at" IS NULL AND "payout_blocked" IS NOT NULL;
CREATE INDEX "claim_on_hold" ON "claim" ("number") WHERE "closed_at" IS NULL AND "on_hold";
