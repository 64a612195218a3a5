-- What WhatsApp has approved of a business's texts, one row for each wording that was handed in. The newest that is approved is used.
CREATE TABLE whatsapp_template (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), account_sid text NOT NULL, kind text NOT NULL, language text NOT NULL,
  revision integer NOT NULL, name text NOT NULL, body text NOT NULL, buttons text NOT NULL, status text NOT NULL, said text, category text, rejection text,
  content_sid text, called_at timestamptz, submitted_at timestamptz, checked_at timestamptz, checks integer NOT NULL DEFAULT 0, next_at timestamptz,
  created_by text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX whatsapp_template_revision ON whatsapp_template (business_id, kind, language, revision);
CREATE INDEX whatsapp_template_next ON whatsapp_template (next_at);
