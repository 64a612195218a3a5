ALTER TABLE message DROP COLUMN subject;
ALTER TABLE message DROP COLUMN time_zone;
ALTER TABLE message DROP COLUMN useful_until;
ALTER TABLE message RENAME COLUMN origin_id TO reminder_id;
ALTER TABLE message RENAME COLUMN origin TO kind;
