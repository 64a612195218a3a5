ALTER TABLE notification DROP COLUMN shown_at;
ALTER TABLE notification DROP COLUMN if_missed;
