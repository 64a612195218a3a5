ALTER TABLE sync_cursor RENAME TO sweep;
ALTER TABLE account_rate_limit RENAME TO account_pace;
ALTER TABLE sender_rate_limit RENAME TO pace;
DROP INDEX message_retry;
ALTER TABLE message RENAME COLUMN lookups TO looks;
ALTER TABLE message RENAME COLUMN retry_at TO resend_at;
ALTER TABLE message RENAME COLUMN retries TO resends;
CREATE INDEX message_resend ON message (resend_at) WHERE resend_at IS NOT NULL;
