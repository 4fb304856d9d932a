-- Duplicates across the whole group, found by the worker before the bureau sees a claim (docs/decisions/0024-duplicates.md).

-- What a picture looks like, as 64 bits in hexadecimal: first its own, then as it would be cropped or turned a little. None: no picture, or a blank one.
ALTER TABLE document ADD COLUMN picture_hashes TEXT[] NOT NULL DEFAULT '{}';

-- What a claim that went through intake may be known again by. Of no use to the API, which may not read it: it would tell one branch what another one has.
CREATE TABLE claim_mark (
  kind TEXT NOT NULL,
  mark TEXT NOT NULL,
  claim_number TEXT NOT NULL,
  detail TEXT NOT NULL,
  CONSTRAINT claim_mark_pkey PRIMARY KEY (kind, mark, claim_number, detail),
  CONSTRAINT claim_mark_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT claim_mark_known CHECK (kind IN ('PERSON', 'VISIT', 'FILE', 'PICTURE'))
);
CREATE INDEX claim_mark_claim_number_idx ON claim_mark (claim_number);
CREATE INDEX claim_employee_id_visit_start_idx ON claim (employee_id, visit_start);

-- What was found, and who said that it is nothing. No foreign key on the other claim: it would wait for that claim's own transaction, which may wait for this one.
CREATE TABLE claim_match (
  claim_number TEXT NOT NULL,
  other_claim TEXT NOT NULL,
  kind TEXT NOT NULL,
  grade TEXT NOT NULL,
  reason TEXT NOT NULL,
  found_at TIMESTAMPTZ(3) NOT NULL,
  cleared_at TIMESTAMPTZ(3),
  cleared_by JSONB,
  cleared_comment TEXT,
  CONSTRAINT claim_match_pkey PRIMARY KEY (claim_number, other_claim, kind),
  CONSTRAINT claim_match_claim_number_fkey FOREIGN KEY (claim_number) REFERENCES claim (number) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT claim_match_two CHECK (claim_number <> other_claim),
  CONSTRAINT claim_match_graded CHECK (grade IN ('BLOCK', 'HOLD', 'NOTE')),
  CONSTRAINT claim_match_cleared CHECK ((cleared_at IS NULL) = (cleared_by IS NULL))
);
CREATE INDEX claim_match_other_claim_idx ON claim_match (other_claim);

-- Who said it, and when, stays; the words alone may go, when what is medical is erased.
CREATE FUNCTION keep_claim_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.cleared_at IS NOT NULL AND (NEW.cleared_at, NEW.cleared_by) IS DISTINCT FROM (OLD.cleared_at, OLD.cleared_by) THEN
    RAISE EXCEPTION 'a match is cleared once' USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_match_cleared_once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER claim_match_kept BEFORE UPDATE ON claim_match FOR EACH ROW EXECUTE FUNCTION keep_claim_match();

SELECT protect_table('claim_mark'), protect_table('claim_match');
GRANT SELECT, INSERT, DELETE ON claim_mark TO daozhang_worker;
GRANT SELECT, INSERT ON claim_match TO daozhang_worker;
GRANT UPDATE (cleared_at, cleared_by, cleared_comment) ON claim_match TO daozhang_worker;
GRANT SELECT ON claim_match TO daozhang_api;
CREATE POLICY api ON claim_match TO daozhang_api USING (EXISTS (SELECT FROM claim c WHERE c.number = claim_number));

-- Claims that went through intake before this release. Documents of theirs have no picture hash yet.
INSERT INTO claim_mark (kind, mark, claim_number, detail)
  SELECT 'PERSON', c.employee_id::text, c.number, '' FROM claim c WHERE c.submitted_at IS NOT NULL
  UNION SELECT 'VISIT', c.bureau_code || '|' || c.visit_no, c.number, '' FROM claim c WHERE c.submitted_at IS NOT NULL AND c.visit_no IS NOT NULL
  UNION SELECT 'FILE', encode(d.content_index, 'hex'), c.number, cd.kind
    FROM claim c JOIN claim_document cd ON cd.claim_number = c.number JOIN document d ON d.id = cd.document_id WHERE c.submitted_at IS NOT NULL;
-- and what HR has said of them
INSERT INTO claim_match (claim_number, other_claim, kind, grade, reason, found_at, cleared_at, cleared_by, cleared_comment)
  SELECT DISTINCT ON (t.claim_number, holder) t.claim_number, holder, 'SAME_INVOICE', 'BLOCK', 'INVOICE', t.created_at, t.closed_at, t.decided_by, t.comment
  FROM task t CROSS JOIN LATERAL jsonb_array_elements_text(t.detail -> 'holders') AS holder
  WHERE jsonb_typeof(t.detail -> 'holders') = 'array' AND t.status = 'DECIDED' AND t.decided_by IS NOT NULL
    AND (t.kind = 'DUPLICATE_REVIEW' AND t.choice = 'NOT_DUPLICATE' OR t.kind = 'APPEAL_REVIEW' AND t.choice = 'GRANT' AND t.detail -> 'asDuplicate' = 'true')
  ORDER BY t.claim_number, holder, t.closed_at;
