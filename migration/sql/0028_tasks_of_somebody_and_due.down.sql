DROP INDEX appointment_unmarked;
DROP INDEX task_kind;
DROP INDEX task_done;
DROP INDEX task_overdue;
DROP INDEX task_unassigned;
DROP INDEX task_assigned;
DROP INDEX task_open;
CREATE INDEX task_status ON task (business_id, status, created_at, id);
