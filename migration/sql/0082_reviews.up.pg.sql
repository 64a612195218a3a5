-- Where customers write reviews, how they are asked for one, and whom: everybody alike, once per visit and once in 180 days per number.
-- `address` of a platform and `phone` are sealed. `next_at`: when a request is to be looked at; none: it is decided. `code`: the short link,
-- whose visits are counted: `hits` are all of them, `machines` those of previewers and scanners, `clicks` those of people.
CREATE TABLE review_platform (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, name text NOT NULL,
  address text NOT NULL, location_id uuid REFERENCES location(id), created_at timestamptz NOT NULL, removed_at timestamptz);
CREATE INDEX review_platform_of_business ON review_platform (business_id, created_at);
CREATE TABLE review_rules (business_id uuid PRIMARY KEY REFERENCES business(id), rules text NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE review_request (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id),
  contact_id uuid NOT NULL REFERENCES contact(id) ON DELETE CASCADE, phone text NOT NULL, phone_key text NOT NULL,
  platform_id uuid NOT NULL REFERENCES review_platform(id), appointment_id uuid REFERENCES appointment(id) ON DELETE CASCADE,
  location_id uuid REFERENCES location(id), reference text, source text NOT NULL, status text NOT NULL, reason text,
  due_at timestamptz NOT NULL, next_at timestamptz, code text NOT NULL UNIQUE, message_id uuid, channel text, asked_at timestamptz, counted_at timestamptz, expires_at timestamptz,
  hits integer NOT NULL, machines integer NOT NULL, clicks integer NOT NULL, opened_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  UNIQUE (business_id, appointment_id), UNIQUE (business_id, reference));
CREATE INDEX review_request_to_do ON review_request (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX review_request_of_business ON review_request (business_id, created_at, id);
CREATE INDEX review_request_by_status ON review_request (business_id, status, created_at, id);
CREATE INDEX review_request_of_contact ON review_request (contact_id);
CREATE INDEX review_request_of_appointment ON review_request (appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX review_request_of_phone ON review_request (phone_key, asked_at);
