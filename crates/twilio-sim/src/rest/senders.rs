//! WhatsApp senders, and showing that somebody writes: `messaging.twilio.com/v2` and `/v3`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::errors::ApiError;
use super::{Caller, hosts, too_many_readings};
use crate::form::Form;
use crate::shared::Shared;
use crate::state::Direction;
use crate::whatsapp::{PREFIX, SimSender};
use crate::words::is_phone;

/// What an update may change: one of them at a time.
const PARTS: [&str; 3] = ["configuration", "webhook", "profile"];

fn gone(sid: &str) -> ApiError {
    ApiError::not_found(&format!("/v2/Channels/Senders/{sid}"))
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    if query.filled("Channel") != Some("whatsapp") {
        return Err(ApiError::bad_request(20001, "Channel is required: whatsapp"));
    }
    let base = hosts::base(&headers);
    let items = shared.read(|state| {
        let theirs = state.whatsapp.senders().iter().rev().filter(|s| s.account_sid == account);
        theirs.map(|s| (s.sid.clone(), shape(s, state.now(), &base))).collect()
    });
    Ok(Json(hosts::page(
        &format!("{base}/v2/Channels/Senders"),
        "senders",
        &query,
        items,
    )))
}

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let base = hosts::base(&headers);
    let found = shared.read(|state| Some(shape(state.whatsapp.sender_of(&account, &sid)?, state.now(), &base)));
    found.map(Json).ok_or_else(|| gone(&sid))
}

/// 202: it is being made.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let json = hosts::read(&body)?;
    let sender_id = json.get("sender_id").and_then(Value::as_str).unwrap_or_default();
    if !sender_id.starts_with(PREFIX) || !is_phone(sender_id) {
        return Err(ApiError::bad_request(20001, "sender_id is whatsapp: and a phone number"));
    }
    if shared.read(|state| state.whatsapp.sender(sender_id).is_some()) {
        return Err(ApiError::bad_request(63100, "A sender with this number exists already"));
    }
    let sender = shared.write(|state| {
        let now = state.now();
        state.whatsapp.add_sender(&account, sender_id, "CREATING", now)
    });
    let mut json = shape(&sender, sender.date_created, &hosts::base(&headers));
    for name in ["properties", "offline_reasons", "url"] {
        json[name] = Value::Null;
    }
    Ok((StatusCode::ACCEPTED, Json(json)).into_response())
}

/// 202 with the part that was sent; the others are null.
pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    if shared.read(|state| state.whatsapp.sender_of(&account, &sid).is_none()) {
        return Err(gone(&sid));
    }
    let json = hosts::read(&body)?;
    let sent: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| json.get(part).is_some_and(Value::is_object))
        .collect();
    let [part] = sent[..] else {
        return Err(ApiError::bad_request(
            20001,
            "An update has one of configuration, webhook and profile",
        ));
    };
    let changes = json[part].as_object().cloned().unwrap_or_default();
    let mut of_name = None;
    let sender = shared.write(|state| {
        state.whatsapp.change_sender(&sid, |sender| match part {
            "webhook" => sender.webhook.extend(changes),
            "profile" => of_name = sender.change_profile(changes),
            _ => {}
        })
    });
    let sender = sender.ok_or_else(|| gone(&sid))?;
    let mut json = shape(&sender, sender.date_created, &hosts::base(&headers));
    json["status"] = "VERIFYING".into();
    if let Some(word) = of_name {
        json["display_name_status"] = word.into();
    }
    for other in PARTS
        .into_iter()
        .filter(|other| *other != part)
        .chain(["properties", "offline_reasons"])
    {
        json[other] = Value::Null;
    }
    Ok((StatusCode::ACCEPTED, Json(json)).into_response())
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
) -> Result<StatusCode, ApiError> {
    let had = shared.write(|state| {
        let had = state.whatsapp.sender_of(&account, &sid).is_some();
        if had {
            state.whatsapp.delete_sender(&sid);
        }
        had
    });
    had.then_some(StatusCode::NO_CONTENT).ok_or_else(|| gone(&sid))
}

/// Only what came in over WhatsApp can be answered like this.
pub(super) async fn typing(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let json = hosts::read(&body)?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = shared.read(|state| {
        let message = state.message(text("messageId"));
        message.is_some_and(|m| m.direction == Direction::Inbound && m.account_sid == account && m.is_whatsapp())
    });
    if text("channel") == "WHATSAPP" && known {
        Ok(Json(json!({ "success": true })))
    } else {
        Err(ApiError::bad_request(
            20001,
            "messageId is no message that came in on this channel",
        ))
    }
}

fn shape(sender: &SimSender, now: DateTime<Utc>, base: &str) -> Value {
    let reasons: Vec<Value> = sender
        .offline_reasons
        .iter()
        .map(|why| {
            let more = format!("https://www.twilio.com/docs/errors/{}", why.code);
            json!({ "code": why.code, "message": why.message, "more_info": more })
        })
        .collect();
    let mut json = json!({
        "sid": sender.sid, "status": sender.status_at(now), "sender_id": sender.sender_id,
        "configuration": {
            "waba_id": sender.waba_id, "verification_method": null, "verification_code": null, "voice_application_sid": null,
            "account_type": null,
        },
        "webhook": sender.webhook, "profile": sender.profile, "compliance": null,
        "properties": { "quality_rating": sender.quality_rating, "messaging_limit": sender.messaging_limit },
        "offline_reasons": if reasons.is_empty() { Value::Null } else { Value::Array(reasons) },
        "url": format!("{base}/v2/Channels/Senders/{}", sender.sid),
    });
    // Present together, or not at all.
    if let Some((name, status)) = &sender.pending_name {
        json["pending_display_name"] = json!(name);
        json["pending_display_name_status"] = json!(status);
        json["pending_display_name_status_date"] = json!(hosts::iso(now));
    }
    json
}
