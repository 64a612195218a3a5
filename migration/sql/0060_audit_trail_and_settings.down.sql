DROP INDEX business_replan;
ALTER TABLE business DROP COLUMN replan_id;
ALTER TABLE business DROP COLUMN replan_at;
ALTER TABLE location DROP COLUMN position;
DROP INDEX audit_event_who_area;
DROP INDEX audit_event_area;
DROP INDEX audit_event_who;
ALTER TABLE audit_event DROP COLUMN area;
ALTER TABLE audit_event DROP COLUMN who;
