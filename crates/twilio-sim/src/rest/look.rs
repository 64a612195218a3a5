//! What shows whether an account is ready (docs/twilio.md §16 of the self-test): balance, services, countries, failed webhooks.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::header::DATE;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Caller, caller, errors::ApiError, shapes};
use crate::shared::Shared;

/// Paths of Twilio's other hosts: whose they are only the credentials tell.
pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/Services", get(services))
        .route("/v1/Services/{service}/PhoneNumbers", get(numbers_of))
        .route("/v1/Messaging/GeoPermissions", get(countries))
        .route("/v1/Alerts", get(alerts))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), authenticate))
}

async fn authenticate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if caller(&shared, &request).is_none() {
        return ApiError::authenticate().into_response();
    }
    next.run(request).await
}

/// With Twilio's own time in its header.
pub(super) async fn account(State(shared): State<Arc<Shared>>, Extension(Caller(account)): Extension<Caller>) -> Response {
    let (look, now) = shared.read(|state| (state.look.clone(), state.now()));
    let mut json = shapes::account(&account);
    json["status"] = look.status.unwrap_or_else(|| "active".to_owned()).into();
    json["type"] = look.kind.unwrap_or_else(|| "Full".to_owned()).into();
    let at = now + TimeDelta::seconds(look.ahead_seconds);
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    ([(DATE, date)], Json(json)).into_response()
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

/// A number that is asked for by name is there, unless it was said not to be.
pub(super) fn number(shared: &Shared, account: &str, phone: &str) -> Value {
    shared.read(|state| {
        let look = &state.look;
        if look.missing.iter().any(|one| one == phone) {
            return json!([]);
        }
        let wrong = look.numbers.get(phone).cloned().unwrap_or_default();
        let url = wrong.sms_url.or_else(|| state.inbound_url.clone());
        let mut shape = shapes::number(account, phone, url.as_deref());
        shape["sms_method"] = wrong.sms_method.unwrap_or_else(|| "POST".to_owned()).into();
        shape["sms_fallback_url"] = wrong.sms_fallback_url.into();
        shape["capabilities"]["sms"] = (!wrong.voice_only).into();
        json!([shape])
    })
}

fn service_sid(at: usize) -> String {
    format!("MG{at:032x}")
}

async fn services(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let services = shared.read(|state| state.look.services.clone());
    let shapes: Vec<Value> = services
        .iter()
        .enumerate()
        .map(|(at, one)| {
            json!({
                "sid": service_sid(at),
                "account_sid": shared.account_sid,
                "friendly_name": one.name,
                "inbound_request_url": one.inbound_request_url,
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": one.use_inbound_webhook_on_number,
            })
        })
        .collect();
    Json(json!({ "services": shapes, "meta": meta("services") }))
}

async fn numbers_of(State(shared): State<Arc<Shared>>, Path(service): Path<String>) -> Result<Json<Value>, ApiError> {
    let services = shared.read(|state| state.look.services.clone());
    let found = services.iter().enumerate().find(|(at, _)| service_sid(*at) == service);
    let Some((_, found)) = found else {
        return Err(ApiError::not_found(&format!("/v1/Services/{service}")));
    };
    let numbers: Vec<Value> = found
        .phones
        .iter()
        .map(|phone| json!({ "phone_number": phone, "service_sid": service, "capabilities": ["SMS"] }))
        .collect();
    Ok(Json(json!({ "phone_numbers": numbers, "meta": meta("phone_numbers") })))
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "CountryCode", default)]
    country_code: String,
}

async fn countries(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
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

async fn alerts(State(shared): State<Arc<Shared>>) -> Json<Value> {
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
