-- Requests for another number and how each is decided; how a number stands with the carriers, who answers HELP and START at it, and when
-- it was given up; a key that an account is called with.
CREATE TABLE number_request (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), country text NOT NULL, area_code text,
  location_id uuid REFERENCES location(id), reason text NOT NULL, status text NOT NULL, phone text, why text, asked_by text NOT NULL,
  decided_by text, decided_at timestamptz, account_sid text, called_at timestamptz, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL);
CREATE INDEX number_request_business ON number_request (business_id, created_at);
CREATE INDEX number_request_open ON number_request (created_at) WHERE status IN ('requested', 'approved');

ALTER TABLE number ADD COLUMN provider_sid text;
ALTER TABLE number ADD COLUMN help_by text NOT NULL DEFAULT 'both';
ALTER TABLE number ADD COLUMN start_by text NOT NULL DEFAULT 'twilio';
ALTER TABLE number ADD COLUMN released_at timestamptz;
ALTER TABLE number ADD COLUMN us_answer text;
ALTER TABLE number ADD COLUMN us_reason text;
ALTER TABLE number ADD COLUMN us_since timestamptz;
ALTER TABLE number ADD COLUMN us_checked_at timestamptz;
ALTER TABLE number ADD COLUMN us_next_at timestamptz;
ALTER TABLE number ADD COLUMN us_refused_at timestamptz;
ALTER TABLE number ADD COLUMN us_refused_code integer;
ALTER TABLE number ADD COLUMN us_delivered_at timestamptz;
ALTER TABLE number ADD COLUMN webhook text;
ALTER TABLE number ADD COLUMN webhook_was text;
ALTER TABLE number ADD COLUMN webhook_at timestamptz;
-- Those that are there are asked about at once.
UPDATE number SET us_next_at = created_at;
CREATE INDEX number_registration ON number (us_next_at) WHERE status = 'active';

ALTER TABLE twilio_account ADD COLUMN parent_sid text;
ALTER TABLE twilio_account ADD COLUMN key_sid text;
ALTER TABLE twilio_account ADD COLUMN key_secret text;
