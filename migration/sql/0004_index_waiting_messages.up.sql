-- What waits, by time, for the message log: without it SQLite reads a business's whole history to find the few that
-- wait.
CREATE INDEX message_waiting_log ON message (business_id, created_at, id) WHERE status = 'queued';
