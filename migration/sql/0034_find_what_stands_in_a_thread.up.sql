-- The same columns in another order: where a thread is deleted because it was merged into another, the database looks whether anything still
-- names it, and that look must not read every message there is. On a large installation this takes as long as building one index.
DROP INDEX message_thread;
CREATE INDEX message_thread ON message (conversation_id, business_id, created_at, id);
CREATE INDEX draft_conversation ON draft (conversation_id);
