-- People who are invited, work in several businesses, and forget their passwords. Mail may be to somebody who has no account yet, and
-- about an account wherever its person works.
ALTER TABLE account ADD COLUMN last_business_id uuid;
ALTER TABLE member ADD COLUMN last_in_at timestamptz;
CREATE INDEX member_of_business ON member (business_id, created_at, id);
CREATE TABLE invitation (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), email text NOT NULL, email_key text NOT NULL, role text NOT NULL,
  token_hash text NOT NULL, invited_by text NOT NULL, sent_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
  accepted_at timestamptz, accepted_by uuid REFERENCES account(id), revoked_at timestamptz, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);
CREATE UNIQUE INDEX invitation_open ON invitation (business_id, email_key) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_latest ON invitation (business_id, created_at, id);
CREATE TABLE password_reset (
  id uuid PRIMARY KEY, email text NOT NULL, email_key text NOT NULL, account_id uuid REFERENCES account(id), token_hash text,
  expires_at timestamptz NOT NULL, used_at timestamptz, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX password_reset_token ON password_reset (token_hash);
CREATE INDEX password_reset_asked ON password_reset (email_key, created_at);
CREATE INDEX password_reset_of ON password_reset (account_id) WHERE used_at IS NULL;
CREATE INDEX password_reset_old ON password_reset (created_at);
CREATE TABLE email_change (
  id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES account(id), email text NOT NULL, before text NOT NULL, token_hash text NOT NULL,
  undo_hash text NOT NULL, expires_at timestamptz NOT NULL, undo_until timestamptz NOT NULL, confirmed_at timestamptz, ended_at timestamptz, undone_at timestamptz,
  created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX email_change_token ON email_change (token_hash);
CREATE UNIQUE INDEX email_change_undo ON email_change (undo_hash);
CREATE INDEX email_change_of ON email_change (account_id, created_at);
CREATE INDEX email_change_old ON email_change (created_at);
ALTER TABLE mail ALTER COLUMN business_id DROP NOT NULL;
ALTER TABLE mail ALTER COLUMN account_id DROP NOT NULL;
