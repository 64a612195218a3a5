-- A thread whose person was merged into another is gone: what stood in it is in the other's. Who has its address is led there.
ALTER TABLE contact_merge ADD COLUMN conversation_id uuid;
CREATE INDEX contact_merge_thread ON contact_merge (business_id, conversation_id) WHERE conversation_id IS NOT NULL;

-- What was done with a conversation, and said of a text, stands in its person's timeline. Notes stand there by themselves.
UPDATE audit_event SET contact_id = (SELECT contact_id FROM conversation WHERE conversation.id = audit_event.entity_id)
  WHERE entity = 'conversation' AND action <> 'note.added';
UPDATE audit_event SET contact_id = (SELECT contact_id FROM message WHERE message.id = audit_event.entity_id)
  WHERE entity = 'message' AND contact_id IS NULL;
