-- Originals are kept as they came, each under a key of its own (docs/decisions/0017-documents.md). What lies in the store is nothing without `wrapped_key`.
DO $$ BEGIN
  IF EXISTS (SELECT FROM document) THEN
    RAISE EXCEPTION 'there are documents that were stored in clear: this release reads sealed ones alone; upload them anew into an empty database';
  END IF;
END $$;

-- what people call a file says of what they are ill: sealed under the file's own key
ALTER TABLE document ALTER COLUMN file_name TYPE BYTEA USING ''::bytea;
ALTER TABLE document
  -- blind index of the SHA-256: equal for equal files, whoever they are of
  ADD COLUMN content_index BYTEA NOT NULL,
  ADD COLUMN pages INTEGER,
  ADD COLUMN notes TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN wrapped_key BYTEA NOT NULL,
  -- whose key it is wrapped under; of nobody yet: the installation's
  ADD COLUMN key_employee_id UUID,
  ADD COLUMN key_purpose TEXT,
  ADD CONSTRAINT document_key_employee_id_fkey FOREIGN KEY (key_employee_id) REFERENCES employee (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ADD CONSTRAINT document_key_known CHECK ((key_employee_id IS NULL) = (key_purpose IS NULL) AND key_purpose IN ('medical', 'accounting'));
DROP INDEX document_sha256_idx;
CREATE INDEX document_content_index_idx ON document (content_index);
CREATE INDEX document_key_employee_id_idx ON document (key_employee_id);

-- A document becomes its claimant's when it is attached: its key is wrapped anew, and nothing else of it changes.
GRANT UPDATE (wrapped_key, key_employee_id, key_purpose) ON document TO daozhang_api;
CREATE POLICY attached ON document FOR UPDATE TO daozhang_api USING (EXISTS (SELECT FROM claim_document d WHERE d.document_id = document.id));

-- Once a person's it stays that person's, and a voucher stays one.
CREATE FUNCTION keep_document_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.key_employee_id IS DISTINCT FROM NEW.key_employee_id OR OLD.key_purpose = 'accounting' AND NEW.key_purpose <> 'accounting' THEN
    RAISE EXCEPTION 'a document stays with the person whose it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'document_owner_kept';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER document_owner_kept BEFORE UPDATE ON document FOR EACH ROW
  WHEN (OLD.key_employee_id IS NOT NULL) EXECUTE FUNCTION keep_document_owner();
