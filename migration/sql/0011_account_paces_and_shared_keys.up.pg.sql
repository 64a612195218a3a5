-- How fast each Twilio account may be called, once it was too fast; and keys that a business's account signs webhooks
-- with beside its auth token.
CREATE TABLE account_pace (
  account text PRIMARY KEY, per_1000_s integer, threshold integer, refused integer NOT NULL,
  slowed_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, until timestamptz NOT NULL);

CREATE TABLE twilio_shared_key (
  account_sid text NOT NULL, id text NOT NULL, business_id uuid NOT NULL REFERENCES business(id), secret text NOT NULL,
  created_at timestamptz NOT NULL, PRIMARY KEY (account_sid, id));
CREATE INDEX twilio_shared_key_business ON twilio_shared_key (business_id);
