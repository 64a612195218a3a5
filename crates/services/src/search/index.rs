//! The index of words: which texts hold them, newest first, at a cost that grows with a page and not with what is stored.
//!
//! SQLite reads the lists of all words together backwards and stops after a page; the business is one of the words. PostgreSQL's index has
//! no order, so a frequent word is looked for among the newest texts one by one, and a rarer one in spans of time that double: what is
//! read and thrown away is never more than what a page takes, but for a word that was frequent only long ago.

use chrono::{DateTime, Utc};
use domain::search::{Search, words_of};
use entity::messages::message;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, QueryFilter, QuerySelect, Statement, Value};
use uuid::Uuid;

use crate::{
    kernel::{
        Result, Services,
        paging::{Cursor, TimeCursor},
    },
    messages,
};

/// Texts that PostgreSQL looks at one by one before it asks the index.
const RECENT: u64 = 1_000;
/// A span of time, as the index calls it: 2^20 seconds, 12 days.
const SPAN: i64 = 1 << 20;
/// The spans that are looked through at once at most; what is older is one span more.
const MOST_SPANS: i64 = 64;
/// Words that one beginning may stand for. Further ones are found by reading all of them.
const MOST_ENDINGS: usize = 100;
/// A beginning of fewer letters is a word of its own.
const SHORTEST: usize = 2;

/// Words that texts must hold, and when they were written.
pub(crate) struct Wanted {
    /// In lower case, each with whether it may go on.
    words: Vec<(String, bool)>,
    not: Vec<String>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Wanted {
    pub(crate) fn new(search: &Search) -> Self {
        let (from, until) = search.time();
        let mut words = Vec::new();
        for text in search.texts() {
            let these: Vec<String> = words_of(&text.text).map(|(_, word)| word).collect();
            let last = these.len().saturating_sub(1);
            words.extend(these.into_iter().enumerate().map(|(n, word)| {
                let begins = text.begins && n == last && word.chars().count() >= SHORTEST;
                (word, begins)
            }));
        }
        let not = search.not_texts().filter_map(|text| {
            let mut words = words_of(&text.text);
            match (words.next(), words.next()) {
                (Some((_, word)), None) => Some(word),
                _ => None,
            }
        });
        let not = not.collect();
        Self { words, not, from, until }
    }
}

/// When they were written and the ids of texts that hold all words, newest first.
pub(super) async fn newest(
    s: &Services,
    business_id: Uuid,
    wanted: &Wanted,
    before: Option<&TimeCursor>,
    limit: u64,
) -> Result<Vec<TimeCursor>> {
    if wanted.words.is_empty() {
        return any(s, business_id, wanted, before, limit).await;
    }
    if s.db().is_postgres() {
        postgres(s.read(), business_id, wanted, before, limit).await
    } else {
        sqlite(s.read(), business_id, wanted, before, limit).await
    }
}

/// The same where no word is looked for.
async fn any(
    s: &Services,
    business_id: Uuid,
    wanted: &Wanted,
    before: Option<&TimeCursor>,
    limit: u64,
) -> Result<Vec<TimeCursor>> {
    let before = before.map(|Cursor(at, id)| Cursor(*at, *id));
    let mut rows = messages::newest(business_id, before).limit(limit);
    if let Some(from) = wanted.from {
        rows = rows.filter(message::Column::CreatedAt.gte(from));
    }
    if let Some(until) = wanted.until {
        rows = rows.filter(message::Column::CreatedAt.lt(until));
    }
    let found: Vec<(DateTime<Utc>, Uuid)> = rows
        .select_only()
        .columns([message::Column::CreatedAt, message::Column::Id])
        .into_tuple()
        .all(s.read())
        .await?;
    Ok(found.into_iter().map(|(at, id)| Cursor(at, id)).collect())
}

/// The first number of the texts of this moment.
fn seq(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().saturating_mul(1 << 20)
}

async fn sqlite(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    wanted: &Wanted,
    before: Option<&TimeCursor>,
    limit: u64,
) -> Result<Vec<TimeCursor>> {
    let mut below = wanted.until.map_or(i64::MAX, |until| seq(until) + 1);
    if let Some(Cursor(at, id)) = before {
        let sql = "SELECT seq FROM message_text WHERE seq > ? AND seq < ? AND id = ?";
        let values = [seq(*at).into(), (seq(*at) + (1 << 20)).into(), (*id).into()];
        let row = db
            .query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values))
            .await?;
        let here = row.map(|row| row.try_get::<i64>("", "seq")).transpose()?;
        below = below.min(here.unwrap_or_else(|| seq(*at)));
    }
    let above = wanted.from.map_or(0, seq);
    let words = sqlite_words(db, business_id, wanted).await?;
    let rows = db.query_all_raw(sqlite_hits(words, below, above, limit)).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let (seq, id): (i64, Uuid) = (row.try_get("", "seq")?, row.try_get("", "id")?);
        let at = DateTime::from_timestamp_millis(seq >> 20).unwrap_or(DateTime::UNIX_EPOCH);
        found.push(Cursor(at, id));
    }
    Ok(found)
}

