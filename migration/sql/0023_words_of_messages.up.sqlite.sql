-- What messages and notes say can be searched. `seq` tells the order in which they were written: the milliseconds since 1970 times 2^20, and
-- among those of one millisecond their number. It is the row's id in the index of words, which is read backwards, newest first, and only
-- as far as a page goes. Each text is stored there with its business as one more word, so that a search asks for that, too. The rows
-- follow the tables `message` and `note` by triggers: one that builds such a table anew must make these again. `id` is that of the message or note.
CREATE TABLE message_text (seq integer PRIMARY KEY, id blob NOT NULL);
CREATE VIRTUAL TABLE message_search USING fts5 (words, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 0');
-- What is deleted leaves no words behind in the file's index.
INSERT INTO message_search (message_search, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE message_vocabulary USING fts5vocab (message_search, instance);

INSERT INTO message_text (seq, id)
  SELECT at * 1048576 + row_number() OVER (PARTITION BY at ORDER BY id), id
    FROM (SELECT id, CAST(round(unixepoch(created_at, 'subsec') * 1000) AS integer) AS at
      FROM (SELECT id, created_at FROM message UNION ALL SELECT id, created_at FROM note)) ORDER BY at, id;
INSERT INTO message_search (rowid, words)
  SELECT message_text.seq, 'b' || lower(hex(said.business_id)) || ' ' || said.body
    FROM message_text JOIN (SELECT id, business_id, body FROM message UNION ALL SELECT id, business_id, body FROM note) AS said
      ON said.id = message_text.id ORDER BY message_text.seq;

CREATE TRIGGER message_text_added AFTER INSERT ON message BEGIN
  INSERT INTO message_text (seq, id)
    SELECT coalesce((SELECT max(seq) FROM message_text WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576), at * 1048576) + 1, NEW.id
      FROM (SELECT CAST(round(unixepoch(NEW.created_at, 'subsec') * 1000) AS integer) AS at);
  INSERT INTO message_search (rowid, words)
    SELECT max(seq), 'b' || lower(hex(NEW.business_id)) || ' ' || NEW.body
      FROM message_text, (SELECT CAST(round(unixepoch(NEW.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576;
END;
CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message WHEN OLD.body <> NEW.body BEGIN
  INSERT INTO message_search (message_search, rowid, words)
    SELECT 'delete', seq, 'b' || lower(hex(OLD.business_id)) || ' ' || OLD.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
  INSERT INTO message_search (rowid, words)
    SELECT seq, 'b' || lower(hex(NEW.business_id)) || ' ' || NEW.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
END;
CREATE TRIGGER message_text_gone AFTER DELETE ON message BEGIN
  INSERT INTO message_search (message_search, rowid, words)
    SELECT 'delete', seq, 'b' || lower(hex(OLD.business_id)) || ' ' || OLD.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
  DELETE FROM message_text WHERE id = OLD.id
    AND seq > CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) * 1048576
    AND seq < (CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) + 1) * 1048576;
END;

CREATE TRIGGER note_text_added AFTER INSERT ON note BEGIN
  INSERT INTO message_text (seq, id)
    SELECT coalesce((SELECT max(seq) FROM message_text WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576), at * 1048576) + 1, NEW.id
      FROM (SELECT CAST(round(unixepoch(NEW.created_at, 'subsec') * 1000) AS integer) AS at);
  INSERT INTO message_search (rowid, words)
    SELECT max(seq), 'b' || lower(hex(NEW.business_id)) || ' ' || NEW.body
      FROM message_text, (SELECT CAST(round(unixepoch(NEW.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576;
END;
CREATE TRIGGER note_text_changed AFTER UPDATE OF body ON note WHEN OLD.body <> NEW.body BEGIN
  INSERT INTO message_search (message_search, rowid, words)
    SELECT 'delete', seq, 'b' || lower(hex(OLD.business_id)) || ' ' || OLD.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
  INSERT INTO message_search (rowid, words)
    SELECT seq, 'b' || lower(hex(NEW.business_id)) || ' ' || NEW.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
END;
CREATE TRIGGER note_text_gone AFTER DELETE ON note BEGIN
  INSERT INTO message_search (message_search, rowid, words)
    SELECT 'delete', seq, 'b' || lower(hex(OLD.business_id)) || ' ' || OLD.body
      FROM message_text, (SELECT CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) AS at)
      WHERE seq > at * 1048576 AND seq < (at + 1) * 1048576 AND id = OLD.id;
  DELETE FROM message_text WHERE id = OLD.id
    AND seq > CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) * 1048576
    AND seq < (CAST(round(unixepoch(OLD.created_at, 'subsec') * 1000) AS integer) + 1) * 1048576;
END;
