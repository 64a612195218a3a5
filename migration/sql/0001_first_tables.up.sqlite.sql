-- The first tables.

CREATE TABLE business (
  id blob PRIMARY KEY, slug text NOT NULL UNIQUE, name text NOT NULL, contact_line text NOT NULL,
  time_zone text NOT NULL, country text NOT NULL, quiet_start integer NOT NULL, quiet_end integer NOT NULL,
  cadence text NOT NULL, hourly_limit integer NOT NULL,
  ledger_seq bigint NOT NULL DEFAULT 0, ledger_hash text NOT NULL DEFAULT '', created_at text NOT NULL);

CREATE TABLE account (
  id blob PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, password_hash text NOT NULL, created_at text NOT NULL);

CREATE TABLE member (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob NOT NULL REFERENCES account(id),
  role text NOT NULL, created_at text NOT NULL, UNIQUE (account_id, business_id));
CREATE INDEX member_business ON member (business_id);

CREATE TABLE session (
  id_hash text PRIMARY KEY, data text NOT NULL, expires_at text NOT NULL);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE api_key (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, hash text NOT NULL UNIQUE,
  scopes text NOT NULL, created_at text NOT NULL, last_used_at text, revoked_at text);
CREATE INDEX api_key_business ON api_key (business_id);

CREATE TABLE number (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), phone text NOT NULL UNIQUE, status text NOT NULL,
  is_default boolean NOT NULL, created_at text NOT NULL);
CREATE INDEX number_business ON number (business_id);

CREATE TABLE contact (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, phone text NOT NULL,
  email text, time_zone text, notes text NOT NULL, blocked boolean NOT NULL, search text NOT NULL, next_token integer NOT NULL,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX contact_phone ON contact (business_id, phone);
CREATE INDEX contact_search ON contact (business_id, search, id);

CREATE TABLE consent (
  contact_id blob NOT NULL REFERENCES contact(id), channel text NOT NULL, purpose text NOT NULL,
  business_id blob NOT NULL REFERENCES business(id), state text NOT NULL, updated_at text NOT NULL,
  PRIMARY KEY (contact_id, channel, purpose));

CREATE TABLE suppression (
  business_id blob NOT NULL REFERENCES business(id), phone text NOT NULL, since text NOT NULL,
  PRIMARY KEY (business_id, phone));

CREATE TABLE consent_event (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), seq bigint NOT NULL,
  contact_id blob NOT NULL, channel text NOT NULL, purpose text NOT NULL, state text NOT NULL, source text NOT NULL,
  actor text NOT NULL, evidence text NOT NULL, at text NOT NULL, prev_hash text NOT NULL, hash text NOT NULL);
CREATE UNIQUE INDEX consent_event_seq ON consent_event (business_id, seq);
CREATE INDEX consent_event_contact ON consent_event (business_id, contact_id, seq);

CREATE TABLE appointment (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL REFERENCES contact(id),
  starts_at text NOT NULL, status text NOT NULL, staff_label text NOT NULL, notes text NOT NULL, token integer NOT NULL,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE INDEX appointment_start ON appointment (business_id, starts_at, id);
CREATE INDEX appointment_status ON appointment (business_id, status, starts_at, id);
CREATE INDEX appointment_contact ON appointment (business_id, contact_id, starts_at);

CREATE TABLE conversation (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL UNIQUE REFERENCES contact(id),
  last_message_id blob, preview text NOT NULL, last_at text NOT NULL, last_direction text NOT NULL, last_status text NOT NULL,
  unread integer NOT NULL, created_at text NOT NULL);
CREATE INDEX conversation_latest ON conversation (business_id, last_at, id);
CREATE INDEX conversation_unread ON conversation (business_id) WHERE unread > 0;

CREATE TABLE message (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id),
  conversation_id blob NOT NULL REFERENCES conversation(id), contact_id blob NOT NULL REFERENCES contact(id),
  direction text NOT NULL, channel text NOT NULL, kind text NOT NULL, purpose text NOT NULL, status text NOT NULL,
  body text NOT NULL, segments integer NOT NULL, from_addr text NOT NULL, to_addr text NOT NULL,
  account_sid text, provider_sid text, error_code integer, error text,
  correlation_id text, author text, reminder_id blob, appointment_id blob,
  attempts integer NOT NULL DEFAULT 0, looks integer NOT NULL DEFAULT 0, not_before text NOT NULL, wait_reason text, claimed_at text,
  created_at text NOT NULL, sent_at text, delivered_at text);
