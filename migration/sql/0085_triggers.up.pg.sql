-- What programs have had sent by references of their own, so that one that is said twice within a day is one text. `reference` is a hash.
CREATE TABLE trigger_call (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), reference text NOT NULL, message_id uuid REFERENCES message(id),
  created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX trigger_call_reference ON trigger_call (business_id, reference);
CREATE INDEX trigger_call_message ON trigger_call (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX trigger_call_age ON trigger_call (created_at);
