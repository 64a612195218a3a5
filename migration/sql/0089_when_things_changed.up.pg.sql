-- When visits, conversations and tasks changed last, for programs that read what has changed since they looked. `id` is the thing's own.
CREATE TABLE last_change (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, at timestamptz NOT NULL);
INSERT INTO last_change (id, business_id, kind, at) SELECT id, business_id, 'appointment', updated_at FROM appointment;
INSERT INTO last_change (id, business_id, kind, at) SELECT id, business_id, 'conversation', last_at FROM conversation;
INSERT INTO last_change (id, business_id, kind, at) SELECT id, business_id, 'task', coalesce(done_at, created_at) FROM task;
CREATE INDEX last_change_since ON last_change (business_id, kind, at, id);
CREATE INDEX waitlist_entry_changed ON waitlist_entry (business_id, updated_at, id);
