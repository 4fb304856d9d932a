-- How much callers may still do (docs/decisions/0018-payloads-and-limits.md). Not logged: a crash of the database fills every bucket up again, and nobody misses it.
CREATE UNLOGGED TABLE rate_limit (
  -- what is limited and for whom: an id, or a keyed hash of an address
  bucket TEXT NOT NULL,
  tokens DOUBLE PRECISION NOT NULL,
  -- what the last process to ask was given
  granted INTEGER NOT NULL,
  at TIMESTAMPTZ(3) NOT NULL,
  -- from when on the bucket is full again and the row says nothing
  full_at TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT rate_limit_pkey PRIMARY KEY (bucket)
);
CREATE INDEX rate_limit_full_at_idx ON rate_limit (full_at);

SELECT protect_table('rate_limit');
-- asked before there is a scope
CREATE POLICY api ON rate_limit TO daozhang_api USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit TO daozhang_api;
