-- What tells of a move is nothing that an earlier version knows how to send, or whose answers it hears.
UPDATE message SET status = 'cancelled', error = 'It waited when Showup was put back to an earlier version.' WHERE origin = 'moved' AND status = 'queued';
DELETE FROM question WHERE origin = 'moved';
ALTER TABLE question DROP COLUMN answered_by;
DROP INDEX appointment_place;
DROP INDEX appointment_staff;
DROP TABLE appointment_change;
