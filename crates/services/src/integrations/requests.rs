//! The log of the API: what each program asked, and what it was told. Doors hand lines over; they are written many at a time.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Page, Problem,
    integrations::{RequestLog, RequestQuery, RequestRow},
};
use domain::phone::mask_said;
use entity::integrations::api_request;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set, sea_query::Expr};
use serde_json::Value;
use uuid::Uuid;

use super::all_keys;
use crate::kernel::{
    Actor, Permission, Result, Services,
    paging::{self, Cursor, TimeCursor},
};

/// Sealed columns, as `vault::SEALED` calls them.
const QUERY: &str = "api_request.query";
const BODY: &str = "api_request.body";
const ANSWER: &str = "api_request.answer";

/// How long a line is kept.
const KEPT: Duration = Duration::days(90);

/// Rows removed at once.
const BATCH: u64 = 2_000;

/// Lines looked through for one page, when words are sought; the next page goes on behind them.
const LOOKED_THROUGH: u64 = 2_000;

/// Bytes of a body that are kept.
pub const MOST_BODY: usize = 4 * 1024;

/// Letters of an id.
const UUID: usize = 36;

/// Fields whose values open something.
const SECRET: [&str; 6] = ["url", "secret", "token", "password", "key", "address_url"];

/// A request as a door has seen it.
#[derive(Clone, Debug)]
pub struct Line {
    pub business_id: Uuid,
    pub api_key_id: Uuid,
    pub at: DateTime<Utc>,
    pub request_id: String,
    pub method: String,
    /// With the query string.
    pub path: String,
    pub status: u16,
    pub took: std::time::Duration,
    pub ip: String,
    pub content_type: String,
    /// Its beginning, and whether that is all of it.
    pub body: Vec<u8>,
    pub whole: bool,
    pub answer: Option<String>,
}

/// Writes lines. Phone numbers and e-mail addresses are masked, what opens something is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn write(s: &Services, lines: Vec<Line>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.into_iter().map(|line| {
        let seal =
            |column: &str, text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| s.vault().seal(column, &text));
        let (path, query) = match line.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (line.path.as_str(), None),
        };
        api_request::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(line.business_id),
            api_key_id: Set(line.api_key_id),
            at: Set(line.at),
            body: Set(seal(BODY, kept(&line.body, line.whole))),
            request_id: Set(line.request_id),
            method: Set(line.method),
            path: Set(masked(path).chars().take(1_000).collect()),
            query: Set(seal(QUERY, query.map(|query| masked(query).chars().take(1_000).collect()))),
            status: Set(line.status.into()),
            ms: Set(i32::try_from(line.took.as_millis()).unwrap_or(i32::MAX)),
            ip: Set(line.ip),
            content_type: Set(line.content_type.chars().take(100).collect()),
            answer: Set(seal(ANSWER, line.answer.map(|text| masked(&text)))),
        }
    });
    api_request::Entity::insert_many(rows)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

/// What is kept of a body.
fn kept(body: &[u8], whole: bool) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let json = serde_json::from_slice::<Value>(body).ok().filter(|_| whole);
    let text = match json {
        Some(mut json) => {
            without_secrets(&mut json);
            json.to_string()
        }
        None => {
            // PostgreSQL has no U+0000 in texts.
            let text = String::from_utf8_lossy(body).replace('\0', "");
            if SECRET.iter().any(|name| text.contains(&format!("\"{name}\""))) {
                "(not kept: it may hold a secret)".to_owned()
            } else if whole {
                text
            } else {
                text + "…"
            }
        }
    };
    Some(masked(&text))
}

/// With phone numbers and e-mail addresses masked; ids are none, whatever digits are in them.
fn masked(text: &str) -> String {
    let (mut done, mut plain, mut at) = (String::with_capacity(text.len()), 0, 0);
    while at + UUID <= text.len() {
        let id = text.get(at..at + UUID).filter(|id| id.as_bytes()[8] == b'-');
        if id.is_some_and(|id| Uuid::try_parse(id).is_ok()) {
            done.push_str(&mask_said(&text[plain..at]));
            done.push_str(&text[at..at + UUID]);
            at += UUID;
            plain = at;
        } else {
            at += 1;
        }
    }
    done + &mask_said(&text[plain..])
}

fn without_secrets(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRET.contains(&name.as_str()) && value.is_string() {
                    *value = Value::String("•••".to_owned());
                } else {
                    without_secrets(value);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(without_secrets),
        _ => {}
    }
}

/// A page of the log, the latest first.
///
/// # Errors
/// `NotAllowed` for staff and keys; `Malformed` for a filter or a cursor that is none.
pub async fn list(s: &Services, actor: &Actor, query: RequestQuery) -> Result<RequestLog> {
    actor.may(Permission::ManageBusiness)?;
    let keys = all_keys(s.read(), actor.business_id).await?;
    let names: HashMap<Uuid, String> = keys.iter().map(|key| (key.id, key.name.clone())).collect();
    let page = found(s, actor.business_id, &query).await?;
    let mut data = Vec::with_capacity(page.data.len());
    for row in page.data {
        data.push(view(s, &names, row).await?);
    }
    Ok(RequestLog {
        page: Page {
            data,
            next_cursor: page.next_cursor,
        },
        keys: keys.into_iter().map(|key| (key.id.to_string(), key.name)).collect(),
        url: format!("{}/api/v1", s.settings().public_url),
    })
}

