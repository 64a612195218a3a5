-- What WhatsApp has approved of a business's texts, one row for each wording that was handed in. The newest that is approved is used.
CREATE TABLE whatsapp_template (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), account_sid text NOT NULL, kind text NOT NULL, language text NOT NULL,
  revision integer NOT NULL, name text NOT NULL, body text NOT NULL, buttons text NOT NULL, status text NOT NULL, said text, category text, rejection text,
  content_sid text, called_at text, submitted_at text, checked_at text, checks integer NOT NULL DEFAULT 0, next_at text,
  created_by text NOT NULL, created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX whatsapp_template_revision ON whatsapp_template (business_id, kind, language, revision);
CREATE INDEX whatsapp_template_next ON whatsapp_template (next_at);
