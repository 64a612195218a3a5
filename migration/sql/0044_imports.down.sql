DROP TABLE import_mapping;
DROP TABLE import_key;
DROP TABLE import_block;
DROP TABLE import;
