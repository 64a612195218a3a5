-- Calendars of others are read now. `location_id` and `staff_label` are what their appointments get. `warnings` is what
-- of the last reading a person should know, a line each. `visits` and `needs_number` are kept, not counted on pages.
ALTER TABLE calendar_source ADD COLUMN location_id blob;
ALTER TABLE calendar_source ADD COLUMN staff_label text NOT NULL DEFAULT '';
ALTER TABLE calendar_source ADD COLUMN warnings text NOT NULL DEFAULT '';
ALTER TABLE calendar_source ADD COLUMN visits integer NOT NULL DEFAULT 0;
ALTER TABLE calendar_source ADD COLUMN needs_number integer NOT NULL DEFAULT 0;
-- The calendar lost so many of its events at once that a person has to say whether that is meant.
ALTER TABLE calendar_source ADD COLUMN lost integer NOT NULL DEFAULT 0;

-- `phone` is sealed: found in the event, or said by a person. `chosen`: a person has said whose it is, which holds for
-- the same words from then on.
ALTER TABLE calendar_event ADD COLUMN phone text;
ALTER TABLE calendar_event ADD COLUMN chosen boolean NOT NULL DEFAULT false;
CREATE INDEX calendar_event_time ON calendar_event (source_id, starts_at, id);
CREATE INDEX calendar_event_missing ON calendar_event (source_id, missing_since) WHERE missing_since IS NOT NULL;
