-- The audit trail is read by who, what and when. `who` is the id of an account or key, else `operator`, `customer` or `system`; `area` is
-- what the change is about.
ALTER TABLE audit_event ADD COLUMN who text NOT NULL DEFAULT '';
ALTER TABLE audit_event ADD COLUMN area text NOT NULL DEFAULT '';
UPDATE audit_event SET
  who = CASE
    WHEN actor LIKE '%(________-____-____-____-____________)' THEN substr(actor, length(actor) - 36, 36)
    WHEN actor = 'operator' THEN 'operator'
    WHEN actor LIKE 'the customer%' THEN 'customer'
    ELSE 'system' END,
  area = CASE
    WHEN action LIKE '%exported' THEN 'exports'
    WHEN action = 'contact.hold_decided' THEN 'consent'
    WHEN action LIKE 'business.%' OR action LIKE 'appointment\_type.%' ESCAPE '\' OR action LIKE 'staff\_label.%' ESCAPE '\'
      OR action LIKE 'location.%' OR action LIKE 'quick\_reply.%' ESCAPE '\' THEN 'settings'
    WHEN action LIKE 'member.%' THEN 'members'
    WHEN action LIKE 'number.%' OR action LIKE 'twilio\_account.%' ESCAPE '\' THEN 'numbers'
    WHEN action LIKE 'api\_key.%' ESCAPE '\' OR action LIKE 'feed.%' THEN 'keys'
    WHEN action LIKE 'contact.%' THEN 'contacts'
    WHEN action LIKE 'appointment.%' OR action LIKE 'calendar%' THEN 'appointments'
    WHEN action LIKE 'conversation.%' OR action LIKE 'note.%' OR action LIKE 'message.%' THEN 'conversations'
    WHEN action LIKE 'task.%' THEN 'tasks'
    WHEN action LIKE 'import.%' THEN 'imports'
    ELSE 'other' END;
CREATE INDEX audit_event_who ON audit_event (business_id, who, at, id);
CREATE INDEX audit_event_area ON audit_event (business_id, area, at, id);
CREATE INDEX audit_event_who_area ON audit_event (business_id, who, area, at, id);

-- Locations have an order, which until now was that of their names.
ALTER TABLE location ADD COLUMN position integer NOT NULL DEFAULT 0;
UPDATE location SET position = (
  SELECT count(*) FROM location other WHERE other.business_id = location.business_id AND other.name < location.name);

-- The business reminds of its visits at other times: those to come up to this one are planned anew; none: all are.
ALTER TABLE business ADD COLUMN replan_at timestamptz;
ALTER TABLE business ADD COLUMN replan_id uuid;
CREATE INDEX business_replan ON business (replan_at) WHERE replan_at IS NOT NULL;