CREATE UNIQUE INDEX message_correlation ON message (business_id, correlation_id);
CREATE UNIQUE INDEX message_provider_sid ON message (provider_sid);
CREATE INDEX message_thread ON message (business_id, conversation_id, created_at, id);
CREATE INDEX message_contact ON message (business_id, contact_id, created_at, id);
CREATE INDEX message_business ON message (business_id, created_at, id);
CREATE INDEX message_route ON message (to_addr, from_addr, created_at);
CREATE INDEX message_waiting ON message (not_before) WHERE status = 'queued';
CREATE INDEX message_unclear ON message (not_before) WHERE status = 'unknown';
CREATE INDEX message_in_flight ON message (claimed_at) WHERE status = 'sending';

CREATE TABLE message_attempt (
  id blob PRIMARY KEY, business_id blob NOT NULL, message_id blob NOT NULL REFERENCES message(id), number integer NOT NULL,
  started_at text NOT NULL, finished_at text, outcome text, http_status integer, error_code integer, detail text);
CREATE UNIQUE INDEX message_attempt_number ON message_attempt (message_id, number);

CREATE TABLE message_event (
  id blob PRIMARY KEY, business_id blob, message_id blob, provider_sid text NOT NULL, status text NOT NULL,
  error_code integer, source text NOT NULL, at text NOT NULL);
CREATE INDEX message_event_message ON message_event (message_id, at);
CREATE INDEX message_event_orphan ON message_event (provider_sid) WHERE message_id IS NULL;

CREATE TABLE receipt (
  provider_sid text PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), raw text NOT NULL,
  received_at text NOT NULL, processed_at text, tries integer NOT NULL, last_error text);
CREATE INDEX receipt_waiting ON receipt (received_at) WHERE processed_at IS NULL;

CREATE TABLE reminder_request (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), appointment_id blob NOT NULL REFERENCES appointment(id),
  contact_id blob NOT NULL REFERENCES contact(id), kind text NOT NULL, due_at text NOT NULL, status text NOT NULL,
  reason text, correlation_id text NOT NULL, message_id blob, sent_at text, expires_at text, corrected_at text,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX reminder_correlation ON reminder_request (business_id, correlation_id);
CREATE INDEX reminder_due ON reminder_request (due_at) WHERE status = 'planned';
CREATE INDEX reminder_appointment ON reminder_request (business_id, appointment_id, due_at);
CREATE INDEX reminder_contact ON reminder_request (business_id, contact_id, expires_at);

CREATE TABLE task (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), kind text NOT NULL, title text NOT NULL,
  contact_id blob, conversation_id blob, appointment_id blob, message_id blob, assignee_id blob, dedupe_key text NOT NULL,
  notes text NOT NULL, status text NOT NULL, due_at text, created_at text NOT NULL, done_at text, done_by text);
CREATE INDEX task_status ON task (business_id, status, created_at, id);
CREATE UNIQUE INDEX task_once ON task (business_id, dedupe_key);
CREATE INDEX task_contact ON task (business_id, contact_id, status, created_at);
CREATE INDEX task_appointment ON task (business_id, appointment_id);

CREATE TABLE live_event (
  id integer PRIMARY KEY AUTOINCREMENT, business_id blob NOT NULL, kind text NOT NULL, payload text NOT NULL, created_at text NOT NULL);
CREATE INDEX live_event_business ON live_event (business_id, id);
CREATE INDEX live_event_age ON live_event (created_at);

CREATE TABLE audit_event (
  id blob PRIMARY KEY, business_id blob NOT NULL, actor text NOT NULL, action text NOT NULL, entity text NOT NULL,
  entity_id blob NOT NULL, before text, after text, at text NOT NULL);
CREATE INDEX audit_event_business ON audit_event (business_id, at, id);
CREATE INDEX audit_event_entity ON audit_event (entity_id, at);

CREATE TABLE quota_hour (
  business_id blob NOT NULL REFERENCES business(id), hour text NOT NULL, used integer NOT NULL,
  PRIMARY KEY (business_id, hour));
