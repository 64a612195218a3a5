-- Who comes to visits: what each marked visit was counted as, sums of them by month, and how far the guess was off, by day.
-- `about` of a sum: `contact`, `type`, `lead`, `unanswered` or `all`; `part`: which of these. `guess` and `average` are millionths; none for
-- visits of which the end was known when they came.
CREATE TABLE attendance (appointment_id uuid PRIMARY KEY REFERENCES appointment(id) ON DELETE CASCADE,
  business_id uuid NOT NULL REFERENCES business(id), contact_id uuid NOT NULL, type_id uuid, month text NOT NULL, day text NOT NULL,
  lead text NOT NULL, unanswered boolean NOT NULL, missed boolean NOT NULL, guess integer, average integer);
CREATE TABLE attendance_sum (business_id uuid NOT NULL REFERENCES business(id), about text NOT NULL, part text NOT NULL, month text NOT NULL,
  visits integer NOT NULL, missed integer NOT NULL, PRIMARY KEY (business_id, about, part, month));
CREATE TABLE attendance_day (business_id uuid NOT NULL REFERENCES business(id), day text NOT NULL, visits bigint NOT NULL, missed bigint NOT NULL,
  ours bigint NOT NULL, average bigint NOT NULL, PRIMARY KEY (business_id, day));
