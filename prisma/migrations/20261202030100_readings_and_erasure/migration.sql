-- Whether what was read in a document may be kept. Whoever erases a claim has locked it: this waits until that is over, and holds off the next one until the reading is stored, which it
-- then finds. Without it a reading that was made meanwhile would be stored just after the erasure had looked for readings.
CREATE FUNCTION may_keep_reading(wanted uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM claim c WHERE c.number IN (SELECT d.claim_number FROM claim_document d WHERE d.document_id = wanted) ORDER BY c.number FOR SHARE;
  PERFORM FROM document d WHERE d.id = wanted FOR KEY SHARE;
  RETURN FOUND AND NOT reading_erased(wanted);
END $$;
REVOKE EXECUTE ON FUNCTION may_keep_reading(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_keep_reading(uuid) TO daozhang_api, daozhang_worker;
