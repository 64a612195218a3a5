-- What somebody narrows the inbox by, under a name: their own, or (account_id NULL) everybody's of the business.
CREATE TABLE saved_filter (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_id blob REFERENCES account(id),
  name text NOT NULL, name_key text NOT NULL, view text, filters text NOT NULL, created_at text NOT NULL);
CREATE UNIQUE INDEX saved_filter_own ON saved_filter (business_id, account_id, name_key) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX saved_filter_shared ON saved_filter (business_id, name_key) WHERE account_id IS NULL;
