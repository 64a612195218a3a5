-- Types, places and staff labels as people keep them: in an order, in colours, put away instead of removed.

-- `replan_at`, `replan_id`: it has changed, and reminders of its appointments to come up to this one are planned anew; none: all are.
ALTER TABLE appointment_type ADD COLUMN colour text NOT NULL DEFAULT '';
ALTER TABLE appointment_type ADD COLUMN position integer NOT NULL DEFAULT 0;
ALTER TABLE appointment_type ADD COLUMN archived_at timestamptz;
ALTER TABLE appointment_type ADD COLUMN replan_at timestamptz;
ALTER TABLE appointment_type ADD COLUMN replan_id uuid;
CREATE INDEX appointment_type_replan ON appointment_type (replan_at) WHERE replan_at IS NOT NULL;
CREATE INDEX appointment_of_type ON appointment (type_id, starts_at, id) WHERE type_id IS NOT NULL;

-- `opening_hours`: JSON, a text for each day of the week; empty: nobody has said.
ALTER TABLE location ADD COLUMN opening_hours text NOT NULL DEFAULT '';
ALTER TABLE location ADD COLUMN archived_at timestamptz;

CREATE TABLE staff_label_row (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), name text NOT NULL, colour text NOT NULL,
  position integer NOT NULL, archived_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
INSERT INTO staff_label_row (id, business_id, name, colour, position, created_at, updated_at)
  SELECT gen_random_uuid(), business_id, name, '', 0, created_at, created_at FROM staff_label;
DROP TABLE staff_label;
ALTER TABLE staff_label_row RENAME TO staff_label;
CREATE UNIQUE INDEX staff_label_name ON staff_label (business_id, name);
ALTER INDEX staff_label_row_pkey RENAME TO staff_label_pkey;
