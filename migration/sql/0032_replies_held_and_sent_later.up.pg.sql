-- A reply of a member is held for some seconds, in which it can be taken back, and a text can be written for later. `delay` says what it
-- waits for by the will of who wrote it, `waited_since` from when on its customer waited when it was written.
ALTER TABLE account ADD COLUMN undo_seconds integer NOT NULL DEFAULT 5;
ALTER TABLE message ADD COLUMN delay text, ADD COLUMN send_at timestamptz, ADD COLUMN waited_since timestamptz;
CREATE INDEX message_later ON message (conversation_id, send_at) WHERE send_at IS NOT NULL;
