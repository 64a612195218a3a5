-- What sending at scale needs: priorities, paces, breakers, budgets, prices, kept counters, and addresses told apart by
-- side.
-- The queue's job for each text is gone: a queued row is its own job.

DROP INDEX message_route;
DROP INDEX message_contact;
DROP INDEX message_waiting;
DROP INDEX message_correlation;
-- `ours` is the business's number, `theirs` the customer's, whichever way the text goes.
ALTER TABLE message ADD COLUMN ours text NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN theirs text NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN theirs_key text;
UPDATE message SET ours = CASE direction WHEN 'inbound' THEN to_addr ELSE from_addr END,
  theirs = CASE direction WHEN 'inbound' THEN from_addr ELSE to_addr END;
ALTER TABLE message DROP COLUMN from_addr;
ALTER TABLE message DROP COLUMN to_addr;
ALTER TABLE message ADD COLUMN priority integer NOT NULL DEFAULT 0;
UPDATE message SET priority = 1 WHERE kind = 'reminder';
ALTER TABLE message ADD COLUMN slot_at text;
ALTER TABLE message ADD COLUMN retries integer NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN resends integer NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN resend_at text;
ALTER TABLE message ADD COLUMN price bigint;
ALTER TABLE message ADD COLUMN price_unit text;
ALTER TABLE message ADD COLUMN price_final boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX message_correlation ON message (business_id, correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX message_waiting ON message (priority, not_before, id) WHERE status = 'queued';
CREATE INDEX message_route ON message (theirs_key, ours, created_at);
CREATE INDEX message_open ON message (not_before) WHERE status IN ('accepted', 'scheduled', 'provider_queued', 'provider_sending', 'sent');
CREATE INDEX message_resend ON message (resend_at) WHERE resend_at IS NOT NULL;
CREATE INDEX message_trouble ON message (business_id, created_at, id) WHERE status IN ('unknown', 'undelivered', 'failed');
CREATE INDEX message_waiting_of ON message (business_id, conversation_id) WHERE status = 'queued';

ALTER TABLE message_attempt ADD COLUMN provider_sid text;
ALTER TABLE message_attempt ADD COLUMN begun boolean NOT NULL DEFAULT true;
CREATE INDEX message_attempt_sid ON message_attempt (provider_sid) WHERE provider_sid IS NOT NULL;

ALTER TABLE business ADD COLUMN monthly_budget bigint;
ALTER TABLE business ADD COLUMN state_hours boolean NOT NULL DEFAULT false;
ALTER TABLE number ADD COLUMN per_second integer;
ALTER TABLE contact ADD COLUMN held_since text;

CREATE TABLE breaker (
  scope text PRIMARY KEY, business_id blob, state text NOT NULL, failures integer NOT NULL, opened integer NOT NULL, until text,
  why text NOT NULL, changed_at text NOT NULL);
CREATE TABLE pace (
  sender text NOT NULL, class integer NOT NULL, free_at text NOT NULL, PRIMARY KEY (sender, class));
CREATE TABLE spend_month (
  business_id blob NOT NULL REFERENCES business(id), month text NOT NULL, spent bigint NOT NULL, PRIMARY KEY (business_id, month));
CREATE TABLE price (
  country text PRIMARY KEY, micros bigint NOT NULL);
CREATE TABLE sweep (
  account_sid text PRIMARY KEY, reached text NOT NULL);
CREATE TABLE counter_day (
  business_id blob NOT NULL REFERENCES business(id), day text NOT NULL, what text NOT NULL, n bigint NOT NULL,
  PRIMARY KEY (business_id, day, what));
