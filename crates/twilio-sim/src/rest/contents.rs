//! What lives at `content.twilio.com`: contents, and handing them in to WhatsApp.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use super::create::{after_storing, before_storing, torn};
use super::errors::ApiError;
use super::{Caller, hosts, too_many_readings};
use crate::faults::{Fault, FaultKind};
use crate::form::Form;
use crate::listener::Wire;
use crate::shared::Shared;
use crate::whatsapp::{self, ContentFault, SimContent, Standing};

const CATEGORIES: [&str; 3] = ["UTILITY", "MARKETING", "AUTHENTICATION"];

fn gone(sid: &str) -> ApiError {
    ApiError::not_found(&format!("/v1/Content/{sid}"))
}

fn refused((code, text): ContentFault) -> ApiError {
    ApiError::bad_request(code, text)
}

/// The content that an account has, and how it stands.
fn find(shared: &Shared, Caller(account): &Caller, sid: &str) -> Result<(SimContent, Option<Standing>), ApiError> {
    let found = shared.read(|state| {
        let content = state.whatsapp.content_of(account, sid)?.clone();
        Some((content, state.whatsapp.standing(sid, state.now())))
    });
    found.ok_or_else(|| gone(sid))
}

/// Makes a content. Faults of creates meet it, too: one `to` its friendly name, or the next one.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let new = whatsapp::check(&hosts::read(&body)?).map_err(refused)?;
    let fault = shared.write(|state| state.take_answer_fault(&new.friendly_name));
    if let Some(fault) = &fault {
        before_storing(fault).await?;
    }
    let content = shared.write(|state| {
        let now = state.now();
        state.whatsapp.add_content(&caller.0, new, now)
    });
    answer(fault.as_ref(), &wire, &with_links(&content, &hosts::base(&headers))).await
}

/// 201, as far as no fault says otherwise.
async fn answer(fault: Option<&Fault>, wire: &Wire, json: &Value) -> Result<Response, ApiError> {
    if let Some(fault) = fault {
        after_storing(fault, wire).await?;
        if fault.kind == FaultKind::TornAnswer {
            return Ok(torn(&json.to_string()));
        }
    }
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let (content, _) = find(&shared, &caller, &sid)?;
    Ok(Json(with_links(&content, &hosts::base(&headers))))
}

/// Other words, as long as nobody has looked at them.
pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (content, _) = find(&shared, &caller, &sid)?;
    if content.approval.is_some() {
        let text = "Content can't be updated after it was submitted for approval";
        return Err(ApiError::bad_request(20001, text));
    }
    let mut json = hosts::read(&body)?;
    let said = json.get("language").and_then(Value::as_str).unwrap_or(&content.language);
    if said != content.language {
        return Err(ApiError::bad_request(20001, "The language of a content can't be changed"));
    }
    json["language"] = content.language.into();
    let new = whatsapp::check(&json).map_err(refused)?;
    let changed = shared.write(|state| {
        let now = state.now();
        state.whatsapp.change_content(&sid, |content| {
            content.friendly_name = new.friendly_name;
            content.variables = new.variables;
            content.types = new.types;
            content.date_updated = now;
        })
    });
    let content = changed.ok_or_else(|| gone(&sid))?;
    Ok(Json(with_links(&content, &hosts::base(&headers))))
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(sid): Path<String>,
) -> Result<StatusCode, ApiError> {
    find(&shared, &caller, &sid)?;
    shared.write(|state| state.whatsapp.delete_content(&sid));
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let base = hosts::base(&headers);
    page(&shared, &caller, &format!("{base}/v1/Content"), query, |content, _| {
        with_links(content, &base)
    })
}

/// The same without links, but with how each stands.
pub(super) async fn with_approvals(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let at = format!("{}/v1/ContentAndApprovals", hosts::base(&headers));
    page(&shared, &caller, &at, query, |content, standing| {
        let mut json = shape(content);
        json.insert("approval_requests".to_owned(), flat(content, standing));
        Value::Object(json)
    })
}

