DROP INDEX conversation_failed;
ALTER TABLE conversation DROP COLUMN has_failed;
CREATE INDEX conversation_failed ON conversation (business_id, last_at, id) WHERE last_status IN ('failed', 'undelivered') AND closed_at IS NULL;
