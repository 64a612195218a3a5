//! What lives at `messaging.twilio.com`: Messaging Services, campaigns, brands and toll-free verifications. Each account has one service,
//! which all its numbers are in that were not taken out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::errors::ApiError;
use super::{Caller, too_many_readings};
use crate::form::Form;
use crate::look::LookedService;
use crate::numbers::SimNumber;
use crate::shared::Shared;

/// The SID of an account's service: its own with other letters.
fn sid_of(prefix: &str, account: &str) -> String {
    format!("{prefix}{}", account.get(2..).unwrap_or_default())
}

fn shape(shared: &Shared, account: &str) -> Value {
    let service = shared.read(|state| state.numbers.service(account));
    json!({
        "sid": sid_of("MG", account), "account_sid": account, "friendly_name": "Showup", "inbound_request_url": service.inbound_url,
        "inbound_method": "POST", "status_callback": null, "use_inbound_webhook_on_number": service.defers_to_number,
        "usecase": "undeclared", "us_app_to_person_registered": true,
    })
}

fn meta(key: &str) -> Value {
    json!({ "page": 0, "page_size": 50, "next_page_url": null, "previous_page_url": null, "key": key })
}

fn not_found(path: &str) -> ApiError {
    ApiError::not_found(&format!("/v1/{path}"))
}

pub(super) async fn services(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let told = shared.read(|state| state.look.services.clone());
    let mut services: Vec<Value> = told
        .iter()
        .enumerate()
        .map(|(at, one)| looked_at(&account, at, one))
        .collect();
    if services.is_empty() {
        services.push(shape(&shared, &account));
    }
    Ok(Json(json!({ "services": services, "meta": meta("services") })))
}

fn told_sid(at: usize) -> String {
    format!("MG{at:032x}")
}

/// A service that whoever looks was told of.
fn looked_at(account: &str, at: usize, one: &LookedService) -> Value {
    json!({
        "sid": told_sid(at), "account_sid": account, "friendly_name": one.name, "inbound_request_url": one.inbound_request_url,
        "inbound_method": "POST", "use_inbound_webhook_on_number": one.use_inbound_webhook_on_number,
    })
}

pub(super) async fn numbers_of(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let told = shared.read(|state| state.look.services.clone());
    let told = told.into_iter().enumerate().find(|(at, _)| told_sid(*at) == sid);
    let phones: Vec<String> = match told {
        Some((_, told)) => told.phones,
        None if sid == sid_of("MG", &account) => shared.read(|state| {
            let inside = state
                .numbers
                .of(&account)
                .filter(|n| state.numbers.registration(&n.phone).in_service);
            inside.map(|n| n.phone.clone()).collect()
        }),
        None => return Err(not_found(&format!("Services/{sid}"))),
    };
    let shape = |phone: &String| json!({ "phone_number": phone, "service_sid": sid, "capabilities": ["SMS"] });
    let numbers: Vec<Value> = phones.iter().map(shape).collect();
    Ok(Json(json!({ "phone_numbers": numbers, "meta": meta("phone_numbers") })))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    if sid != sid_of("MG", &account) {
        return Err(not_found(&format!("Services/{sid}")));
    }
    let form = Form::parse(&body);
    shared.write(|state| {
        let mut service = state.numbers.service(&account);
        if let Some(url) = form.get("InboundRequestUrl") {
            service.inbound_url = Some(url.to_owned()).filter(|url| !url.is_empty());
        }
        if let Some(defers) = form.get("UseInboundWebhookOnNumber") {
            service.defers_to_number = defers == "true";
        }
        state.numbers.set_service(&account, service);
    });
    Ok(Json(shape(&shared, &account)))
}

pub(super) async fn number(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path((service, sid)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = found(&shared, &account, &sid);
    let inside =
        found.filter(|n| service == sid_of("MG", &account) && shared.read(|s| s.numbers.registration(&n.phone)).in_service);
    let number = inside.ok_or_else(|| not_found(&format!("Services/{service}/PhoneNumbers/{sid}")))?;
    Ok(Json(json!({
        "sid": number.sid, "account_sid": account, "service_sid": service, "phone_number": number.phone, "country_code": "US",
        "capabilities": ["SMS", "MMS", "Voice"],
    })))
}

/// A number of the account; those that were only ever seen are known by their digits.
fn found(shared: &Shared, account: &str, sid: &str) -> Option<SimNumber> {
    shared.write(|state| {
        state.keep_seen(account);
        state.numbers.by_sid(account, sid).cloned()
    })
}

/// The service has one campaign; how it stands is the worst of what its numbers were told to be, so that a test can say it of one.
pub(super) async fn campaigns(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(service): Path<String>,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    if service != sid_of("MG", &account) {
        return Err(not_found(&format!("Services/{service}/Compliance/Usa2p")));
    }
    let told = shared.read(|state| {
        let mut all = state.numbers.of(&account).map(|n| state.numbers.registration(&n.phone));
        all.find(|how| *how != Default::default()).unwrap_or_default()
    });
    let errors: Vec<Value> = Some(&told.why)
        .filter(|why| !why.is_empty())
        .map(|why| json!({ "error_code": 30897, "fields": ["MESSAGE_FLOW"], "description": why }))
        .into_iter()
        .collect();
    let campaign = told.campaign.as_ref().map(|status| {
        json!({
            "sid": sid_of("QE", &account), "account_sid": account, "brand_registration_sid": sid_of("BN", &account),
            "messaging_service_sid": service, "campaign_status": status, "mock": told.mock, "errors": errors,
            "us_app_to_person_usecase": "ACCOUNT_NOTIFICATION",
        })
    });
    Ok(Json(
        json!({ "compliance": campaign.into_iter().collect::<Vec<_>>(), "meta": meta("compliance") }),
    ))
}

pub(super) async fn brand(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if sid != sid_of("BN", &account) {
        return Err(not_found(&format!("a2p/BrandRegistrations/{sid}")));
    }
    let status = shared.read(|state| {
        let mut all = state.numbers.of(&account).map(|n| state.numbers.registration(&n.phone).brand);
        all.find(|status| status != "APPROVED")
            .unwrap_or_else(|| "APPROVED".to_owned())
    });
    Ok(Json(
        json!({ "sid": sid, "account_sid": account, "brand_type": "STANDARD", "status": status, "mock": false }),
    ))
}

pub(super) async fn verifications(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let number = query
        .filled("TollfreePhoneNumberSid")
        .and_then(|sid| found(&shared, &account, sid));
    let told = number.and_then(|number| {
        let how = shared.read(|state| state.numbers.registration(&number.phone));
        Some((number, how.toll_free.clone()?, how.why))
    });
    let list: Vec<Value> = told
        .map(|(number, status, why)| {
            json!({
                "sid": sid_of("HH", &account), "account_sid": account, "status": status, "rejection_reason": why,
                "rejection_reasons": [], "tollfree_phone_number_sid": number.sid, "tollfree_phone_number": number.phone,
            })
        })
        .into_iter()
        .collect();
    Ok(Json(json!({ "verifications": list, "meta": meta("verifications") })))
}
