-- Pre-review at intake (docs/decisions/0026-pre-review-at-intake.md).

-- What a bureau said of an invoice, append-only; the newest answer counts.
CREATE TABLE invoice_check (
  invoice_id UUID NOT NULL,
  asked_at TIMESTAMPTZ(3) NOT NULL,
  known BOOLEAN NOT NULL,
  reversed BOOLEAN NOT NULL,
  claimed TEXT NOT NULL,
  CONSTRAINT invoice_check_pkey PRIMARY KEY (invoice_id, asked_at),
  CONSTRAINT invoice_check_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES claim_invoice (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT invoice_check_claimed CHECK (claimed IN ('no', 'yes', 'in-progress'))
);

-- One row for each time that intake looked at a claim, with what it found in claim_finding. Both append-only.
CREATE TABLE claim_review (
  claim_number TEXT NOT NULL,
  no INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  rulebook_id TEXT,
  rulebook_version TEXT,
  CONSTRAINT claim_review_pkey PRIMARY KEY (claim_number, no),
  CONSTRAINT claim_review_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE claim_finding (
  claim_number TEXT NOT NULL,
  review_no INTEGER NOT NULL,
  no INTEGER NOT NULL,
  code TEXT NOT NULL,
  about TEXT,
  blocking BOOLEAN NOT NULL,
  mended_by TEXT NOT NULL,
  line_no INTEGER,
  document_kind TEXT,
  document_id UUID,
  invoice_id UUID,
  facts BYTEA NOT NULL,
  detail BYTEA,
  CONSTRAINT claim_finding_pkey PRIMARY KEY (claim_number, review_no, no),
  CONSTRAINT claim_finding_claim_number_review_no_fkey FOREIGN KEY (claim_number, review_no) REFERENCES claim_review (claim_number, no) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT claim_finding_mended_by CHECK (mended_by IN ('employee', 'hr', 'nobody'))
);

-- A person's word against a finding: it does not come back for the same facts.
CREATE TABLE finding_overrule (
  claim_number TEXT NOT NULL,
  facts BYTEA NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  by JSONB NOT NULL,
  comment TEXT,
  CONSTRAINT finding_overrule_pkey PRIMARY KEY (claim_number, facts),
  CONSTRAINT finding_overrule_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE
);

-- A document that another one took the place of: it stays with the claim, and counts no more.
ALTER TABLE claim_document ADD COLUMN replaced_at TIMESTAMPTZ(3), ADD COLUMN replaced_by UUID;
ALTER TABLE claim_document ADD CONSTRAINT claim_document_replaced CHECK ((replaced_at IS NULL) = (replaced_by IS NULL) AND replaced_by <> document_id);

SELECT protect_table('invoice_check'), protect_table('claim_review'), protect_table('claim_finding'), protect_table('finding_overrule');
GRANT SELECT, INSERT ON invoice_check, claim_review, claim_finding, finding_overrule TO daozhang_worker;
-- words go when what is medical is erased; what was found and who overruled it stays
GRANT UPDATE (detail) ON claim_finding TO daozhang_worker;
GRANT UPDATE (comment) ON finding_overrule TO daozhang_worker;
GRANT SELECT ON claim_review, claim_finding, finding_overrule TO daozhang_api;
GRANT UPDATE (replaced_at, replaced_by) ON claim_document TO daozhang_api;
CREATE POLICY api ON claim_review TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON claim_finding TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
CREATE POLICY api ON finding_overrule TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));
