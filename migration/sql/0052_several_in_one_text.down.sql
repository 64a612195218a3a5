ALTER TABLE question DROP COLUMN name;
DROP INDEX reminder_message;
