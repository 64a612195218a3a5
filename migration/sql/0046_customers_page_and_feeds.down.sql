DROP TABLE feed;
DROP TABLE link_key;
ALTER TABLE contact DROP COLUMN channels;
ALTER TABLE business DROP COLUMN text_links;
ALTER TABLE business DROP COLUMN customers_cancel;
ALTER TABLE appointment DROP COLUMN link_revision;
