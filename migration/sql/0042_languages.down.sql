ALTER TABLE business DROP COLUMN short_texts;
ALTER TABLE contact DROP COLUMN language_hint_dismissed;
ALTER TABLE contact DROP COLUMN language_hint;
