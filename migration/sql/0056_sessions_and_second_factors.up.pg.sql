-- Whose browser a session is, on what, since when, and when it was last seen (to the quarter of an hour). `device`: a browser in which
-- somebody has signed in, known by a cookie of its own; `trusted_until`: till then it is not asked for the second factor. `second_factor`:
-- an authenticator (its secret sealed), in use once confirmed; `last_step`: the newest time step a code was taken of. `recovery_code`: each
-- once. `identity`: who an account is at an OpenID Connect issuer.
ALTER TABLE session ADD COLUMN id uuid;
ALTER TABLE session ADD COLUMN account_id uuid;
ALTER TABLE session ADD COLUMN user_agent text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN created_at timestamptz;
ALTER TABLE session ADD COLUMN seen_at timestamptz;
UPDATE session SET id = gen_random_uuid(), account_id = (data::json ->> 'account_id')::uuid,
  created_at = expires_at - interval '14 days', seen_at = expires_at - interval '14 days';
CREATE INDEX session_account ON session (account_id) WHERE account_id IS NOT NULL;
CREATE TABLE device (id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES account(id), hash text NOT NULL, user_agent text NOT NULL,
  created_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, trusted_until timestamptz, UNIQUE (account_id, hash));
CREATE TABLE second_factor (account_id uuid PRIMARY KEY REFERENCES account(id), secret text NOT NULL, last_step bigint NOT NULL DEFAULT 0,
  begun_at timestamptz NOT NULL, confirmed_at timestamptz);
CREATE TABLE recovery_code (id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES account(id), hash text NOT NULL, used_at timestamptz,
  UNIQUE (account_id, hash));
CREATE TABLE identity (issuer text NOT NULL, subject text NOT NULL, account_id uuid NOT NULL REFERENCES account(id), created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject), UNIQUE (account_id, issuer));
