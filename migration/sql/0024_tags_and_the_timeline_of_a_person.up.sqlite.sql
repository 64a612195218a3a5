-- What a person's page shows: tags of theirs, and everything that happened.

-- Free words. `search` is the person's, so that those of one tag are a list in the order of names.
CREATE TABLE contact_tag (
  contact_id blob NOT NULL REFERENCES contact(id), tag text NOT NULL, business_id blob NOT NULL REFERENCES business(id),
  search text NOT NULL, PRIMARY KEY (contact_id, tag));
CREATE INDEX contact_tag_people ON contact_tag (business_id, tag, search, contact_id);

-- The tags of a business, with how many people have each; kept, not counted.
CREATE TABLE tag (
  business_id blob NOT NULL REFERENCES business(id), tag text NOT NULL, people integer NOT NULL, PRIMARY KEY (business_id, tag));

CREATE INDEX consent_event_timeline ON consent_event (business_id, contact_id, at, id);

-- Whom an audit row is about, or whose appointment or text.
ALTER TABLE audit_event ADD COLUMN contact_id blob;
UPDATE audit_event SET contact_id = entity_id WHERE entity = 'contact';
UPDATE audit_event SET contact_id = (SELECT contact_id FROM appointment WHERE appointment.id = audit_event.entity_id) WHERE entity = 'appointment';
UPDATE audit_event SET contact_id = (SELECT contact_id FROM message WHERE message.id = audit_event.entity_id) WHERE entity = 'message';
CREATE INDEX audit_event_contact ON audit_event (business_id, contact_id, at, id);
