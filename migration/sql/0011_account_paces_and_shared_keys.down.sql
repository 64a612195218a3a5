DROP TABLE twilio_shared_key;
DROP TABLE account_pace;
