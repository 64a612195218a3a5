-- Texts of a business that staff send with a few keys, and what is done with the conversation besides.
CREATE TABLE quick_reply (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, name_key text NOT NULL,
  body text NOT NULL, actions text NOT NULL, created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX quick_reply_name ON quick_reply (business_id, name_key);
