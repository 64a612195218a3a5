-- The languages that customers are texted in are `en` and `es` by now: those with a country behind them are written as these; any other that
-- somebody noted stays, and its customer is texted in the business's. `language_hint`: what a customer whose language is another one seems
-- to write, until staff decide. `short_texts`: texts go without the accents that GSM-7 lacks, where that saves a part.
UPDATE contact SET language = lower(substr(language, 1, 2))
  WHERE lower(language) IN ('en', 'es') OR lower(language) LIKE 'en-%' OR lower(language) LIKE 'es-%';
ALTER TABLE contact ADD COLUMN language_hint text;
ALTER TABLE contact ADD COLUMN language_hint_dismissed boolean NOT NULL DEFAULT false;
ALTER TABLE business ADD COLUMN short_texts boolean NOT NULL DEFAULT true;
