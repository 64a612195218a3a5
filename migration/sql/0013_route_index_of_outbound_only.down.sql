DROP INDEX message_route;
CREATE INDEX message_route ON message (theirs_key, ours, created_at);
