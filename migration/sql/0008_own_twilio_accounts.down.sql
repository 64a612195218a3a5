ALTER TABLE message_event DROP COLUMN account_sid;
DROP TABLE twilio_account;
