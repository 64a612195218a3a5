-- `reminder_request.corrected_at` is read here for the last time.
-- What a customer was asked and can answer by text, whatever asks: reminders first. Receiving a text looks here and nowhere else.
CREATE TABLE question (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL REFERENCES contact(id),
  origin text NOT NULL, origin_id blob NOT NULL, subject_id blob NOT NULL, token integer NOT NULL, at text NOT NULL,
  time_zone text, message_id blob NOT NULL REFERENCES message(id), expires_at text NOT NULL, answer boolean,
  answered_at text, corrected_at text, created_at text NOT NULL);
CREATE UNIQUE INDEX question_origin ON question (origin_id);
CREATE INDEX question_contact ON question (business_id, contact_id, expires_at);

INSERT INTO question (id, business_id, contact_id, origin, origin_id, subject_id, token, at, time_zone, message_id, expires_at, answer,
    answered_at, corrected_at, created_at)
  SELECT r.id, r.business_id, r.contact_id, 'reminder', r.id, r.appointment_id, a.token, a.starts_at, a.time_zone, r.message_id, r.expires_at,
    CASE r.status WHEN 'yes' THEN true WHEN 'no' THEN false END, CASE WHEN r.status IN ('yes', 'no') THEN r.updated_at END,
    r.corrected_at, r.created_at
  FROM reminder_request r JOIN appointment a ON a.id = r.appointment_id
  WHERE r.message_id IS NOT NULL AND r.expires_at IS NOT NULL AND r.status IN ('queued', 'sent', 'yes', 'no', 'failed')
    AND a.status IN ('scheduled', 'confirmed', 'reschedule_requested');
