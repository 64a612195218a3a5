//! Creating a message, with all that can go wrong.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use tokio::time::sleep;
use twilio::address::Address;

use super::compose::{check_channel, compose};
use super::errors::{ApiError, refusal};
use super::{Caller, shapes};
use crate::faults::{Fault, FaultKind, Plan};
use crate::form::Form;
use crate::life;
use crate::listener::Wire;
use crate::shared::Shared;
use crate::state::{Direction, Draft, SimMessage};
use crate::whatsapp::PREFIX;
use crate::words::{is_phone, is_sender, new_sid};

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = Form::parse(&body);
    let said = |name| form.get(name).unwrap_or_default();
    let seq = shared.write(|state| {
        state.begin_create(
            said("To"),
            said("Body"),
            said("StatusCallback"),
            said("ValidityPeriod").parse().ok(),
        )
    });
    let content = form
        .filled("ContentSid")
        .map(|sid| (sid.to_owned(), said("ContentVariables").to_owned()));
    shared.write(|state| state.note_create(seq, |c| c.content = content));
    let answer = answer(&shared, caller, &wire, &form, seq).await;
    let http = answer.as_ref().map_or_else(ApiError::status, Response::status).as_u16();
    shared.write(|state| state.note_create(seq, |c| c.http = (!wire.is_cut()).then_some(http)));
    answer
}

async fn answer(shared: &Arc<Shared>, caller: Caller, wire: &Wire, form: &Form, seq: u64) -> Result<Response, ApiError> {
    if !shared.write(|state| state.in_pace(&caller.0)) {
        return Err(ApiError::too_many(None));
    }
    let (draft, fail) = read(shared, caller, form)?;
    let (fault, mut plan) = shared.write(|state| state.take_faults(&draft.to));
    plan.fail = plan.fail.or(fail);
    if let Some(fault) = &fault {
        before_storing(fault).await?;
    }
    let message = match fault.as_ref().filter(|fault| fault.kind == FaultKind::StoreLate) {
        Some(fault) => store_late(shared, draft, plan, seq, fault).await?,
        None => store(shared, draft, plan, seq).await,
    };
    if let Some(fault) = &fault {
        after_storing(fault, wire).await?;
    }
    let json = shapes::message(&message);
    if fault.is_some_and(|fault| fault.kind == FaultKind::TornAnswer) {
        return Ok(torn(&json.to_string()));
    }
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

async fn store(shared: &Arc<Shared>, draft: Draft, plan: Plan, seq: u64) -> SimMessage {
    let message = shared.write(|state| {
        let message = state.add(draft);
        state.note_create(seq, |c| c.sid = Some(message.sid.clone()));
        message
    });
    begin(shared, &message, plan).await;
    message
}

/// In a task of its own: it happens even if the caller hangs up meanwhile.
async fn store_late(shared: &Arc<Shared>, draft: Draft, plan: Plan, seq: u64, fault: &Fault) -> Result<SimMessage, ApiError> {
    let (late, wait) = (Arc::clone(shared), fault.wait());
    let task = tokio::spawn(async move {
        sleep(wait).await;
        store(&late, draft, plan, seq).await
    });
    task.await.map_err(|_| ApiError::internal())
}

/// HTTP 201 with the first half of its body.
pub(super) fn torn(json: &str) -> Response {
    let half = json.get(..json.len() / 2).unwrap_or_default().to_owned();
    let chunks = [Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_LENGTH, json.len().to_string()),
    ];
    (StatusCode::CREATED, headers, Body::from_stream(futures::stream::iter(chunks))).into_response()
}

/// Starts the message on its way; with an early callback, that one is over before this returns.
async fn begin(shared: &Arc<Shared>, message: &SimMessage, plan: Plan) {
    if plan.early {
        life::send_early(shared, &message.sid).await;
    }
    life::start(shared, &message.sid, plan);
}

pub(super) async fn before_storing(fault: &Fault) -> Result<(), ApiError> {
    match fault.kind {
        FaultKind::Refuse => Err(refusal(fault.code.unwrap_or(21610))),
        FaultKind::RateLimit => Err(ApiError::too_many(fault.ms.map(|ms| ms.div_ceil(1000)))),
        FaultKind::ErrorBefore => Err(ApiError::internal()),
        FaultKind::TimeoutBefore => {
            sleep(fault.wait()).await;
            Err(ApiError::internal())
        }
        _ => Ok(()),
    }
}

