DROP INDEX conversation_quiet;
ALTER TABLE conversation DROP COLUMN touched_at;
ALTER TABLE conversation DROP COLUMN replied_by;
ALTER TABLE member DROP COLUMN assigned_at;
ALTER TABLE member DROP COLUMN away_since;
DROP INDEX business_closing;
ALTER TABLE business DROP COLUMN close_next_at;
ALTER TABLE business DROP COLUMN close_after_days;
ALTER TABLE business DROP COLUMN assign_rule;
