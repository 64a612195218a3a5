-- What a visit was before a change, so that it can be undone, and what its customer is told of its new time. `known_at`: when it began before,
-- as far as they know. A staff label's or a location's visits of a time are read for the calendar, and before one of them is moved.
-- The text that answered a question stands in its visit's history.
ALTER TABLE question ADD COLUMN answered_by blob;
CREATE TABLE appointment_change (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id),
  appointment_id blob NOT NULL REFERENCES appointment(id), revision integer NOT NULL, before text NOT NULL,
  starts_at text NOT NULL, known_at text, tell boolean, message_id blob, undone_at text,
  created_at text NOT NULL);
CREATE INDEX appointment_change_of ON appointment_change (business_id, appointment_id, revision);
CREATE INDEX appointment_staff ON appointment (business_id, staff_label, starts_at, id);
CREATE INDEX appointment_place ON appointment (business_id, location_id, starts_at, id);