async fn found(s: &Services, business_id: Uuid, query: &RequestQuery) -> Result<Page<api_request::Model>> {
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let key = given(&query.key).map(|id| {
        id.parse::<Uuid>()
            .map_err(|_| Problem::parameter("key", "key is the id of an API key.".to_owned()))
    });
    let failed = match given(&query.show).as_deref() {
        None => false,
        Some("failed") => true,
        Some(_) => return Err(Problem::parameter("show", "show is \"failed\" or not given.".to_owned()).into()),
    };
    let before = TimeCursor::decode(query.cursor.as_deref())?;
    let rows = rows(business_id, key.transpose()?, failed, before.as_ref());
    let place = |row: &api_request::Model| Cursor(row.at, row.id);
    let Some(words) = given(&query.search) else {
        return Ok(paging::page(rows.limit(paging::PAGE + 1).all(s.read()).await?, place));
    };
    let words = masked(&words).to_lowercase();
    let all = rows.limit(LOOKED_THROUGH + 1).all(s.read()).await?;
    Ok(sought(all, &words))
}

/// Those with these words in them; the cursor stands where the search has come to.
fn sought(all: Vec<api_request::Model>, words: &str) -> Page<api_request::Model> {
    let more = all.len() as u64 > LOOKED_THROUGH;
    let mut page = Page::default();
    let mut last = None;
    for row in all.into_iter().take(LOOKED_THROUGH as usize) {
        if page.data.len() as u64 == paging::PAGE {
            page.next_cursor = last.map(|last: TimeCursor| last.encode());
            return page;
        }
        last = Some(Cursor(row.at, row.id));
        let line = format!("{} {} {}", row.method, row.path, row.request_id).to_lowercase();
        if line.contains(words) {
            page.data.push(row);
        }
    }
    page.next_cursor = last.filter(|_| more).map(|last| last.encode());
    page
}

/// Lines before a moment, the latest first: each of the filters has an index in this order.
pub(crate) fn rows(
    business_id: Uuid,
    key: Option<Uuid>,
    failed: bool,
    before: Option<&TimeCursor>,
) -> Select<api_request::Entity> {
    use api_request::Column;
    let mut rows = api_request::Entity::in_business(business_id)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id);
    if let Some(key) = key {
        rows = rows.filter(Column::ApiKeyId.eq(key));
    }
    if failed {
        // As its index says it: SQLite takes that for nothing else.
        rows = rows.filter(Expr::cust("\"status\" >= 400"));
    }
    match before {
        Some(Cursor(at, id)) => rows.filter(paging::beyond(Column::At, Column::Id, *at, *id, true)),
        None => rows,
    }
}

async fn view(s: &Services, names: &HashMap<Uuid, String>, row: api_request::Model) -> Result<RequestRow> {
    Ok(RequestRow {
        id: row.id,
        at: row.at,
        request_id: row.request_id,
        method: row.method,
        path: match opened(s, QUERY, row.query).await? {
            Some(query) => format!("{}?{query}", row.path),
            None => row.path,
        },
        status: u16::try_from(row.status).unwrap_or_default(),
        ms: u32::try_from(row.ms).unwrap_or_default(),
        ip: row.ip,
        key: names.get(&row.api_key_id).cloned().unwrap_or_default(),
        content_type: row.content_type,
        body: opened(s, BODY, row.body).await?,
        answer: opened(s, ANSWER, row.answer).await?,
    })
}

async fn opened(s: &Services, column: &str, sealed: Option<String>) -> Result<Option<String>> {
    Ok(match sealed {
        Some(sealed) => Some(s.vault().open(column, &sealed).await?),
        None => None,
    })
}

/// Forgets what is older than 90 days.
///
/// # Errors
/// When the database does not answer; the next round looks again.
pub async fn prune(s: &Services) -> Result<()> {
    loop {
        let old: Vec<Uuid> = api_request::Entity::find()
            .filter(api_request::Column::At.lt(s.now() - KEPT))
            .select_only()
            .column(api_request::Column::Id)
            .order_by_asc(api_request::Column::At)
            .limit(BATCH)
            .into_tuple()
            .all(s.read())
            .await?;
        if old.is_empty() {
            return Ok(());
        }
        api_request::Entity::delete_many()
            .filter(api_request::Column::Id.is_in(old))
            .exec(&s.db().write)
            .await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_and_no_secret_is_kept_of_a_body() {
        let body = br#"{"name":"Ann","phone":"+14155550171","sources":[{"url":"https://cal.test/secret.ics"}]}"#;
        let text = kept(body, true).expect("a body");
        assert_eq!(
            serde_json::from_str::<Value>(&text).expect("JSON"),
            serde_json::json!({ "name": "Ann", "phone": "+1415•••0171", "sources": [{ "url": "•••" }] })
        );
        assert_eq!(
            kept(br#"{"body":"call 4155550171 or"#, false).as_deref(),
            Some(r#"{"body":"call +41•••71 or…"#)
        );
        assert_eq!(
            kept(br#"{"url":"https://c"#, false).as_deref(),
            Some("(not kept: it may hold a secret)")
        );
        assert_eq!(kept(b"", true), None);
        let path = "/contacts/01926543-2107-7325-b220-08123456789a?search=%2B14155550171";
        let masked = masked(path);
        assert!(
            masked.starts_with("/contacts/01926543-2107-7325-b220-08123456789a?search=%2") && !masked.contains("4155550171"),
            "{masked}"
        );
    }
}
