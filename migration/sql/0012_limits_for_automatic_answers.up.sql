-- Automatic answers have limits of their own: per person and hour, and a share of the business's hour.
CREATE INDEX message_automatic ON message (business_id, contact_id, created_at) WHERE kind = 'automatic';
UPDATE message SET priority = 2 WHERE status IN ('queued', 'sending', 'unknown', 'undelivered') AND kind = 'automatic';
ALTER TABLE quota_hour ADD COLUMN automatic integer NOT NULL DEFAULT 0;
