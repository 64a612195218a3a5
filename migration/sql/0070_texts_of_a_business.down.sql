ALTER TABLE business DROP COLUMN texts_id;
DROP TABLE template_version;
DROP TABLE template;
