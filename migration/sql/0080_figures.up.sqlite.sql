-- What is counted of texts and visits, by the quarter of an hour that they are of (counted from 1970), and of which place, type, channel and
-- kind of text. Nil and '' stand for none: a key has no NULL. `counted`: as what each text and visit counts now, so that it is taken back
-- when that changes. `recount`: businesses that were there before, whose history is counted day by day; `reached`: days before this quarter
-- are not counted yet.
CREATE TABLE counter_quarter (business_id blob NOT NULL REFERENCES business(id), quarter integer NOT NULL, what text NOT NULL, sort text NOT NULL,
  place blob NOT NULL, type_id blob NOT NULL, channel text NOT NULL, template text NOT NULL, n integer NOT NULL,
  PRIMARY KEY (business_id, quarter, what, sort, place, type_id, channel, template));
CREATE TABLE counted (id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), quarter integer NOT NULL, place blob NOT NULL,
  type_id blob NOT NULL, channel text NOT NULL, template text NOT NULL, cells text NOT NULL);
CREATE INDEX counted_quarter ON counted (business_id, quarter, id);
CREATE TABLE recount (business_id blob PRIMARY KEY REFERENCES business(id), reached integer NOT NULL, done_at text);
CREATE INDEX recount_open ON recount (business_id) WHERE done_at IS NULL;
INSERT INTO recount (business_id, reached) SELECT id, 9223372036854775807 FROM business;
