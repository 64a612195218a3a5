-- Twilio accounts that businesses bring along. An event that came before its message is kept with the account that told
-- of it.
CREATE TABLE twilio_account (
  sid text PRIMARY KEY, business_id blob NOT NULL UNIQUE REFERENCES business(id), token text NOT NULL, previous_token text,
  created_at text NOT NULL, updated_at text NOT NULL);

ALTER TABLE message_event ADD COLUMN account_sid text;
