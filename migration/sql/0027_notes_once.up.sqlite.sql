-- A note written while there was no connection may be sent twice, and is one: whoever writes it names it.
ALTER TABLE note ADD COLUMN client_id blob;
CREATE UNIQUE INDEX note_once ON note (business_id, client_id) WHERE client_id IS NOT NULL;
