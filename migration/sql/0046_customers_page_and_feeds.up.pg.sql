-- The customer's own page of a visit: revoking its links raises `link_revision`, `link_key` holds what they are signed with (sealed).
-- `customers_cancel`: whether they may cancel there; `text_links`: whether reminders carry the link. `channels`: how somebody would like to
-- be reached, best first, like `email,sms`; none: nobody has said. `feed`: addresses at which staff read visits in a calendar of their own.
ALTER TABLE appointment ADD COLUMN link_revision integer NOT NULL DEFAULT 0;
ALTER TABLE business ADD COLUMN customers_cancel boolean NOT NULL DEFAULT false;
ALTER TABLE business ADD COLUMN text_links boolean NOT NULL DEFAULT false;
ALTER TABLE contact ADD COLUMN channels text;
CREATE TABLE link_key (id text PRIMARY KEY, secret text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE feed (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), account_id uuid NOT NULL REFERENCES account(id),
  staff_label_id uuid REFERENCES staff_label(id), detail text NOT NULL, hash text NOT NULL UNIQUE, created_at timestamptz NOT NULL, revoked_at timestamptz);
CREATE INDEX feed_of_business ON feed (business_id, created_at);
