-- People who are invited, work in several businesses, and forget their passwords. Mail may be to somebody who has no account yet, and
-- about an account wherever its person works.
ALTER TABLE account ADD COLUMN last_business_id blob;
ALTER TABLE member ADD COLUMN last_in_at text;
CREATE INDEX member_of_business ON member (business_id, created_at, id);
CREATE TABLE invitation (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), email text NOT NULL, email_key text NOT NULL, role text NOT NULL,
  token_hash text NOT NULL, invited_by text NOT NULL, sent_at text NOT NULL, expires_at text NOT NULL,
  accepted_at text, accepted_by blob REFERENCES account(id), revoked_at text, created_at text NOT NULL);
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);
CREATE UNIQUE INDEX invitation_open ON invitation (business_id, email_key) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_latest ON invitation (business_id, created_at, id);
CREATE TABLE password_reset (
  id blob PRIMARY KEY, email text NOT NULL, email_key text NOT NULL, account_id blob REFERENCES account(id), token_hash text,
  expires_at text NOT NULL, used_at text, created_at text NOT NULL);
CREATE UNIQUE INDEX password_reset_token ON password_reset (token_hash);
CREATE INDEX password_reset_asked ON password_reset (email_key, created_at);
CREATE INDEX password_reset_of ON password_reset (account_id) WHERE used_at IS NULL;
CREATE INDEX password_reset_old ON password_reset (created_at);
CREATE TABLE email_change (
  id blob PRIMARY KEY, account_id blob NOT NULL REFERENCES account(id), email text NOT NULL, before text NOT NULL, token_hash text NOT NULL,
  undo_hash text NOT NULL, expires_at text NOT NULL, undo_until text NOT NULL, confirmed_at text, ended_at text, undone_at text,
  created_at text NOT NULL);
CREATE UNIQUE INDEX email_change_token ON email_change (token_hash);
CREATE UNIQUE INDEX email_change_undo ON email_change (undo_hash);
CREATE INDEX email_change_of ON email_change (account_id, created_at);
CREATE INDEX email_change_old ON email_change (created_at);
ALTER TABLE mail RENAME TO mail_before;
CREATE TABLE mail (
  id blob PRIMARY KEY, business_id blob REFERENCES business(id), account_id blob REFERENCES account(id),
  kind text NOT NULL, about text NOT NULL, dedupe_key text NOT NULL, address text NOT NULL, content text NOT NULL,
  status text NOT NULL, attempts integer NOT NULL, not_before text NOT NULL, claimed_at text, why text,
  created_at text NOT NULL, changed_at text NOT NULL);
INSERT INTO mail (id, business_id, account_id, kind, about, dedupe_key, address, content, status, attempts, not_before, claimed_at, why, created_at, changed_at)
  SELECT id, business_id, account_id, kind, about, dedupe_key, address, content, status, attempts, not_before, claimed_at, why, created_at, changed_at FROM mail_before;
DROP TABLE mail_before;
CREATE UNIQUE INDEX mail_once ON mail (business_id, dedupe_key);
CREATE INDEX mail_about ON mail (business_id, about, created_at);
CREATE INDEX mail_latest ON mail (business_id, created_at);
CREATE INDEX mail_waiting ON mail (not_before) WHERE status = 'queued';
CREATE INDEX mail_in_flight ON mail (claimed_at) WHERE status = 'sending';
CREATE INDEX mail_old ON mail (created_at);
