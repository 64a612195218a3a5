DROP INDEX contact_merge_thread;
ALTER TABLE contact_merge DROP COLUMN conversation_id;
-- What was known of texts before can't be told apart from what was filled in, and does no harm.
UPDATE audit_event SET contact_id = NULL WHERE entity = 'conversation' AND action <> 'note.added';
