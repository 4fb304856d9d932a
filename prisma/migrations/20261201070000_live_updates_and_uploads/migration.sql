-- What changed since, for pages that stay up to date, and files that arrive in pieces (docs/decisions/0030-live-updates-and-uploads.md).

-- The transaction that wrote a row: ids are taken in another order than transactions commit, so whoever reads on from the last id misses what commits late. What was not
-- visible in one snapshot and is in the next has changed in between, whoever commits when. Rows from before have none and count as old. The default comes after the
-- column, so that a large table is not written anew.
ALTER TABLE "claim_event" ADD COLUMN "xid" xid8;
ALTER TABLE "claim_event" ALTER COLUMN "xid" SET DEFAULT pg_current_xact_id();
CREATE INDEX "claim_event_xid_idx" ON "claim_event" ("xid");
ALTER TABLE "task" ADD COLUMN "xid" xid8;
ALTER TABLE "task" ALTER COLUMN "xid" SET DEFAULT pg_current_xact_id();
CREATE INDEX "task_xid_idx" ON "task" ("xid");
CREATE FUNCTION task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.xid := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER task_changed BEFORE UPDATE ON "task" FOR EACH ROW EXECUTE FUNCTION task_changed();

-- Look-ups that must cross the tree: each answers one question and no other.

-- Which claims and tasks changed since a snapshot, by number and id and nothing else: asked once for all who are connected to a process, which then asks in each one's own
-- scope what of it may be told. What a restored copy brought along from another server's future is not yet visible here.
CREATE FUNCTION changes_since(since pg_snapshot, at_most integer) RETURNS TABLE (snapshot pg_snapshot, claims text[], tasks uuid[], more boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH moved AS MATERIALIZED (SELECT e.claim_number FROM claim_event e
      WHERE e.xid >= pg_snapshot_xmin(since) AND e.xid < pg_snapshot_xmax(pg_current_snapshot()) AND NOT pg_visible_in_snapshot(e.xid, since) LIMIT at_most + 1),
    changed AS MATERIALIZED (SELECT t.id FROM task t
      WHERE t.xid >= pg_snapshot_xmin(since) AND t.xid < pg_snapshot_xmax(pg_current_snapshot()) AND NOT pg_visible_in_snapshot(t.xid, since) LIMIT at_most + 1)
  SELECT pg_current_snapshot(), ARRAY(SELECT DISTINCT claim_number FROM moved), ARRAY(SELECT id FROM changed),
    (SELECT count(*) FROM moved) > at_most OR (SELECT count(*) FROM changed) > at_most
$$;
-- Which of these sessions are still open; asking does not keep them open.
CREATE FUNCTION open_sessions(ids uuid[], as_of timestamptz, idle interval) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id FROM session s WHERE s.id = ANY (ids) AND s.ended_at IS NULL AND s.expires_at > as_of AND s.last_seen_at > as_of - idle
$$;
REVOKE EXECUTE ON FUNCTION changes_since(pg_snapshot, integer), open_sessions(uuid[], timestamptz, interval), task_changed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION changes_since(pg_snapshot, integer), open_sessions(uuid[], timestamptz, interval) TO daozhang_api;

-- A file on its way. It becomes the document of the same id.
CREATE TABLE "upload" (
  "id" UUID NOT NULL,
  "caller_id" TEXT NOT NULL,
  "employee_id" UUID,
  "unit_id" UUID NOT NULL,
  "size_bytes" INTEGER NOT NULL,
  "received_bytes" INTEGER NOT NULL DEFAULT 0,
  "media_type" TEXT,
  "sha256" TEXT,
  "file_name" BYTEA NOT NULL,
  "wrapped_key" BYTEA NOT NULL,
  "status" TEXT NOT NULL DEFAULT 'OPEN',
  "refusal" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "upload_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "upload_status_known" CHECK ("status" IN ('OPEN', 'STORED', 'REFUSED') AND ("status" = 'REFUSED') = ("refusal" IS NOT NULL)),
  CONSTRAINT "upload_within_size" CHECK ("size_bytes" > 0 AND "received_bytes" BETWEEN 0 AND "size_bytes")
);
CREATE INDEX "upload_caller_id_employee_id_idx" ON "upload" ("caller_id", "employee_id");
CREATE INDEX "upload_expires_at_idx" ON "upload" ("expires_at");
ALTER TABLE "upload" ADD CONSTRAINT "upload_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee" ("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "upload" ADD CONSTRAINT "upload_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "unit" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A piece of it in the store: named here before it is put there, so that no file is ever without a name; part of the upload once it has a place.
CREATE TABLE "upload_chunk" (
  "storage_key" TEXT NOT NULL,
  "upload_id" UUID NOT NULL,
  "start" INTEGER,

  CONSTRAINT "upload_chunk_pkey" PRIMARY KEY ("storage_key")
);
CREATE UNIQUE INDEX "upload_chunk_upload_id_start_key" ON "upload_chunk" ("upload_id", "start");
ALTER TABLE "upload_chunk" ADD CONSTRAINT "upload_chunk_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "upload" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT protect_table('upload');
SELECT protect_table('upload_chunk');
GRANT SELECT, INSERT, UPDATE ("received_bytes", "status", "refusal"), DELETE ON "upload" TO daozhang_api;
GRANT SELECT, INSERT, UPDATE ("start"), DELETE ON "upload_chunk" TO daozhang_api;
GRANT SELECT, DELETE ON "upload", "upload_chunk" TO daozhang_worker;
-- who began it, for whom: nobody else, whatever the role
CREATE POLICY api ON "upload" TO daozhang_api
  USING ("caller_id" = (SELECT scope_caller()) AND "employee_id" IS NOT DISTINCT FROM (SELECT scope_employee()));
CREATE POLICY api ON "upload_chunk" TO daozhang_api USING (EXISTS (SELECT FROM "upload" u WHERE u.id = upload_id));

-- However a piece goes, its file goes after it: a row and a file cannot be removed in one transaction.
CREATE FUNCTION keep_chunk_for_removal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO erased_file (storage_key, at) VALUES (OLD.storage_key, now()) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_chunk_for_removal() FROM PUBLIC;
CREATE TRIGGER chunk_removed AFTER DELETE ON "upload_chunk" FOR EACH ROW EXECUTE FUNCTION keep_chunk_for_removal();
