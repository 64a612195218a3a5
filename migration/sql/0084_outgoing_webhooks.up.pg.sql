-- Programs that a business has told what happens, and what each was told. Address, secrets, bodies and answers are sealed. `events`: types
-- with a space between, or *. `failures`: in a row; since when, and until when it is left alone. `about`: the thing that an event is of;
-- what is about one thing goes to an endpoint in the order of its ids. `claim`: whose hands a delivery is in.
CREATE TABLE webhook_endpoint (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), url text NOT NULL, events text NOT NULL, is_full boolean NOT NULL,
  secret text NOT NULL, previous_secret text, previous_until timestamptz, disabled_at timestamptz, removed_at timestamptz, why text, failures integer NOT NULL,
  failing_since timestamptz, rest_until timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE INDEX webhook_endpoint_business ON webhook_endpoint (business_id, created_at, id);

CREATE TABLE webhook_delivery (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id),
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoint(id) ON DELETE CASCADE, event text NOT NULL, about uuid NOT NULL, body text NOT NULL,
  status text NOT NULL, tries integer NOT NULL, attempts integer NOT NULL, next_at timestamptz, claim uuid, claimed_at timestamptz,
  answer_status integer, answer_body text, took_ms integer, why text, created_at timestamptz NOT NULL, done_at timestamptz);
CREATE INDEX webhook_delivery_log ON webhook_delivery (endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (endpoint_id, next_at, id) WHERE status = 'waiting';
CREATE INDEX webhook_delivery_open ON webhook_delivery (endpoint_id, about, id) WHERE done_at IS NULL;
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (claimed_at) WHERE status = 'sending';
CREATE INDEX webhook_delivery_failed ON webhook_delivery (endpoint_id, created_at, id) WHERE status = 'failed';
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);
