-- Whether the last text failed, as a column of its own, as on PostgreSQL.
DROP INDEX conversation_failed;
ALTER TABLE conversation ADD COLUMN has_failed boolean GENERATED ALWAYS AS (last_status IN ('failed', 'undelivered')) VIRTUAL;
CREATE INDEX conversation_failed ON conversation (business_id, last_at, id) WHERE has_failed AND closed_at IS NULL;
