DROP TABLE contact_answers;
DROP TABLE dead_address;
ALTER TABLE business DROP COLUMN confirm_offers;
ALTER TABLE business DROP COLUMN learn_channels;
ALTER TABLE business DROP COLUMN channels;
DROP INDEX message_fallback;
DROP INDEX question_message;
ALTER TABLE message DROP COLUMN chosen_because;
ALTER TABLE message DROP COLUMN fallback_of;
