ALTER TABLE mail RENAME TO mail_before;
CREATE TABLE mail (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id),
  kind text NOT NULL, about text NOT NULL, dedupe_key text NOT NULL, address text NOT NULL, content text NOT NULL,
  status text NOT NULL, attempts integer NOT NULL, not_before text NOT NULL, claimed_at text, why text,
  created_at text NOT NULL, changed_at text NOT NULL);
INSERT INTO mail (id, business_id, account_id, kind, about, dedupe_key, address, content, status, attempts, not_before, claimed_at, why, created_at, changed_at)
  SELECT id, business_id, account_id, kind, about, dedupe_key, address, content, status, attempts, not_before, claimed_at, why, created_at, changed_at FROM mail_before WHERE business_id IS NOT NULL AND account_id IS NOT NULL;
DROP TABLE mail_before;
CREATE UNIQUE INDEX mail_once ON mail (business_id, dedupe_key);
CREATE INDEX mail_about ON mail (business_id, about, created_at);
CREATE INDEX mail_latest ON mail (business_id, created_at);
CREATE INDEX mail_waiting ON mail (not_before) WHERE status = 'queued';
CREATE INDEX mail_in_flight ON mail (claimed_at) WHERE status = 'sending';
CREATE INDEX mail_old ON mail (created_at);
DROP TABLE email_change;
DROP TABLE password_reset;
DROP TABLE invitation;
DROP INDEX member_of_business;
ALTER TABLE member DROP COLUMN last_in_at;
ALTER TABLE account DROP COLUMN last_business_id;
