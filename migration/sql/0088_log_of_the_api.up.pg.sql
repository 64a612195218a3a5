-- What programs asked of the API, for 90 days. `query`, `body` and `answer` are sealed: the query string, the beginning of what was sent,
-- with phone numbers masked, and what a request was told that did not work.
CREATE TABLE api_request (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), api_key_id uuid NOT NULL REFERENCES api_key(id),
  at timestamptz NOT NULL, request_id text NOT NULL, method text NOT NULL, path text NOT NULL, query text, status integer NOT NULL, ms integer NOT NULL,
  ip text NOT NULL, content_type text NOT NULL, body text, answer text);
CREATE INDEX api_request_business ON api_request (business_id, at, id);
CREATE INDEX api_request_key ON api_request (business_id, api_key_id, at, id);
CREATE INDEX api_request_failed ON api_request (business_id, at, id) WHERE status >= 400;
CREATE INDEX api_request_at ON api_request (at);
