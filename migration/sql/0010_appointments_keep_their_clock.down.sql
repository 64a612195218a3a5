ALTER TABLE appointment DROP COLUMN utc_offset;
ALTER TABLE appointment DROP COLUMN time_zone;
ALTER TABLE location DROP COLUMN time_zone;
DROP TABLE zone_data;
