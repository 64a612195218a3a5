-- What messages and notes say can be searched. The words stand in a table of their own, because a message changes with every status, and each
-- time its row would go into the index of words anew. Each word begins with the end of its business's id, so that what another business
-- writes is never looked through; a word `#` with a number says in which 12 days (2^20 seconds) a message was written, so that a frequent
-- word can be looked for in some time only. The rows follow the tables `message` and `note` by triggers; `id` is
-- that of the message or note.
CREATE TABLE message_text (
  id uuid PRIMARY KEY, business_id uuid NOT NULL, created_at timestamptz NOT NULL, words tsvector NOT NULL);

-- Upper case becomes lower case in every script where the server knows ICU, which all usual builds do; else in ASCII or by its locale.
DO $do$
DECLARE
  script text := CASE WHEN EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') THEN 'COLLATE "und-x-icu"' ELSE '' END;
BEGIN
  -- What parts words: what is neither letter nor digit in ASCII, signs of Latin-1, of general punctuation, arrows to dingbats, of CJK
  -- punctuation, and emoji. Said by numbers, because what the server takes for a letter depends on its locale.
  EXECUTE format($make$
    CREATE FUNCTION message_words(business uuid, body text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $body$
      SELECT coalesce(array_agg(DISTINCT right(business::text, 12) || left(word, 100)), '{}')
        FROM regexp_split_to_table(lower(body %s),
          '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00A9\u00AB-\u00B1\u00B4\u00B6-\u00B8\u00BB\u00BF\u00D7\u00F7\u2000-\u206F\u20A0-\u20CF\u2190-\u245F\u2500-\u2BFF\u3000-\u3003\u3008-\u3020\uFE00-\uFE0F\uFF01-\uFF0F\U0001F000-\U0001FAFF]+') AS word
        WHERE word <> '' $body$ $make$, script);
END $do$;

CREATE FUNCTION message_text_added() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO message_text (id, business_id, created_at, words)
    SELECT id, business_id, created_at, array_to_tsvector(message_words(business_id, body)
      || (right(business_id::text, 12) || '#' || floor(extract(epoch FROM created_at) / 1048576)::bigint)) FROM added;
  RETURN NULL;
END $body$;
CREATE FUNCTION message_text_changed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE message_text SET words = array_to_tsvector(message_words(NEW.business_id, NEW.body)
    || (right(NEW.business_id::text, 12) || '#' || floor(extract(epoch FROM NEW.created_at) / 1048576)::bigint)) WHERE id = NEW.id;
  RETURN NULL;
END $body$;
CREATE FUNCTION message_text_gone() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM message_text WHERE id = OLD.id;
  RETURN NULL;
END $body$;

INSERT INTO message_text (id, business_id, created_at, words)
  SELECT id, business_id, created_at, array_to_tsvector(message_words(business_id, body)
    || (right(business_id::text, 12) || '#' || floor(extract(epoch FROM created_at) / 1048576)::bigint)) FROM (SELECT id, business_id, created_at, body FROM message
    UNION ALL SELECT id, business_id, created_at, body FROM note) AS said ORDER BY created_at;
CREATE INDEX message_text_latest ON message_text (business_id, created_at, id);
-- New rows wait in a list that every search reads through: a short one.
CREATE INDEX message_text_words ON message_text USING gin (words) WITH (gin_pending_list_limit = 512);

CREATE TRIGGER message_text_added AFTER INSERT ON message REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION message_text_added();
CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message FOR EACH ROW WHEN (OLD.body <> NEW.body)
  EXECUTE FUNCTION message_text_changed();
CREATE TRIGGER message_text_gone AFTER DELETE ON message FOR EACH ROW EXECUTE FUNCTION message_text_gone();

CREATE TRIGGER note_text_added AFTER INSERT ON note REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION message_text_added();
CREATE TRIGGER note_text_changed AFTER UPDATE OF body ON note FOR EACH ROW WHEN (OLD.body <> NEW.body)
  EXECUTE FUNCTION message_text_changed();
CREATE TRIGGER note_text_gone AFTER DELETE ON note FOR EACH ROW EXECUTE FUNCTION message_text_gone();
