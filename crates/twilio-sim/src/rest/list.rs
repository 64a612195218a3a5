//! Lists with Twilio's paging.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

use super::errors::ApiError;
use super::{Caller, look, shapes};
use crate::faults::FaultKind;
use crate::form::Form;
use crate::numbers::SimNumber;
use crate::shared::Shared;
use crate::state::{self, Direction, SimMessage};

const PAGING: [&str; 3] = ["Page", "PageSize", "PageToken"];

/// A span of time: from the first to before the second.
type Span = (DateTime<Utc>, DateTime<Utc>);

struct Filter {
    account: String,
    to: Option<String>,
    from: Option<String>,
    on: Option<Span>,
    after: Option<Span>,
    before: Option<Span>,
}

impl Filter {
    fn parse(Caller(account): Caller, query: &Form) -> Result<Self, ApiError> {
        let time = |name: &str| {
            query
                .filled(name)
                .map(|text| span(text).ok_or_else(|| bad_date(name)))
                .transpose()
        };
        Ok(Self {
            account,
            to: query.filled("To").map(str::to_owned),
            from: query.filled("From").map(str::to_owned),
            on: time("DateSent")?,
            after: time("DateSent>")?,
            before: time("DateSent<")?,
        })
    }

    fn takes(&self, m: &SimMessage) -> bool {
        // What has not gone out yet is found by when it came in, to the second as Twilio shows it.
        let sent = m.date_sent.unwrap_or(m.date_created);
        m.direction != Direction::Network
            && m.account_sid == self.account
            && self.to.as_ref().is_none_or(|to| *to == m.to)
            && self.from.as_ref().is_none_or(|from| Some(from) == m.from.as_ref())
            && self.on.is_none_or(|(start, end)| start <= sent && sent < end)
            && self.after.is_none_or(|(start, _)| start <= sent)
            && self.before.is_none_or(|(_, end)| sent < end)
    }
}

fn bad_date(name: &str) -> ApiError {
    ApiError::bad_request(20001, format!("{name} is not a date"))
}

/// A day, or a second of RFC 3339.
fn span(text: &str) -> Option<Span> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let start = day.and_hms_opt(0, 0, 0)?.and_utc();
        return Some((start, start.checked_add_days(Days::new(1))?));
    }
    let start: DateTime<Utc> = text.parse().ok()?;
    Some((start, start.checked_add_signed(chrono::Duration::seconds(1))?))
}

pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    super::too_many_readings(&shared)?;
    if shared.write(|state| state.take_reading_fault(FaultKind::ListError)).is_some() {
        return Err(ApiError::internal());
    }
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let base = format!("/2010-04-01/Accounts/{}/Messages.json", caller.0);
    let filter = Filter::parse(caller, &query)?;
    let page = Paging::parse(&query);
    let mut found = shared.read(|state| page.cut(state, &filter));
    let next = (found.len() > page.size)
        .then(|| found.truncate(page.size))
        .and_then(|()| found.last())
        .map(|m| m.sid.clone());
    let mut json = page.shape(&base, &query, next.as_deref(), found.len());
    json["messages"] = found.iter().map(shapes::message).collect();
    Ok(Json(json))
}

struct Paging {
    page: usize,
    size: usize,
    after_sid: Option<String>,
}

impl Paging {
    fn parse(query: &Form) -> Self {
        let number = |name| query.get(name).and_then(|n| n.parse::<usize>().ok());
        Self {
            page: number("Page").unwrap_or(0),
            size: number("PageSize").unwrap_or(50).clamp(1, 1000),
            after_sid: query
                .get("PageToken")
                .and_then(|token| token.strip_prefix("PA"))
                .map(str::to_owned),
        }
    }

    /// Newest first; one more than a page if there are more.
    fn cut(&self, state: &state::State, filter: &Filter) -> Vec<SimMessage> {
        let before = self
            .after_sid
            .as_ref()
            .and_then(|sid| state.message(sid))
            .map_or(u64::MAX, |m| m.seq);
        state
            .messages()
            .rev()
            .filter(|m| m.seq < before && filter.takes(m))
            .take(self.size + 1)
            .cloned()
            .collect()
    }

    fn shape(&self, base: &str, query: &Form, next: Option<&str>, count: usize) -> Value {
        let filter = query.without(&PAGING);
        let uri = |page: usize, token: String| {
            let filter = if filter.is_empty() {
                String::new()
            } else {
                format!("{filter}&")
            };
            format!("{base}?{filter}PageSize={}&Page={page}{token}", self.size)
        };
        let start = self.page * self.size;
        json!({
            "first_page_uri": uri(0, String::new()),
            "previous_page_uri": null,
            "next_page_uri": next.map(|sid| uri(self.page + 1, format!("&PageToken=PA{sid}"))),
            "uri": uri(self.page, self.after_sid.as_ref().map_or_else(String::new, |sid| format!("&PageToken=PA{sid}"))),
            "page": self.page,
            "page_size": self.size,
            "start": start,
            "end": start + count.saturating_sub(1),
        })
    }
}

/// The account's numbers, with those that it was seen with.
pub(super) async fn numbers(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    super::too_many_readings(&shared)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let base = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json");
    let numbers: Vec<SimNumber> = shared.write(|state| {
        state.keep_seen(&account);
        let fits = |n: &&SimNumber| {
            query
                .filled("PhoneNumber")
                .is_none_or(|asked| n.phone.contains(asked.trim_matches('*')))
        };
        state.numbers.of(&account).filter(fits).cloned().collect()
    });
    let paging = Paging {
        page: 0,
        size: numbers.len().max(50),
        after_sid: None,
    };
    let mut json = paging.shape(&base, &Form::parse(b""), None, numbers.len());
    json["incoming_phone_numbers"] = look::as_looked_at(&shared, numbers.iter().map(shapes::number_of).collect());
    Ok(Json(json))
}
