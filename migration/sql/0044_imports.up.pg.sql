-- Files that people bring. A file is kept as its rows, some in each block, sealed: they hold numbers and names. One block is one transaction,
-- and `next_block` says in the same transaction which is next, so that whoever goes on after a crash stands exactly where it stood.
-- `columns` (headings, samples) and `preview` are sealed as well. `mapping` is JSON, a field for each column.
CREATE TABLE import (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, file_name text NOT NULL,
  account_id uuid, api_key_id uuid, by_name text NOT NULL, status text NOT NULL, encoding text NOT NULL,
  delimiter text NOT NULL, has_header boolean NOT NULL, fingerprint text NOT NULL, columns text NOT NULL,
  mapping text NOT NULL, date_order text, consent text, include_past boolean NOT NULL, dry_run boolean NOT NULL,
  preview text, total integer NOT NULL, next_block integer NOT NULL, done integer NOT NULL, created integer NOT NULL,
  updated integer NOT NULL, unchanged integer NOT NULL, duplicate integer NOT NULL, skipped integer NOT NULL,
  refused integer NOT NULL, changed text NOT NULL, problem text, created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL,
  finished_at timestamptz);
CREATE INDEX import_business ON import (business_id, created_at, id);
CREATE INDEX import_open ON import (changed_at) WHERE status = 'running';
CREATE INDEX import_old ON import (changed_at);

-- `rows` and `outcome` are sealed JSON: the cells as they came, and what became of each row.
CREATE TABLE import_block (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id),
  import_id uuid NOT NULL REFERENCES import(id) ON DELETE CASCADE, seq integer NOT NULL, rows text NOT NULL, outcome text,
  refused integer NOT NULL);
CREATE UNIQUE INDEX import_block_next ON import_block (import_id, seq);
CREATE INDEX import_block_refused ON import_block (import_id, seq) WHERE refused > 0;

-- What a row is known by (hashed), so that a file which has it twice is noticed; gone when the import is over.
CREATE TABLE import_key (
  import_id uuid NOT NULL REFERENCES import(id) ON DELETE CASCADE, row_key text NOT NULL, row_number integer NOT NULL,
  PRIMARY KEY (import_id, row_key));

-- How files with these headings were read the last time.
CREATE TABLE import_mapping (
  business_id uuid NOT NULL REFERENCES business(id), kind text NOT NULL, fingerprint text NOT NULL, mapping text NOT NULL,
  date_order text, updated_at timestamptz NOT NULL, PRIMARY KEY (business_id, kind, fingerprint));