fn page(
    shared: &Shared,
    Caller(account): &Caller,
    at: &str,
    query: Option<String>,
    shape: impl Fn(&SimContent, Option<&Standing>) -> Value,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(shared)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let items = shared.read(|state| {
        let theirs = state.whatsapp.contents().iter().rev().filter(|c| c.account_sid == *account);
        let one = |content: &SimContent| {
            let standing = state.whatsapp.standing(&content.sid, state.now());
            (content.sid.clone(), shape(content, standing.as_ref()))
        };
        theirs.map(one).collect()
    });
    Ok(Json(hosts::page(at, "contents", &query, items)))
}

/// Hands a content in. Faults of creates meet it, too: one `to` its name, or the next one.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path((sid, channel)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !channel.eq_ignore_ascii_case("whatsapp") {
        return Err(gone(&format!("{sid}/ApprovalRequests/{channel}")));
    }
    let (content, _) = find(&shared, &caller, &sid)?;
    let json = hosts::read(&body)?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, category) = (text("name"), text("category").to_ascii_uppercase());
    check_submission(&shared, &content, name, &category)?;
    let fault = shared.write(|state| state.take_answer_fault(name));
    if let Some(fault) = &fault {
        before_storing(fault).await?;
    }
    let submitted = shared.write(|state| {
        let now = state.now();
        let content = state.whatsapp.submit(&sid, name, &category, now)?;
        let standing = state.whatsapp.standing(&sid, now);
        Some(flat(&content, standing.as_ref()))
    });
    answer(fault.as_ref(), &wire, &submitted.ok_or_else(|| gone(&sid))?).await
}

fn check_submission(shared: &Shared, content: &SimContent, name: &str, category: &str) -> Result<(), ApiError> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let text = if name.is_empty() || name.len() > 512 || !name.bytes().all(letters) {
        "A template's name has lower-case letters, digits and underscores only"
    } else if !CATEGORIES.contains(&category) {
        "A template's category is UTILITY, MARKETING or AUTHENTICATION"
    } else if content.approval.is_some() {
        "This content was submitted for approval already"
    } else if shared.read(|state| state.whatsapp.is_name_used(&content.account_sid, name)) {
        "A template of this name exists or existed already"
    } else {
        return Ok(());
    };
    Err(ApiError::bad_request(20001, text))
}

/// How a content stands, under its channel's name.
pub(super) async fn approval(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let (content, standing) = find(&shared, &caller, &sid)?;
    let mut whatsapp = flat(&content, standing.as_ref());
    whatsapp["type"] = "whatsapp".into();
    Ok(Json(json!({
        "sid": sid, "account_sid": content.account_sid, "whatsapp": whatsapp,
        "url": format!("{}/v1/Content/{sid}/ApprovalRequests", hosts::base(&headers)),
    })))
}

fn shape(content: &SimContent) -> Map<String, Value> {
    let fields = [
        ("sid", json!(content.sid)),
        ("account_sid", json!(content.account_sid)),
        ("friendly_name", json!(content.friendly_name)),
        ("language", json!(content.language)),
        ("variables", json!(content.variables)),
        ("types", json!(content.types)),
        ("date_created", json!(hosts::iso(content.date_created))),
        ("date_updated", json!(hosts::iso(content.date_updated))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn with_links(content: &SimContent, base: &str) -> Value {
    let mut json = shape(content);
    let url = format!("{base}/v1/Content/{}", content.sid);
    json.insert(
        "links".to_owned(),
        json!({
            "approval_create": format!("{url}/ApprovalRequests/whatsapp"), "approval_fetch": format!("{url}/ApprovalRequests"),
        }),
    );
    json.insert("url".to_owned(), url.into());
    Value::Object(json)
}

/// Of one that was never handed in, all but its state is empty.
fn flat(content: &SimContent, standing: Option<&Standing>) -> Value {
    match (&content.approval, standing) {
        (Some(approval), Some(standing)) => json!({
            "name": approval.name, "category": standing.category, "content_type": approval.content_type, "status": standing.status,
            "rejection_reason": standing.rejection_reason, "allow_category_change": true,
        }),
        _ => json!({
            "name": "", "category": "", "content_type": "", "status": "unsubmitted", "rejection_reason": "",
            "allow_category_change": true,
        }),
    }
}
