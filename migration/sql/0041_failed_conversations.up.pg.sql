-- Whether the last text failed, as a column of its own: an index that asks the status itself would have every change of a status, and there
-- are several for each text, enter the conversation anew into each of its indexes.
DROP INDEX conversation_failed;
ALTER TABLE conversation ADD COLUMN has_failed boolean GENERATED ALWAYS AS (last_status IN ('failed', 'undelivered')) STORED;
CREATE INDEX conversation_failed ON conversation (business_id, last_at, id) WHERE has_failed AND closed_at IS NULL;
