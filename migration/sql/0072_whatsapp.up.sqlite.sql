-- Where people are reached on a channel beside their number: on WhatsApp by their number, by an id that means them to one business, or both.
CREATE TABLE contact_address (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL REFERENCES contact(id) ON DELETE CASCADE,
  channel text NOT NULL, address text NOT NULL, address_key text NOT NULL, created_at text NOT NULL, seen_at text NOT NULL);
CREATE UNIQUE INDEX contact_address_key ON contact_address (business_id, channel, address_key);
CREATE INDEX contact_address_contact ON contact_address (contact_id);
-- Until when a sender may write freely to an address: 24 hours after it wrote there last.
CREATE TABLE whatsapp_window (
  address_id blob NOT NULL REFERENCES contact_address(id) ON DELETE CASCADE, sender text NOT NULL, business_id blob NOT NULL REFERENCES business(id),
  until text NOT NULL, PRIMARY KEY (address_id, sender));
-- How a WhatsApp sender stands at Twilio.
CREATE TABLE whatsapp_sender (
  number_id blob PRIMARY KEY REFERENCES number(id) ON DELETE CASCADE, business_id blob NOT NULL REFERENCES business(id), provider_sid text,
  status text, reason text, quality text, messaging_limit text, profile_name text, profile_about text, profile_logo text, callback_url text, status_url text,
  found text, checked_at text, next_at text);
CREATE INDEX whatsapp_sender_next ON whatsapp_sender (next_at);
INSERT INTO whatsapp_sender (number_id, business_id, next_at)
  SELECT id, business_id, created_at FROM number WHERE phone LIKE 'whatsapp:%' AND status = 'active';
-- What a message says where it can't be free text: its kind and its values, and as what it went out.
CREATE TABLE whatsapp_message (
  message_id blob PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE, business_id blob NOT NULL REFERENCES business(id), kind text NOT NULL,
  language text NOT NULL, named text NOT NULL, template_id blob, content_sid text, variables text);
-- Buttons of messages: what tells them from each other is a secret, kept as a hash.
CREATE TABLE message_button (
  token_hash text PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL REFERENCES contact(id) ON DELETE CASCADE,
  message_id blob NOT NULL REFERENCES message(id) ON DELETE CASCADE, yes boolean NOT NULL, created_at text NOT NULL);
CREATE INDEX message_button_message ON message_button (message_id);
CREATE INDEX message_button_contact ON message_button (contact_id);
