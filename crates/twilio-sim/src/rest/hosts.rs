//! What Twilio's other hosts have in common: times, pages with whole addresses, bodies in JSON.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::errors::ApiError;
use crate::form::Form;

const PAGING: [&str; 3] = ["Page", "PageSize", "PageToken"];

/// `http://…`, as the caller knows us.
pub(super) fn base(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    format!("http://{host}")
}

/// As these hosts write times.
pub(super) fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn read(body: &[u8]) -> Result<Value, ApiError> {
    let json = serde_json::from_slice(body).ok().filter(Value::is_object);
    json.ok_or_else(|| ApiError::bad_request(20001, "The request body is no JSON object"))
}

/// A page of a list, newest first; each item comes with its SID. Only the token says where a page begins, never its number.
pub(super) fn page(at: &str, key: &str, query: &Form, items: Vec<(String, Value)>) -> Value {
    let number = |name| query.get(name).and_then(|n| n.parse::<usize>().ok());
    let (size, page) = (number("PageSize").unwrap_or(50).clamp(1, 1000), number("Page").unwrap_or(0));
    let token = query.get("PageToken").and_then(|token| token.strip_prefix("DN"));
    let start = token
        .and_then(|sid| items.iter().position(|(one, _)| one == sid))
        .map_or(0, |at| at + 1);
    let rest = items.len().saturating_sub(start);
    let shown: Vec<(String, Value)> = items.into_iter().skip(start).take(size).collect();
    let last = shown.last().filter(|_| rest > size).map(|(sid, _)| sid.clone());
    let filter = query.without(&PAGING);
    let filter = if filter.is_empty() { filter } else { format!("{filter}&") };
    let url = |page: usize, token: Option<&str>| {
        let token = token.map_or_else(String::new, |sid| format!("&PageToken=DN{sid}"));
        format!("{at}?{filter}PageSize={size}&Page={page}{token}")
    };
    let list: Vec<Value> = shown.into_iter().map(|(_, json)| json).collect();
    json!({
        key: list,
        "meta": {
            "page": page, "page_size": size, "first_page_url": url(0, None), "previous_page_url": null, "url": url(page, token),
            "next_page_url": last.map(|sid| url(page + 1, Some(&sid))), "key": key,
        },
    })
}
