DROP TABLE contact_merge_row;
DROP TABLE contact_merge;
DROP INDEX contact_merged;
ALTER TABLE contact DROP COLUMN merged_into;
