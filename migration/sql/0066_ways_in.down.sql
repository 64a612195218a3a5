ALTER TABLE device DROP COLUMN by_link;
DROP INDEX push_device_account;
ALTER TABLE push_device DROP COLUMN session_hash;
ALTER TABLE invitation DROP COLUMN invited_by_id;
DROP INDEX email_change_before;
ALTER TABLE email_change DROP COLUMN before_key;
ALTER TABLE invitation DROP COLUMN times_sent;
