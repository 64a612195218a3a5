ALTER TABLE appointment DROP COLUMN location_id;
DROP TABLE location;
