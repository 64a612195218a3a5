-- `hint`: what is shown of a key, so that whoever holds it finds it. `addresses`: where it opens, IP addresses and networks, separated by
-- spaces; empty: everywhere.
ALTER TABLE api_key ADD COLUMN hint text NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN created_by text NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN expires_at timestamptz;
ALTER TABLE api_key ADD COLUMN addresses text NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN last_used_from text;
