-- Only tables and columns go back: what was sealed stays sealed.
DROP INDEX suppression_phone_key;
ALTER TABLE suppression DROP COLUMN phone_key;
DROP INDEX account_email_blind;
ALTER TABLE account DROP COLUMN email_key;
DROP INDEX contact_changed;
DROP INDEX contact_phone_key;
ALTER TABLE contact DROP COLUMN phone_key;
CREATE UNIQUE INDEX contact_phone ON contact (business_id, phone);
DROP TABLE data_key;
