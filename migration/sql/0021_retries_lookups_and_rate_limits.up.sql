-- The names that others use: a message is retried and looked up, a sender and an account have rate limits, and how far a log was
-- read is a cursor. No row changes.
ALTER TABLE message RENAME COLUMN resends TO retries;
ALTER TABLE message RENAME COLUMN resend_at TO retry_at;
ALTER TABLE message RENAME COLUMN looks TO lookups;
DROP INDEX message_resend;
CREATE INDEX message_retry ON message (retry_at) WHERE retry_at IS NOT NULL;
ALTER TABLE pace RENAME TO sender_rate_limit;
ALTER TABLE account_pace RENAME TO account_rate_limit;
ALTER TABLE sweep RENAME TO sync_cursor;
