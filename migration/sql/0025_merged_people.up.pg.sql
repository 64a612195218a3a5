-- Two entries that turn out to be one person. What was the second one's is moved to the first; the second's row stays for its number, which
-- is a further one of the first from then on.

-- No reference: SQLite could not take it back.
ALTER TABLE contact ADD COLUMN merged_into uuid;
CREATE INDEX contact_merged ON contact (merged_into, id) WHERE merged_into IS NOT NULL;

-- `before` is what the undoing needs: JSON, without numbers and addresses.
CREATE TABLE contact_merge (
  id uuid PRIMARY KEY, business_id uuid NOT NULL REFERENCES business(id), kept_id uuid NOT NULL REFERENCES contact(id),
  other_id uuid NOT NULL REFERENCES contact(id), before text NOT NULL, merged_by text NOT NULL, merged_at timestamptz NOT NULL,
  undone_at timestamptz);
CREATE INDEX contact_merge_kept ON contact_merge (business_id, kept_id, id);

-- The rows that were moved.
CREATE TABLE contact_merge_row (
  merge_id uuid NOT NULL REFERENCES contact_merge(id), place text NOT NULL, row_id uuid NOT NULL, PRIMARY KEY (merge_id, place, row_id));
