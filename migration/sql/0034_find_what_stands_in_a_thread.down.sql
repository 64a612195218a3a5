DROP INDEX draft_conversation;
DROP INDEX message_thread;
CREATE INDEX message_thread ON message (business_id, conversation_id, created_at, id);
