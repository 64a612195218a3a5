-- Places appointments happen at, each with a number of its own for its appointments' texts if the business wants that.
CREATE TABLE location (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), name text NOT NULL, address text NOT NULL,
  number_id uuid REFERENCES number(id), created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX location_name ON location (business_id, name);

ALTER TABLE appointment ADD COLUMN location_id uuid REFERENCES location(id);
