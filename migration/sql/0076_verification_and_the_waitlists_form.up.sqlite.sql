-- Codes texted to phones whose owners prove them to be theirs. `phone` is sealed, `ticket` and `code` are hashes: neither opens anything by
-- itself. `said`: what they agree to by typing the code, word for word. `used_for`: what came of it, so that a code typed twice is the same.
-- `phone_verified_at`: since when it is proved that a contact's first number is theirs. `waitlist_form`: whether strangers may join the list.
CREATE TABLE verification (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id),
  contact_id blob NOT NULL REFERENCES contact(id) ON DELETE CASCADE, phone text NOT NULL, phone_key text NOT NULL, ticket text NOT NULL UNIQUE,
  code text NOT NULL, said text NOT NULL, tries integer NOT NULL, used_for blob, created_at text NOT NULL);
CREATE INDEX verification_of_phone ON verification (phone_key, created_at);
CREATE INDEX verification_of_business ON verification (business_id, created_at);
CREATE INDEX verification_of_contact ON verification (contact_id);
ALTER TABLE contact ADD COLUMN phone_verified_at text;
ALTER TABLE business ADD COLUMN waitlist_form boolean NOT NULL DEFAULT false;
