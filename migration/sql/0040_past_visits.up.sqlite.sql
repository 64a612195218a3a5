-- What is known of visits that are over: when one was cancelled, so that late is told from early; those that were marked in one go share
-- `marked_in`. `complete_after`: hours after which a visit that nobody has marked counts as kept; none: somebody is asked.
ALTER TABLE appointment ADD COLUMN cancelled_at text;
ALTER TABLE appointment ADD COLUMN marked_in blob;
CREATE INDEX appointment_marked ON appointment (marked_in) WHERE marked_in IS NOT NULL;
ALTER TABLE business ADD COLUMN complete_after integer;
CREATE INDEX business_completes ON business (id) WHERE complete_after IS NOT NULL;
