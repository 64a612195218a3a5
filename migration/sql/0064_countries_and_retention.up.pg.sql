-- Countries that a business texts: codes with commas between; empty: its own country and those with its calling code; none: every country,
-- which is what a business from before this goes on doing until somebody chooses.
ALTER TABLE business ADD COLUMN texts_to text;
-- What messages say is removed after so many days; none: never.
ALTER TABLE business ADD COLUMN keep_days integer;
-- Up to which message that was done, and when it is done next.
ALTER TABLE business ADD COLUMN removed_at timestamptz;
ALTER TABLE business ADD COLUMN removed_id uuid;
ALTER TABLE business ADD COLUMN remove_next_at timestamptz;
CREATE INDEX business_removing ON business (remove_next_at) WHERE remove_next_at IS NOT NULL;
-- What this message said was removed after so many days.
ALTER TABLE message ADD COLUMN removed_after integer;
-- Messages that were passed over because something was still open, and when they are looked at again.
CREATE TABLE message_kept (
  message_id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), look_at timestamptz NOT NULL);
CREATE INDEX message_kept_due ON message_kept (business_id, look_at);
