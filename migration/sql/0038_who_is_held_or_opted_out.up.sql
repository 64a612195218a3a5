-- Few people are on hold or have opted out: the inbox that is narrowed to them reads those alone.
CREATE INDEX contact_held ON contact (business_id, held_since) WHERE held_since IS NOT NULL;
CREATE INDEX consent_opted_out ON consent (business_id, contact_id) WHERE state = 'opted_out';
