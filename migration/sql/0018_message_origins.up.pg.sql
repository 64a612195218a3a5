-- What made a message decides the rules it goes by, and how long it is of use stands in its own row: who sends it need not ask another table.
ALTER TABLE message RENAME COLUMN kind TO origin;
ALTER TABLE message RENAME COLUMN reminder_id TO origin_id;
ALTER TABLE message ADD COLUMN useful_until timestamp with time zone;
ALTER TABLE message ADD COLUMN time_zone text;
-- Of an e-mail.
ALTER TABLE message ADD COLUMN subject text;
UPDATE message SET useful_until = appointment.starts_at, time_zone = appointment.time_zone FROM appointment
  WHERE appointment.id = message.appointment_id AND message.origin = 'reminder'
  AND (message.status IN ('queued', 'sending', 'unknown') OR message.resend_at IS NOT NULL);
