-- What somebody narrows the inbox by, under a name: their own, or (account_id NULL) everybody's of the business.
CREATE TABLE saved_filter (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), account_id uuid REFERENCES account(id),
  name text NOT NULL, name_key text NOT NULL, view text, filters text NOT NULL, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX saved_filter_own ON saved_filter (business_id, account_id, name_key) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX saved_filter_shared ON saved_filter (business_id, name_key) WHERE account_id IS NULL;
