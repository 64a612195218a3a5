-- What the provider did not take uses up no try: nothing counts those any more.
ALTER TABLE message DROP COLUMN retries;
