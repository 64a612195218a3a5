//! Numbers: those that are for sale, and those that an account has.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::create::{after_storing, before_storing, torn};
use super::errors::ApiError;
use super::{Caller, shapes, too_many_readings};
use crate::faults::FaultKind;
use crate::form::Form;
use crate::listener::Wire;
use crate::numbers::SimNumber;
use crate::shared::Shared;
use crate::words::is_phone;

pub(super) async fn available(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path((_, country, file)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let path = format!("/2010-04-01/Accounts/{account}/AvailablePhoneNumbers/{country}/{file}");
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let shelf = file.trim_end_matches(".json");
    let found = shared.read(|state| state.numbers.for_sale(&country, shelf, query.filled("AreaCode")));
    let found = found.ok_or_else(|| ApiError::not_found(&path))?;
    let one = |phone: &String| {
        json!({
            "friendly_name": phone, "phone_number": phone, "lata": null, "locality": if shelf == "Local" { Some("San Francisco") } else { None },
            "rate_center": null, "latitude": null, "longitude": null, "region": if shelf == "Local" { Some("CA") } else { None },
            "postal_code": null, "iso_country": country, "address_requirements": "none", "beta": false,
            "capabilities": { "voice": true, "SMS": true, "MMS": true },
        })
    };
    let list: Vec<Value> = found.iter().map(one).collect();
    Ok(Json(json!({ "available_phone_numbers": list, "uri": path })))
}

/// Buys a number. Faults of creates meet it, too: one `to` the number that is bought, or the next one.
pub(super) async fn buy(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = Form::parse(&body);
    let phone = form.get("PhoneNumber").unwrap_or_default().to_owned();
    shared.write(|state| state.numbers.purchases += 1);
    let (fault, _) = shared.write(|state| state.take_faults(&phone));
    if let Some(fault) = &fault {
        before_storing(fault).await?;
    }
    if !is_phone(&phone) {
        return Err(ApiError::bad_request(21421, "PhoneNumber is invalid"));
    }
    if shared.read(|state| state.numbers.owner(&phone).is_some()) {
        return Err(ApiError::bad_request(21422, "PhoneNumber is not available"));
    }
    let number = shared.write(|state| {
        let sid = state.numbers.add(&account, &phone).sid;
        state.numbers.change(&sid, |number| fill(number, &form))
    });
    let number = number.ok_or_else(ApiError::internal)?;
    if let Some(fault) = &fault {
        after_storing(fault, &wire).await?;
    }
    let json = shapes::number_of(&number);
    if fault.is_some_and(|fault| fault.kind == FaultKind::TornAnswer) {
        return Ok(torn(&json.to_string()));
    }
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

fn fill(number: &mut SimNumber, form: &Form) {
    let mut put = |name: &str, into: fn(&mut SimNumber) -> &mut String| {
        if let Some(value) = form.get(name) {
            value.clone_into(into(number));
        }
    };
    put("FriendlyName", |n| &mut n.friendly_name);
    put("SmsUrl", |n| &mut n.sms_url);
    put("SmsMethod", |n| &mut n.sms_method);
    put("SmsApplicationSid", |n| &mut n.sms_application_sid);
}

fn gone(account: &str, file: &str) -> ApiError {
    ApiError::not_found(&format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{file}"))
}

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path((_, file)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    let sid = file.trim_end_matches(".json");
    let found = shared.read(|state| state.numbers.by_sid(&account, sid).cloned());
    found
        .map(|number| Json(shapes::number_of(&number)))
        .ok_or_else(|| gone(&account, &file))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path((_, file)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (sid, form) = (file.trim_end_matches(".json"), Form::parse(&body));
    let number = shared.write(|state| {
        state.numbers.by_sid(&account, sid)?;
        state.numbers.change(sid, |number| fill(number, &form))
    });
    number
        .map(|number| Json(shapes::number_of(&number)))
        .ok_or_else(|| gone(&account, &file))
}

pub(super) async fn release(
    State(shared): State<Arc<Shared>>,
    Extension(Caller(account)): Extension<Caller>,
    Path((_, file)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let sid = file.trim_end_matches(".json");
    let had = shared.write(|state| state.numbers.release(&account, sid));
    if had {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(gone(&account, &file))
    }
}
