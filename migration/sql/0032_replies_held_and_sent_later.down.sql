-- What waits for a person to decide would wait for ever, without anybody seeing why.
UPDATE message SET status = 'cancelled', error = 'It waited for a decision when Showup was put back to an earlier version.' WHERE delay = 'paused' AND status = 'queued';
DROP INDEX message_later;
ALTER TABLE message DROP COLUMN waited_since;
ALTER TABLE message DROP COLUMN send_at;
ALTER TABLE message DROP COLUMN delay;
ALTER TABLE account DROP COLUMN undo_seconds;