/// Numbers and ids of the texts that FTS5 finds below one number and above another.
pub(crate) fn sqlite_hits(words: String, below: i64, above: i64, limit: u64) -> Statement {
    let sql = "SELECT message_text.seq, message_text.id FROM message_search \
        CROSS JOIN message_text ON message_text.seq = message_search.rowid \
        WHERE message_search MATCH ? AND message_search.rowid < ? AND message_search.rowid > ? \
        ORDER BY message_search.rowid DESC LIMIT ?";
    let values: [Value; 4] = [words.into(), below.into(), above.into(), limit.into()];
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// What FTS5 is asked. Every word is in quotes, and has no quotes in it.
async fn sqlite_words(db: &impl ConnectionTrait, business_id: Uuid, wanted: &Wanted) -> Result<String> {
    let mut asked = format!("\"b{}\"", business_id.simple());
    for (word, begins) in &wanted.words {
        let one = if *begins {
            sqlite_endings(db, word).await?
        } else {
            format!("\"{word}\"")
        };
        asked = format!("{asked} AND ({one})");
    }
    for word in &wanted.not {
        asked = format!("({asked}) NOT \"{word}\"");
    }
    Ok(asked)
}

/// Asked for a beginning, FTS5 would read the lists of all words with it before it gives the first text: so it is asked for the words.
async fn sqlite_endings(db: &impl ConnectionTrait, beginning: &str) -> Result<String> {
    let sql = "WITH RECURSIVE found (term) AS (\
        SELECT (SELECT term FROM message_vocabulary WHERE term >= ?1 LIMIT 1) \
        UNION ALL SELECT (SELECT term FROM message_vocabulary WHERE term >= found.term || char(1) LIMIT 1) FROM found \
        WHERE substr(found.term, 1, length(?1)) = ?1 LIMIT ?2) \
        SELECT term FROM found WHERE substr(term, 1, length(?1)) = ?1";
    let values: [Value; 2] = [beginning.into(), (MOST_ENDINGS as i64 + 1).into()];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values))
        .await?;
    if rows.len() > MOST_ENDINGS {
        return Ok(format!("\"{beginning}\" *"));
    }
    let mut words = vec![format!("\"{beginning}\"")];
    for row in rows {
        words.push(format!("\"{}\"", row.try_get::<String>("", "term")?));
    }
    Ok(words.join(" OR "))
}

/// What PostgreSQL is asked: each word begins with the end of the business's id. Words are letters and digits, so none needs quoting.
pub(crate) fn postgres_words(business_id: Uuid, wanted: &Wanted) -> String {
    let key = key(business_id);
    let word = |word: &str| {
        let short: String = word.chars().take(100).collect();
        format!("'{key}{short}'")
    };
    let all = wanted
        .words
        .iter()
        .map(|(one, begins)| format!("{}{}", word(one), if *begins { ":*" } else { "" }));
    let not = wanted.not.iter().map(|one| format!("!{}", word(one)));
    all.chain(not).collect::<Vec<_>>().join(" & ")
}

/// The end of a business's id, which is what tells ids apart that were made at the same time.
fn key(business_id: Uuid) -> String {
    let text = business_id.to_string();
    text[text.len() - 12..].to_owned()
}

/// What bounds every look: the business, the time, and the row it goes on behind.
struct Bounds {
    sql: String,
    values: Vec<Value>,
}

impl Bounds {
    fn new(business_id: Uuid, wanted: &Wanted, before: Option<&TimeCursor>) -> Self {
        let mut bounds = Bounds {
            sql: "business_id = $1".to_owned(),
            values: vec![business_id.into()],
        };
        if let Some(from) = wanted.from {
            bounds.add(" AND created_at >= $1", [from.into()]);
        }
        if let Some(until) = wanted.until {
            bounds.add(" AND created_at < $1", [until.into()]);
        }
        if let Some(Cursor(at, id)) = before {
            bounds.add(" AND (created_at, id) < ($1, $2)", [(*at).into(), (*id).into()]);
        }
        bounds
    }

