ALTER TABLE receipt DROP COLUMN sent_at;
