-- A page of each list of tasks is read from an index of its own: the open ones as they come due (what has no time was due when it came up),
-- those of one person, those of nobody, those over their time, the done ones latest first. So a page costs the same however much was done.
DROP INDEX task_status;
CREATE INDEX task_open ON task (business_id, coalesce(due_at, created_at), id) WHERE status = 'open';
CREATE INDEX task_assigned ON task (business_id, assignee_id, coalesce(due_at, created_at), id)
  WHERE status = 'open' AND assignee_id IS NOT NULL;
CREATE INDEX task_unassigned ON task (business_id, coalesce(due_at, created_at), id) WHERE status = 'open' AND assignee_id IS NULL;
CREATE INDEX task_overdue ON task (business_id, due_at, id) WHERE status = 'open' AND due_at IS NOT NULL;
CREATE INDEX task_done ON task (business_id, done_at, id) WHERE status = 'done';
-- Those of one kind.
CREATE INDEX task_kind ON task (business_id, kind, coalesce(due_at, created_at), id) WHERE status = 'open';
-- Visits whose time may be over, and of which nobody has said how they went.
CREATE INDEX appointment_unmarked ON appointment (business_id, starts_at, id) WHERE status IN ('scheduled', 'confirmed');
