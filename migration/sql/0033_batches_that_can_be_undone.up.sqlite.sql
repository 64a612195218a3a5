-- What somebody did to conversations, one or many, with what each was before and after: it can be undone once. Of each person and business
-- the last one is kept. `state` of a row: todo, done, not, undone, kept.
CREATE TABLE conversation_batch (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id),
  account_id blob NOT NULL, action text NOT NULL, as_of text, state text NOT NULL,
  created_at text NOT NULL, changed_at text NOT NULL);
CREATE INDEX conversation_batch_last ON conversation_batch (account_id, business_id, created_at, id);
CREATE INDEX conversation_batch_open ON conversation_batch (changed_at) WHERE state IN ('running', 'undoing');
CREATE TABLE conversation_batch_row (batch_id blob NOT NULL REFERENCES conversation_batch(id) ON DELETE CASCADE,
  conversation_id blob NOT NULL, business_id blob NOT NULL, state text NOT NULL, reason text, before text,
  after text, PRIMARY KEY (batch_id, conversation_id));
CREATE INDEX conversation_batch_row_state ON conversation_batch_row (batch_id, state, conversation_id);
