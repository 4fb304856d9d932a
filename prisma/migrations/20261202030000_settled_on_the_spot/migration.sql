-- Of what was settled on the spot the funds' part was paid at the hospital: it uses up the year, and the benefit of the claim is the plan's part alone.
ALTER TABLE "entitlement" DROP CONSTRAINT "entitlement_adds_up";
ALTER TABLE "entitlement" ADD CONSTRAINT "entitlement_adds_up" CHECK (
  "benefit_fen" IS NULL OR "benefit_fen" IN ("pooled_fen" + "large_amount_fen" + "plan_fen", "plan_fen"));
