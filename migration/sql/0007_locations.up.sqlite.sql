-- Places appointments happen at, each with a number of its own for its appointments' texts if the business wants that.
CREATE TABLE location (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), name text NOT NULL, address text NOT NULL,
  number_id blob REFERENCES number(id), created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX location_name ON location (business_id, name);

ALTER TABLE appointment ADD COLUMN location_id blob REFERENCES location(id);
