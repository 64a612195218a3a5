-- Requests to the API that came with an Idempotency-Key, for a day. A row is written in the transaction of what the request does: the two
-- stand or fall together. `name` is a hash of the key, the method and the path; `made` the id of what came of it;
-- `body` a hash of what was sent; `answer` is sealed, and is
-- there once it was given.
CREATE TABLE api_repeat (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), api_key_id uuid NOT NULL REFERENCES api_key(id),
  name text NOT NULL, made uuid, body text, status integer, content_type text, answer text, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX api_repeat_name ON api_repeat (api_key_id, name);
CREATE INDEX api_repeat_created ON api_repeat (created_at);
