-- Ways to customers. `fallback_of`: the message that is known to have failed, in whose place this one goes another way; `chosen_because`:
-- why it goes this way, where that was learned from their answers. `business.channels`: the ways that are tried, best first, for whom
-- nobody has said otherwise; `learn_channels`: whether what worked for somebody before is tried first; `confirm_offers`: whether a yes to
-- offers counts only once they have confirmed it themselves. `dead_address`: where mail comes back from. `contact_answers`: how often
-- somebody was asked and has answered, by way.
ALTER TABLE message ADD COLUMN fallback_of blob;
ALTER TABLE message ADD COLUMN chosen_because text;
CREATE INDEX question_message ON question (message_id);
CREATE INDEX message_fallback ON message (fallback_of) WHERE fallback_of IS NOT NULL;
ALTER TABLE business ADD COLUMN channels text NOT NULL DEFAULT 'sms,email';
ALTER TABLE business ADD COLUMN learn_channels boolean NOT NULL DEFAULT false;
ALTER TABLE business ADD COLUMN confirm_offers boolean NOT NULL DEFAULT false;
CREATE TABLE dead_address (business_id blob NOT NULL REFERENCES business(id), address_key text NOT NULL, address text NOT NULL,
  status text NOT NULL, message_id blob NOT NULL, since text NOT NULL, PRIMARY KEY (business_id, address_key));
CREATE TABLE contact_answers (contact_id blob NOT NULL, channel text NOT NULL, business_id blob NOT NULL REFERENCES business(id),
  asked integer NOT NULL, answered integer NOT NULL, PRIMARY KEY (contact_id, channel));
