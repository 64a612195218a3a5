ALTER TABLE twilio_account DROP COLUMN key_secret;
ALTER TABLE twilio_account DROP COLUMN key_sid;
ALTER TABLE twilio_account DROP COLUMN parent_sid;

DROP INDEX number_registration;
ALTER TABLE number DROP COLUMN webhook_at;
ALTER TABLE number DROP COLUMN webhook_was;
ALTER TABLE number DROP COLUMN webhook;
ALTER TABLE number DROP COLUMN us_delivered_at;
ALTER TABLE number DROP COLUMN us_refused_code;
ALTER TABLE number DROP COLUMN us_refused_at;
ALTER TABLE number DROP COLUMN us_next_at;
ALTER TABLE number DROP COLUMN us_checked_at;
ALTER TABLE number DROP COLUMN us_since;
ALTER TABLE number DROP COLUMN us_reason;
ALTER TABLE number DROP COLUMN us_answer;
ALTER TABLE number DROP COLUMN released_at;
ALTER TABLE number DROP COLUMN start_by;
ALTER TABLE number DROP COLUMN help_by;
ALTER TABLE number DROP COLUMN provider_sid;

DROP TABLE number_request;
