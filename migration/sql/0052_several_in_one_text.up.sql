-- A text may remind of several appointments of one phone: what became of it is looked up by the text. `name`: whom a question is about, where
-- that is not the contact.
CREATE INDEX reminder_message ON reminder_request (message_id) WHERE message_id IS NOT NULL;
ALTER TABLE question ADD COLUMN name text;
