-- Appointments keep the clock by which they were entered, so that a change of a zone's rules can be noticed; locations
-- have a zone of their own. What `zone_data` was seen last is kept, too: none yet means the rules of March 2025.
CREATE TABLE zone_data (id integer PRIMARY KEY, version text NOT NULL, seen_at text NOT NULL);
ALTER TABLE location ADD COLUMN time_zone text;
ALTER TABLE appointment ADD COLUMN time_zone text;
ALTER TABLE appointment ADD COLUMN utc_offset integer;
