-- Who waits for an answer, who has written last, who looks after it, and what each of us has seen: four facts about a
-- conversation that `last_at` and `unread` can't tell. One morning's reminders move `last_at` of two hundred
-- conversations and bury the one customer who asked something; whoever opens a thread zeroes `unread` for all the
-- others. Both stay as they are until no screen reads them.

ALTER TABLE conversation ADD COLUMN last_human_at text;
ALTER TABLE conversation ADD COLUMN last_inbound_id blob;
ALTER TABLE conversation ADD COLUMN waiting_since text;
ALTER TABLE conversation ADD COLUMN closed_at text;
ALTER TABLE conversation ADD COLUMN snoozed_until text;
ALTER TABLE conversation ADD COLUMN assignee_id blob REFERENCES account(id);

-- Up to which message somebody has seen a conversation; the nil id: nothing of it. Ids tell the order in which
-- messages were stored, so one that an outage kept from us is new although it was written long ago.
CREATE TABLE conversation_seen (
  account_id blob NOT NULL REFERENCES account(id), conversation_id blob NOT NULL REFERENCES conversation(id),
  business_id blob NOT NULL REFERENCES business(id), message_id blob NOT NULL,
  PRIMARY KEY (account_id, conversation_id));
CREATE INDEX conversation_seen_conversation ON conversation_seen (conversation_id);

-- The same for all conversations that have no row of their own: else a hundred thousand conversations would need one
-- for each member.
ALTER TABLE member ADD COLUMN seen_message_id blob;

UPDATE conversation SET
  last_human_at = (
    SELECT m.created_at FROM message m
    WHERE m.business_id = conversation.business_id AND m.conversation_id = conversation.id
      AND (m.direction = 'inbound' OR m.kind = 'reply')
    ORDER BY m.created_at DESC, m.id DESC LIMIT 1),
  last_inbound_id = (
    SELECT m.id FROM message m
    WHERE m.business_id = conversation.business_id AND m.conversation_id = conversation.id AND m.direction = 'inbound'
    ORDER BY m.created_at DESC, m.id DESC LIMIT 1);

-- Somebody waits since the first text after our last reply that was not understood at once: an answer to a reminder
-- and a keyword are done. Both leave a row with the very time of the text. Having been read is no answer; a reply
-- that was withdrawn is none either.
UPDATE conversation SET waiting_since = waiting.since FROM (
  SELECT m.conversation_id, min(m.created_at) AS since FROM message m
  LEFT JOIN (
    SELECT conversation_id, max(created_at) AS at FROM message WHERE kind = 'reply' AND status <> 'cancelled'
    GROUP BY conversation_id
  ) reply ON reply.conversation_id = m.conversation_id
  WHERE m.direction = 'inbound' AND (reply.at IS NULL OR m.created_at > reply.at)
    AND lower(trim(m.body, ' .!')) NOT IN ('stop', 'stopall', 'stop all', 'unsubscribe', 'end', 'quit', 'cancel', 'revoke',
      'optout', 'opt out', 'start', 'unstop', 'help', 'info')
    AND NOT EXISTS (
      SELECT 1 FROM reminder_request r
      WHERE r.business_id = m.business_id AND r.contact_id = m.contact_id AND r.status IN ('yes', 'no')
        AND r.updated_at = m.created_at)
    AND NOT EXISTS (
      SELECT 1 FROM consent_event e
      WHERE e.business_id = m.business_id AND e.contact_id = m.contact_id AND e.source = 'keyword' AND e.at = m.created_at)
  GROUP BY m.conversation_id
) waiting WHERE waiting.conversation_id = conversation.id;

-- What nobody had read is unread for everybody, and nothing else is: as it was.
UPDATE member SET seen_message_id = newest.id FROM (
  SELECT business_id, id, row_number() OVER (PARTITION BY business_id ORDER BY id DESC) AS back FROM message
) newest WHERE newest.business_id = member.business_id AND newest.back = 1;
INSERT INTO conversation_seen (account_id, conversation_id, business_id, message_id)
  SELECT member.account_id, c.id, c.business_id, coalesce((
      SELECT m.id FROM message m WHERE m.business_id = c.business_id AND m.conversation_id = c.id AND m.id < oldest.id
      ORDER BY m.id DESC LIMIT 1), zeroblob(16))
  FROM conversation c
  JOIN member ON member.business_id = c.business_id
  JOIN (
    SELECT id, conversation_id, row_number() OVER (PARTITION BY conversation_id ORDER BY id DESC) AS back FROM message
    WHERE direction = 'inbound' AND conversation_id IN (SELECT id FROM conversation WHERE unread > 0)
  ) oldest ON oldest.conversation_id = c.id AND oldest.back = c.unread
  WHERE c.unread > 0;

-- The lists: who waits longest, the latest of those that are open, of those that are mine, of those that are closed;
-- what wakes next.
CREATE INDEX conversation_waiting ON conversation (business_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversation_open ON conversation (business_id, last_human_at, id) WHERE closed_at IS NULL;
CREATE INDEX conversation_assigned ON conversation (business_id, assignee_id, last_human_at, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX conversation_closed ON conversation (business_id, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until IS NOT NULL;
