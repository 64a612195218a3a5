ALTER TABLE business DROP COLUMN waitlist_form;
ALTER TABLE contact DROP COLUMN phone_verified_at;
DROP TABLE verification;
