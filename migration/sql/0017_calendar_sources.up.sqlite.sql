-- Calendars of others that appointments are read from, by an ICS address. Nothing is sent for one before somebody has
-- seen what it would bring and has started it.

-- `url` is a credential and sealed. `etag` and `modified` are asked with next time. `time_zone` is the calendar's own
-- word.
CREATE TABLE calendar_source (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, url text NOT NULL,
  time_zone text, etag text, modified text, next_at text NOT NULL, started_at text, last_good_at text,
  failing_since text, problem text, created_at text NOT NULL, updated_at text NOT NULL);
CREATE INDEX calendar_source_business ON calendar_source (business_id);
CREATE INDEX calendar_source_due ON calendar_source (next_at);

-- One row for each event, and for each time of one that repeats: `recurrence` says which, and is empty for one that
-- does not. Outlook gives changed times of a series the same uid. `title` is sealed: people write numbers into it;
-- `title_key` finds what was decided about the same words before. An event that is missing is cancelled only when it
-- is missing twice.
CREATE TABLE calendar_event (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), source_id blob NOT NULL REFERENCES calendar_source(id),
  uid text NOT NULL, recurrence text NOT NULL, title text NOT NULL, title_key text, starts_at text NOT NULL,
  ends_at text, state text NOT NULL, contact_id blob REFERENCES contact(id),
  appointment_id blob REFERENCES appointment(id), missing_since text,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX calendar_event_once ON calendar_event (source_id, uid, recurrence);
CREATE INDEX calendar_event_title ON calendar_event (source_id, title_key);
CREATE INDEX calendar_event_nobody ON calendar_event (business_id, starts_at, id) WHERE state = 'needs_number';
CREATE UNIQUE INDEX calendar_event_appointment ON calendar_event (appointment_id) WHERE appointment_id IS NOT NULL;
