DROP TABLE message_kept;
ALTER TABLE message DROP COLUMN removed_after;
DROP INDEX business_removing;
ALTER TABLE business DROP COLUMN remove_next_at;
ALTER TABLE business DROP COLUMN removed_id;
ALTER TABLE business DROP COLUMN removed_at;
ALTER TABLE business DROP COLUMN keep_days;
ALTER TABLE business DROP COLUMN texts_to;
