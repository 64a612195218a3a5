-- E-mails to the people of a business: stored before they are sent, and handed over at most once.
CREATE TABLE mail (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), account_id uuid NOT NULL REFERENCES account(id),
  kind text NOT NULL, about text NOT NULL, dedupe_key text NOT NULL, address text NOT NULL, content text NOT NULL,
  status text NOT NULL, attempts integer NOT NULL, not_before timestamptz NOT NULL, claimed_at timestamptz, why text,
  created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL);
CREATE UNIQUE INDEX mail_once ON mail (business_id, dedupe_key);
CREATE INDEX mail_about ON mail (business_id, about, created_at);
CREATE INDEX mail_latest ON mail (business_id, created_at);
CREATE INDEX mail_waiting ON mail (not_before) WHERE status = 'queued';
CREATE INDEX mail_in_flight ON mail (claimed_at) WHERE status = 'sending';
CREATE INDEX mail_old ON mail (created_at);
