-- Notes of staff in a thread, drafts of replies and notes, and the order in which the inbox shows its views.

CREATE TABLE note (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), conversation_id blob NOT NULL REFERENCES conversation(id),
  contact_id blob NOT NULL REFERENCES contact(id), author_id blob REFERENCES account(id), author text NOT NULL, body text NOT NULL,
  created_at text NOT NULL);
CREATE INDEX note_conversation ON note (conversation_id, created_at, id);

CREATE TABLE draft (account_id blob NOT NULL REFERENCES account(id), conversation_id blob NOT NULL REFERENCES conversation(id),
  business_id blob NOT NULL REFERENCES business(id), kind text NOT NULL, body text NOT NULL, updated_at text NOT NULL,
  PRIMARY KEY (account_id, conversation_id));

-- Where nobody has written yet, a conversation is as old as it is. `coalesce` stands here as in the query.
DROP INDEX conversation_open;
DROP INDEX conversation_assigned;
DROP INDEX conversation_waiting;
CREATE INDEX conversation_open ON conversation (business_id, coalesce(last_human_at, created_at), id)
  WHERE closed_at IS NULL AND snoozed_until IS NULL;
CREATE INDEX conversation_assigned ON conversation (business_id, assignee_id, coalesce(last_human_at, created_at), id)
  WHERE assignee_id IS NOT NULL AND closed_at IS NULL AND snoozed_until IS NULL;
CREATE INDEX conversation_unassigned ON conversation (business_id, coalesce(last_human_at, created_at), id)
  WHERE assignee_id IS NULL AND closed_at IS NULL AND snoozed_until IS NULL;
CREATE INDEX conversation_waiting ON conversation (business_id, waiting_since, id) WHERE waiting_since IS NOT NULL AND snoozed_until IS NULL;
CREATE INDEX conversation_asleep ON conversation (business_id, snoozed_until, id) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversation_failed ON conversation (business_id, last_at, id)
  WHERE last_status IN ('failed', 'undelivered') AND closed_at IS NULL;
CREATE INDEX conversation_inbound ON conversation (business_id, last_inbound_id) WHERE last_inbound_id IS NOT NULL;

ALTER TABLE account ADD COLUMN shortcuts boolean NOT NULL DEFAULT true;
