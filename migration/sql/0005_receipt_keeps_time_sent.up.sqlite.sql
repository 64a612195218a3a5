-- A text that an outage kept from us keeps the time at which it was written, also while it waits for another try.
ALTER TABLE receipt ADD COLUMN sent_at text;
