CREATE TABLE staff_label_before (
  business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, created_at text NOT NULL,
  PRIMARY KEY (business_id, name));
INSERT INTO staff_label_before (business_id, name, created_at) SELECT business_id, name, created_at FROM staff_label;
DROP TABLE staff_label;
ALTER TABLE staff_label_before RENAME TO staff_label;
ALTER TABLE location DROP COLUMN archived_at;
ALTER TABLE location DROP COLUMN opening_hours;
DROP INDEX appointment_of_type;
DROP INDEX appointment_type_replan;
ALTER TABLE appointment_type DROP COLUMN replan_id;
ALTER TABLE appointment_type DROP COLUMN replan_at;
ALTER TABLE appointment_type DROP COLUMN archived_at;
ALTER TABLE appointment_type DROP COLUMN position;
ALTER TABLE appointment_type DROP COLUMN colour;
