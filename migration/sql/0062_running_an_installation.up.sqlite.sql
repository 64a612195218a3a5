-- Who runs the installation: not a member of any business by that.
ALTER TABLE account ADD COLUMN platform_admin boolean NOT NULL DEFAULT FALSE;
-- Nothing leaves a business that is suspended, and it says why.
ALTER TABLE business ADD COLUMN suspended_at text;
ALTER TABLE business ADD COLUMN suspended_why text;
-- The first steps were put away before all were done.
ALTER TABLE business ADD COLUMN guide_hidden_at text;
CREATE INDEX business_latest ON business (created_at, id);
-- Nobody: an example that is never texted and can be taken out again.
ALTER TABLE contact ADD COLUMN sample boolean NOT NULL DEFAULT FALSE;
CREATE INDEX contact_sample ON contact (business_id, id) WHERE sample;
-- Whether a business has reminded anybody yet.
CREATE INDEX reminder_sent ON reminder_request (business_id, id) WHERE sent_at IS NOT NULL;
CREATE TABLE platform_setting (
  name text PRIMARY KEY, value text NOT NULL, changed_at text NOT NULL);
-- What was changed for the whole installation, by whom. What concerns one business stands in its own trail.
CREATE TABLE platform_event (
  id blob PRIMARY KEY, actor text NOT NULL, action text NOT NULL, before text, after text, at text NOT NULL);
CREATE INDEX platform_event_latest ON platform_event (at, id);
-- Somebody who runs the installation looks into a business.
CREATE TABLE platform_look (
  id blob PRIMARY KEY, account_id blob NOT NULL REFERENCES account(id), business_id blob NOT NULL REFERENCES business(id),
  why text NOT NULL, began_at text NOT NULL, ends_at text NOT NULL);
CREATE INDEX platform_look_of ON platform_look (business_id, ends_at);
-- The last go-live test of a business, and when the next is due.
CREATE TABLE self_test (
  business_id blob PRIMARY KEY REFERENCES business(id), state text NOT NULL, done integer NOT NULL, lines text NOT NULL,
  failing integer NOT NULL, warnings integer NOT NULL, begun_at text, finished_at text, next_at text NOT NULL);
CREATE INDEX self_test_due ON self_test (next_at);