pub(super) async fn after_storing(fault: &Fault, wire: &Wire) -> Result<(), ApiError> {
    match fault.kind {
        FaultKind::ErrorAfter => return Err(ApiError::internal()),
        FaultKind::Timeout => sleep(fault.wait()).await,
        FaultKind::ResetAfter => wire.cut(),
        _ => {}
    }
    Ok(())
}

/// Reads and checks the parameters in about the order Twilio does. With them comes what the message will fail with once it was taken.
fn read(shared: &Shared, Caller(account_sid): Caller, form: &Form) -> Result<(Draft, Option<i32>), ApiError> {
    let to = form
        .filled("To")
        .ok_or_else(|| ApiError::bad_request(21604, "A 'To' phone number is required."))?;
    let service = form.filled("MessagingServiceSid");
    let from = form.filled("From");
    let sender = from
        .or(service)
        .ok_or_else(|| ApiError::bad_request(21603, "A 'From' phone number is required."))?;
    check_body(form)?;
    check_to(to)?;
    if let Some(from) = from {
        check_from(from, to)?;
    }
    check_callback(form.filled("StatusCallback"))?;
    let composed = shared.read(|state| {
        check_channel(state, &account_sid, to, from)?;
        compose(state, &account_sid, form, to, from)
    })?;
    if composed.body.chars().count() > 1600 {
        return Err(refusal(21617));
    }
    if shared.read(|state| state.is_opted_out(to, sender)) {
        return Err(refusal(21610));
    }
    let draft = Draft {
        sid: new_sid(if composed.content.is_some() { "MM" } else { "SM" }),
        account_sid,
        direction: Direction::Outbound,
        from: from.map(str::to_owned),
        to: to.to_owned(),
        body: composed.body,
        content: composed.content,
        status: if service.is_some() { "accepted" } else { "queued" },
        messaging_service_sid: service.map(str::to_owned),
        status_callback: form.filled("StatusCallback").map(str::to_owned),
    };
    Ok((draft, composed.fail))
}

fn check_body(form: &Form) -> Result<(), ApiError> {
    let length = form.get("Body").unwrap_or_default().chars().count();
    if length > 1600 {
        return Err(refusal(21617));
    }
    if length == 0 && form.filled("MediaUrl").is_none() && form.filled("ContentSid").is_none() {
        Err(refusal(21602))
    } else {
        Ok(())
    }
}

/// The last digits are Twilio's magic numbers (docs/twilio.md §10).
fn check_to(to: &str) -> Result<(), ApiError> {
    match to {
        "+15005550001" => Err(invalid_to(to)),
        "+15005550002" => Err(refusal(21612)),
        "+15005550003" => Err(refusal(21408)),
        "+15005550004" => Err(refusal(21610)),
        "+15005550009" => Err(refusal(21614)),
        _ if is_phone(to) || is_person(to) => Ok(()),
        _ => Err(invalid_to(to)),
    }
}

/// Somebody on WhatsApp whose number nobody knows.
fn is_person(to: &str) -> bool {
    to.starts_with(PREFIX) && Address::parse(to).is_some()
}

fn invalid_to(to: &str) -> ApiError {
    ApiError::bad_request(21211, format!("Invalid 'To' Phone Number: {to}"))
}

fn check_from(from: &str, to: &str) -> Result<(), ApiError> {
    match from {
        "+15005550001" => Err(refusal(21212)),
        "+15005550007" => Err(refusal(21606)),
        "+15005550008" => Err(refusal(21611)),
        _ if from == to => Err(ApiError::bad_request(21266, "'To' and 'From' number cannot be the same")),
        _ if is_sender(from) => Ok(()),
        _ => Err(refusal(21212)),
    }
}

fn check_callback(url: Option<&str>) -> Result<(), ApiError> {
    let good = |url: &str| url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    if url.is_none_or(good) { Ok(()) } else { Err(refusal(21609)) }
}
