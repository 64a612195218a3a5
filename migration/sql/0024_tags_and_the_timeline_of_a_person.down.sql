DROP INDEX audit_event_contact;
ALTER TABLE audit_event DROP COLUMN contact_id;
DROP INDEX consent_event_timeline;
DROP TABLE tag;
DROP TABLE contact_tag;