    /// Adds a condition with its values, which it calls `$1` and so on.
    fn add<const N: usize>(&mut self, sql: &str, values: [Value; N]) {
        let mut sql = sql.to_owned();
        for n in (1..=N).rev() {
            sql = sql.replace(&format!("${n}"), &format!("${{{}}}", self.values.len() + n));
        }
        self.sql.push_str(&sql.replace(['{', '}'], ""));
        self.values.extend(values);
    }

    fn statement(self, sql: String) -> Statement {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, self.values)
    }

    fn place(&mut self, value: impl Into<Value>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }
}

async fn run(db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<TimeCursor>> {
    let rows = db.query_all_raw(statement).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(Cursor(row.try_get("", "created_at")?, row.try_get("", "id")?));
    }
    Ok(found)
}

const NEWEST_FIRST: &str = "ORDER BY created_at DESC, id DESC";

async fn postgres(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    wanted: &Wanted,
    before: Option<&TimeCursor>,
    limit: u64,
) -> Result<Vec<TimeCursor>> {
    let words = postgres_words(business_id, wanted);
    let mut found = run(db, recent(business_id, wanted, before, &words, limit)).await?;
    if found.len() as u64 == limit {
        return Ok(found);
    }
    let mut bounds = Bounds::new(business_id, wanted, before);
    let skip = bounds.place(RECENT as i64 - 1);
    let sql = format!(
        "SELECT created_at, id FROM message_text WHERE {} {NEWEST_FIRST} LIMIT 1 OFFSET ${skip}",
        bounds.sql
    );
    let Some(Cursor(at, id)) = run(db, bounds.statement(sql)).await?.pop() else {
        return Ok(found);
    };
    let older = Cursor(at, id);
    let (newest, mut spans) = (at.timestamp().div_euclid(SPAN), 1);
    let mut upto = newest;
    let first = wanted.from.map_or(i64::MIN, |from| from.timestamp().div_euclid(SPAN));
    while (found.len() as u64) < limit && upto >= first {
        let missing = limit - found.len() as u64;
        let span = if spans > MOST_SPANS {
            None
        } else {
            Some((upto - spans + 1, upto))
        };
        let spanned = indexed(business_id, wanted, &older, &words, span.ok_or(upto), missing);
        found.append(&mut run(db, spanned).await?);
        let Some((from, _)) = span else { break };
        upto = from - 1;
        spans *= 2;
    }
    Ok(found)
}

/// Those among the newest texts, each looked at by itself.
pub(crate) fn recent(business_id: Uuid, wanted: &Wanted, before: Option<&TimeCursor>, words: &str, limit: u64) -> Statement {
    let mut bounds = Bounds::new(business_id, wanted, before);
    let (words, limit) = (bounds.place(words), bounds.place(limit as i64));
    let sql = format!(
        "SELECT created_at, id FROM (SELECT created_at, id, words FROM message_text WHERE {} {NEWEST_FIRST} \
         LIMIT {RECENT}) AS recent WHERE words @@ CAST(CAST(${words} AS text) AS tsquery) {NEWEST_FIRST} LIMIT ${limit}",
        bounds.sql
    );
    bounds.statement(sql)
}

/// Those that the index finds in these spans of time, the first and the last, or in what is no newer than a span.
pub(crate) fn indexed(
    business_id: Uuid,
    wanted: &Wanted,
    before: &TimeCursor,
    words: &str,
    spans: std::result::Result<(i64, i64), i64>,
    limit: u64,
) -> Statement {
    let mut bounds = Bounds::new(business_id, wanted, Some(before));
    let words = match spans {
        Ok((from, upto)) => {
            let key = key(business_id);
            let spans: Vec<String> = (from..=upto).map(|span| format!("'{key}#{span}'")).collect();
            format!("({}) & {words}", spans.join(" | "))
        }
        Err(upto) => {
            let until = DateTime::from_timestamp((upto + 1) * SPAN, 0).unwrap_or(DateTime::UNIX_EPOCH);
            bounds.add(" AND created_at < $1", [until.into()]);
            words.to_owned()
        }
    };
    let (words, limit) = (bounds.place(words), bounds.place(limit as i64));
    let sql = format!(
        "WITH found AS MATERIALIZED (SELECT business_id, created_at, id FROM message_text \
         WHERE words @@ CAST(CAST(${words} AS text) AS tsquery)) \
         SELECT created_at, id FROM found WHERE {} {NEWEST_FIRST} LIMIT ${limit}",
        bounds.sql
    );
    bounds.statement(sql)
}
