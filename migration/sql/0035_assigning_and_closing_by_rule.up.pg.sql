-- Who a conversation is given to by itself, and when it is closed by itself. A business from before this closes nothing by itself until
-- somebody turns it on.
ALTER TABLE business ADD COLUMN assign_rule text NOT NULL DEFAULT 'off';
ALTER TABLE business ADD COLUMN close_after_days integer;
-- When quiet conversations are looked for next.
ALTER TABLE business ADD COLUMN close_next_at timestamptz;
CREATE INDEX business_closing ON business (close_next_at) WHERE close_next_at IS NOT NULL;
-- Who gets no new conversations, and when somebody was last given one by turns.
ALTER TABLE member ADD COLUMN away_since timestamptz;
ALTER TABLE member ADD COLUMN assigned_at timestamptz;
-- Who replied last, and when somebody last did something with it that is no text or note.
ALTER TABLE conversation ADD COLUMN replied_by uuid;
ALTER TABLE conversation ADD COLUMN touched_at timestamptz;
-- Those in which nothing waits, the quietest first. `coalesce` stands here as in the query.
CREATE INDEX conversation_quiet ON conversation (business_id, coalesce(last_human_at, created_at), id)
  WHERE closed_at IS NULL AND snoozed_until IS NULL AND waiting_since IS NULL;
