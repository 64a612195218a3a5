-- Texts that a business wrote in the place of the built-in ones, every version of them. A version without words is the built-in text again.
CREATE TABLE template (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, channel text NOT NULL,
  language text NOT NULL, version_id uuid NOT NULL, versions integer NOT NULL, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX template_of ON template (business_id, kind, channel, language);
CREATE TABLE template_version (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id),
  template_id uuid NOT NULL REFERENCES template(id), number integer NOT NULL, subject text, body text, author text NOT NULL,
  created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX template_version_number ON template_version (template_id, number);
-- Another one with every change of these, so that what was read of them before is known to be old; none: it never wrote any.
ALTER TABLE business ADD COLUMN texts_id uuid;
