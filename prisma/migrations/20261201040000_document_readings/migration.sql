-- What was read in a document (docs/decisions/0028-readings-are-kept.md). `content` is sealed under the document's own key, and so goes the way that the document goes.
CREATE TABLE document_reading (
  document_id UUID NOT NULL,
  reader_version INTEGER NOT NULL,
  file_kind TEXT NOT NULL,
  content BYTEA NOT NULL,
  read_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT document_reading_pkey PRIMARY KEY (document_id, reader_version),
  CONSTRAINT document_reading_document_id_fkey FOREIGN KEY (document_id) REFERENCES document (id) ON DELETE CASCADE ON UPDATE CASCADE
);

SELECT protect_table('document_reading');
-- a reading is never changed: a newer reader makes another one
GRANT SELECT, INSERT, DELETE ON document_reading TO daozhang_worker;
GRANT SELECT, INSERT ON document_reading TO daozhang_api;
CREATE POLICY api ON document_reading TO daozhang_api USING (EXISTS (SELECT FROM document d WHERE d.id = document_id));

-- Whether what is medical was erased of a claim that has the document: what its papers say is then not kept again. Whoever asks may not see that claim.
CREATE FUNCTION reading_erased(document uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM claim_document d JOIN claim c ON c.number = d.claim_number WHERE d.document_id = document AND c.medical_erased_at IS NOT NULL)
$$;
REVOKE EXECUTE ON FUNCTION reading_erased(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reading_erased(uuid) TO daozhang_api, daozhang_worker;
