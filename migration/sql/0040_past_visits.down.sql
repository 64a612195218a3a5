DROP INDEX business_completes;
ALTER TABLE business DROP COLUMN complete_after;
DROP INDEX appointment_marked;
ALTER TABLE appointment DROP COLUMN marked_in;
ALTER TABLE appointment DROP COLUMN cancelled_at;
