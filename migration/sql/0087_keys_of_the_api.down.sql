ALTER TABLE api_key DROP COLUMN last_used_from;
ALTER TABLE api_key DROP COLUMN addresses;
ALTER TABLE api_key DROP COLUMN expires_at;
ALTER TABLE api_key DROP COLUMN created_by;
ALTER TABLE api_key DROP COLUMN hint;
