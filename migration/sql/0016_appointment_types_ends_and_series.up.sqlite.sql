-- What a calendar, an import and a family need of an appointment. A phone stays one contact's: the contact owns it,
-- and an appointment may be *for* somebody else, by first name. So a mother with two children is one conversation and
-- one consent, and an inbound text always has one owner.

-- `price` in micro-units. `cadence` as in `business`: hours before, none means the business's. After `recall_months`
-- without another one somebody is due again.
CREATE TABLE appointment_type (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, minutes integer NOT NULL,
  price bigint, cadence text, reminders boolean NOT NULL, recall_months integer,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX appointment_type_name ON appointment_type (business_id, name);

-- Labels to choose from; an appointment keeps its own as text, so that one can go out of use.
CREATE TABLE staff_label (
  business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, created_at text NOT NULL,
  PRIMARY KEY (business_id, name));
INSERT INTO staff_label (business_id, name, created_at)
  SELECT business_id, staff_label, min(created_at) FROM appointment WHERE staff_label <> '' GROUP BY business_id, staff_label;

-- None: the end, the type, where it came from are not known. `for_name` is sealed. `revision` grows with every change
-- of time or status, for calendars that follow it. A series is the rows that share its id: each has reminders, a
-- token and a fate of its own.
ALTER TABLE appointment ADD COLUMN ends_at text;
ALTER TABLE appointment ADD COLUMN type_id blob REFERENCES appointment_type(id);
ALTER TABLE appointment ADD COLUMN for_name text;
ALTER TABLE appointment ADD COLUMN source text;
ALTER TABLE appointment ADD COLUMN external_id text;
ALTER TABLE appointment ADD COLUMN revision integer NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD COLUMN series_id blob;
ALTER TABLE appointment ADD COLUMN series_index integer;
ALTER TABLE appointment ADD COLUMN arrived_at text;

-- The audit knows who made it.
UPDATE appointment SET source = (
  SELECT CASE WHEN e.actor LIKE 'API key %' THEN 'api' ELSE 'staff' END FROM audit_event e
  WHERE e.entity_id = appointment.id AND e.action = 'appointment.created' ORDER BY e.at LIMIT 1);

CREATE UNIQUE INDEX appointment_external ON appointment (business_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX appointment_series ON appointment (business_id, series_id, starts_at) WHERE series_id IS NOT NULL;

-- None: the business's.
ALTER TABLE contact ADD COLUMN language text;
ALTER TABLE business ADD COLUMN language text NOT NULL DEFAULT 'en';
