-- What has left its usual course, since when, and until when. One of a kind is open at a time. `seen_at`: when it was last seen to be so;
-- `look_at`: when an open one is looked at again; `told_at`: when people were told, none: they had just been told of another.
CREATE TABLE alert (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, subject text NOT NULL,
  words text NOT NULL, next_step text NOT NULL, began_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, look_at timestamptz NOT NULL, told_at timestamptz, ended_at timestamptz);
CREATE UNIQUE INDEX alert_open ON alert (business_id, kind) WHERE ended_at IS NULL;
CREATE INDEX alert_look ON alert (look_at) WHERE ended_at IS NULL;
CREATE INDEX alert_business ON alert (business_id, began_at, id);
-- Requests for reviews are counted from now on: those of before are counted once.
INSERT INTO recount (business_id, reached) SELECT id, 9223372036854775807 FROM business WHERE EXISTS (SELECT 1 FROM review_request r WHERE r.business_id = business.id)
  ON CONFLICT (business_id) DO UPDATE SET reached = 9223372036854775807, done_at = NULL;
