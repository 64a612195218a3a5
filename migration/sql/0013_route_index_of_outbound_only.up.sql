-- Who texted a customer last is looked up among texts of ours alone: the index holds no others, and so costs nothing
-- when one comes in.
DROP INDEX message_route;
CREATE INDEX message_route ON message (theirs_key, ours, created_at) WHERE direction = 'outbound';
