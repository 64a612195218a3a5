-- What the people of a business are told of, how each wants to hear it, and their devices. A number is in none of these rows: who and what
-- is looked up when it is told.
CREATE TABLE notification (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id),
  kind text NOT NULL, dedupe_key text NOT NULL, conversation_id blob, contact_id blob, body text NOT NULL, in_app boolean NOT NULL,
  created_at text NOT NULL, read_at text, push_at text, mail_at text);
CREATE UNIQUE INDEX notification_once ON notification (business_id, account_id, dedupe_key);
CREATE INDEX notification_latest ON notification (business_id, account_id, created_at, id) WHERE in_app;
CREATE INDEX notification_unread ON notification (business_id, account_id, created_at) WHERE in_app AND read_at IS NULL;
CREATE INDEX notification_open ON notification (conversation_id, account_id) WHERE read_at IS NULL;
CREATE INDEX notification_push ON notification (push_at) WHERE push_at IS NOT NULL;
CREATE INDEX notification_mail ON notification (mail_at) WHERE mail_at IS NOT NULL;
CREATE INDEX notification_mail_of ON notification (business_id, account_id, created_at) WHERE mail_at IS NOT NULL;
CREATE INDEX notification_old ON notification (created_at);

CREATE TABLE notification_choice (
  business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id), choices text NOT NULL,
  updated_at text NOT NULL, PRIMARY KEY (business_id, account_id));

-- The pair of keys by which push services know this installation. Never changed casually: every device would have to be asked again.
CREATE TABLE push_key (id text PRIMARY KEY, secret text NOT NULL, public text NOT NULL, created_at text NOT NULL);

CREATE TABLE push_device (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id),
  name text NOT NULL, endpoint text NOT NULL, endpoint_key text NOT NULL, p256dh text NOT NULL, auth text NOT NULL,
  created_at text NOT NULL, succeeded_at text, failed_at text, why text, gone_at text);
CREATE UNIQUE INDEX push_device_endpoint ON push_device (endpoint_key);
CREATE INDEX push_device_of ON push_device (business_id, account_id, created_at);

CREATE TABLE push (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id),
  device_id blob NOT NULL REFERENCES push_device(id) ON DELETE CASCADE, notification_id blob, status text NOT NULL, attempts integer NOT NULL,
  not_before text NOT NULL, claimed_at text, why text, created_at text NOT NULL, changed_at text NOT NULL);
CREATE UNIQUE INDEX push_once ON push (device_id, notification_id);
CREATE INDEX push_waiting ON push (not_before) WHERE status = 'queued';
CREATE INDEX push_in_flight ON push (claimed_at) WHERE status = 'sending';
CREATE INDEX push_old ON push (created_at);
