-- What a visit was before a change, so that it can be undone, and what its customer is told of its new time. `known_at`: when it began before,
-- as far as they know. A staff label's or a location's visits of a time are read for the calendar, and before one of them is moved.
-- The text that answered a question stands in its visit's history.
ALTER TABLE question ADD COLUMN answered_by uuid;
CREATE TABLE appointment_change (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id),
  appointment_id uuid NOT NULL REFERENCES appointment(id), revision integer NOT NULL, before text NOT NULL,
  starts_at timestamptz NOT NULL, known_at timestamptz, tell boolean, message_id uuid, undone_at timestamptz,
  created_at timestamptz NOT NULL);
CREATE INDEX appointment_change_of ON appointment_change (business_id, appointment_id, revision);
CREATE INDEX appointment_staff ON appointment (business_id, staff_label, starts_at, id);
CREATE INDEX appointment_place ON appointment (business_id, location_id, starts_at, id);
