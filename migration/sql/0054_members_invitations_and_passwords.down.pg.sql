DELETE FROM mail WHERE business_id IS NULL OR account_id IS NULL;
ALTER TABLE mail ALTER COLUMN business_id SET NOT NULL;
ALTER TABLE mail ALTER COLUMN account_id SET NOT NULL;
DROP TABLE email_change;
DROP TABLE password_reset;
DROP TABLE invitation;
DROP INDEX member_of_business;
ALTER TABLE member DROP COLUMN last_in_at;
ALTER TABLE account DROP COLUMN last_business_id;
