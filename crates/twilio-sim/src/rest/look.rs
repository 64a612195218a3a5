//! What shows whether an account is ready, for the self-test: balance, services, countries, failed webhooks.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::DATE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Caller, errors::ApiError, shapes, too_many_readings};
use crate::shared::Shared;

/// With Twilio's own time in its header.
pub(super) async fn account(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
) -> Result<Response, ApiError> {
    too_many_readings(&shared)?;
    let (look, now) = shared.read(|state| (state.look.clone(), state.now()));
    let parent = shared.read(|state| state.numbers.parent(&account).map(str::to_owned));
    let mut json = shapes::account(&account, parent.as_deref());
    json["status"] = look.status.unwrap_or_else(|| "active".to_owned()).into();
    json["type"] = look.kind.unwrap_or_else(|| "Full".to_owned()).into();
    let at = now + TimeDelta::seconds(look.ahead_seconds);
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Ok(([(DATE, date)], Json(json)).into_response())
}

pub(super) async fn balance(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
) -> Result<Json<Value>, ApiError> {
    let balance = shared
        .read(|state| state.look.balance.clone())
        .unwrap_or_else(|| "100.00".to_owned());
    if balance.is_empty() {
        return Err(ApiError::not_found(&format!("/2010-04-01/Accounts/{account}/Balance.json")));
    }
    Ok(Json(json!({ "account_sid": account, "balance": balance, "currency": "USD" })))
}

/// Numbers as whoever looks finds them: without those that are missing, and with what is wrong about the others.
pub(super) fn as_looked_at(shared: &Shared, numbers: Vec<Value>) -> Value {
    let look = shared.read(|state| state.look.clone());
    let there = numbers.into_iter().filter_map(|mut shape| {
        let phone = shape["phone_number"].as_str().unwrap_or_default().to_owned();
        if look.missing.contains(&phone) {
            return None;
        }
        let Some(wrong) = look.numbers.get(&phone).cloned() else {
            return Some(shape);
        };
        if let Some(url) = wrong.sms_url {
            shape["sms_url"] = url.into();
        }
        if let Some(method) = wrong.sms_method {
            shape["sms_method"] = method.into();
        }
        shape["sms_fallback_url"] = wrong.sms_fallback_url.into();
        shape["capabilities"]["sms"] = (!wrong.voice_only).into();
        Some(shape)
    });
    there.collect()
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(rename = "CountryCode", default)]
    country_code: String,
}

pub(super) async fn countries(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
    let closed = shared.read(|state| state.look.closed_countries.clone());
    let asked = which.country_code.split(',').filter(|code| !code.is_empty());
    let permissions: Vec<Value> = asked
        .map(|code| {
            let enabled = !closed.iter().any(|one| one == code);
            json!({ "country_code": code, "type": "country", "enabled": enabled, "prefix": "", "message": "" })
        })
        .collect();
    Json(json!({ "permissions": permissions, "meta": meta("permissions") }))
}

pub(super) async fn alerts(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let alerts = shared.read(|state| state.look.alerts.clone());
    let shapes: Vec<Value> = alerts
        .iter()
        .map(|(code, url)| json!({ "error_code": code, "log_level": "error", "request_url": url, "request_method": "POST" }))
        .collect();
    Json(json!({ "alerts": shapes, "meta": meta("alerts") }))
}

fn meta(key: &str) -> Value {
    json!({ "page": 0, "page_size": 100, "next_page_url": null, "key": key })
}
