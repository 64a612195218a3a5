-- Who has which conversation before their eyes, and who writes there. A row is written anew at every heartbeat and means nothing a minute
-- later.
CREATE TABLE presence (account_id blob NOT NULL REFERENCES account(id), conversation_id blob NOT NULL REFERENCES conversation(id),
  business_id blob NOT NULL REFERENCES business(id), seen_at text NOT NULL, writing_at text,
  PRIMARY KEY (account_id, conversation_id));
CREATE INDEX presence_conversation ON presence (business_id, conversation_id);
CREATE INDEX presence_seen ON presence (seen_at);
CREATE INDEX presence_writing ON presence (writing_at) WHERE writing_at IS NOT NULL;
