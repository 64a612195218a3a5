DROP INDEX note_once;
ALTER TABLE note DROP COLUMN client_id;
