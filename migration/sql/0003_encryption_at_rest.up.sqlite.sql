-- Encryption at rest: keys, and a blind index beside each sealed column that is searched by. What the columns hold is
-- sealed by the first process that starts on these tables; a database with rows in it gets the mark for that here: the
-- data key "plain".

CREATE TABLE data_key (
  id text PRIMARY KEY, wrapped text NOT NULL, state text NOT NULL, since text NOT NULL, created_at text NOT NULL);
CREATE UNIQUE INDEX data_key_primary ON data_key (state) WHERE state = 'primary';
CREATE UNIQUE INDEX data_key_next ON data_key (state) WHERE state = 'next';
INSERT INTO data_key (id, wrapped, state, since, created_at)
  SELECT 'plain', '', 'old', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP WHERE EXISTS (SELECT 1 FROM business) OR EXISTS (SELECT 1 FROM account);

-- Blind indexes may be null, because rows from before have none until they are sealed.
ALTER TABLE contact ADD COLUMN phone_key text;
DROP INDEX contact_phone;
CREATE UNIQUE INDEX contact_phone_key ON contact (business_id, phone_key);
CREATE INDEX contact_changed ON contact (business_id, updated_at, id);

ALTER TABLE account ADD COLUMN email_key text;
CREATE UNIQUE INDEX account_email_blind ON account (email_key);

ALTER TABLE suppression ADD COLUMN phone_key text;
CREATE UNIQUE INDEX suppression_phone_key ON suppression (business_id, phone_key);

-- `search` held the number and the address too, each on a line after the name's.
UPDATE contact SET search = substr(search, 1, instr(search || char(10), char(10)) - 1);
