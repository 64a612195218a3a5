ALTER TABLE quota_hour DROP COLUMN automatic;
UPDATE message SET priority = 0 WHERE status IN ('queued', 'sending', 'unknown', 'undelivered') AND kind = 'automatic';
DROP INDEX message_automatic;
