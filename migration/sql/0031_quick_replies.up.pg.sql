-- Texts of a business that staff send with a few keys, and what is done with the conversation besides.
CREATE TABLE quick_reply (id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), name text NOT NULL, name_key text NOT NULL,
  body text NOT NULL, actions text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX quick_reply_name ON quick_reply (business_id, name_key);
