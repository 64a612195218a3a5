//! `/control/…`: the simulator told what to do, in JSON.

mod whatsapp;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::creates::Create;
use crate::faults::Fault;
use crate::inbound::{self, InboundText};
use crate::look::LookedAt;
use crate::mailbox::{ReportHook, SimMail};
use crate::numbers::{Registration, SimNumber};
use crate::shared::Shared;
use crate::state::SimMessage;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/faults", post(arm).delete(disarm))
        .route("/control/inbound", post(text))
        .route("/control/messages", get(messages))
        .route("/control/creates", get(creates))
        .route("/control/mails", get(mails))
        .route("/control/mail-reports", post(report_hook))
        .route("/control/delay", post(delay))
        .route("/control/pace", post(pace))
        .route("/control/shared-key", post(shared_key))
        .route("/control/inbound-url", post(inbound_url))
        .route("/control/numbers", post(own_number))
        .route("/control/registration", post(registration))
        .route("/control/network-answers", post(network_answers))
        .route("/control/account", post(account))
        .route("/control/look", post(look))
        .route("/control/clock", post(clock))
        .route("/control/reset", post(reset))
        .route("/control/state", get(overview))
        .merge(whatsapp::routes())
}

async fn arm(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> (StatusCode, Json<Fault>) {
    shared.write(|state| state.arm(fault.clone()));
    (StatusCode::CREATED, Json(fault))
}

async fn disarm(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.write(|state| state.disarm(|_| true));
    StatusCode::NO_CONTENT
}

/// Answers when the webhook has answered.
async fn text(State(shared): State<Arc<Shared>>, Json(text): Json<InboundText>) -> (StatusCode, Json<Value>) {
    let message = inbound::receive(&shared, &text);
    let calls = inbound::deliver(&shared, &message, &text).await;
    (
        StatusCode::CREATED,
        Json(json!({ "message_sid": message.sid, "webhook": calls })),
    )
}

#[derive(Deserialize)]
struct Which {
    to: Option<String>,
    from: Option<String>,
}

async fn messages(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
    let wanted = |m: &&SimMessage| {
        which.to.as_ref().is_none_or(|to| *to == m.to) && which.from.as_ref().is_none_or(|from| Some(from) == m.from.as_ref())
    };
    let found: Vec<SimMessage> = shared.read(|state| state.messages().filter(wanted).cloned().collect());
    Json(json!({ "messages": found }))
}

/// Every request to send, refused or not, oldest first.
async fn creates(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
    let wanted = |c: &&Create| which.to.as_ref().is_none_or(|to| *to == c.to);
    let found: Vec<Create> = shared.read(|state| state.creates().filter(wanted).cloned().collect());
    Json(json!({ "creates": found }))
}

/// The e-mails that were taken, oldest first; `to` and `from` are addresses of the envelope.
async fn mails(State(shared): State<Arc<Shared>>, Query(which): Query<Which>) -> Json<Value> {
    let wanted = |mail: &&SimMail| {
        which.to.as_ref().is_none_or(|to| mail.is_to(to))
            && which
                .from
                .as_ref()
                .is_none_or(|from| mail.envelope_from.eq_ignore_ascii_case(from))
    };
    let found: Vec<SimMail> = shared.read(|state| state.mails().filter(wanted).cloned().collect());
    Json(json!({ "mails": found }))
}

/// Where bounces and complaints are posted; `null`: nowhere.
async fn report_hook(State(shared): State<Arc<Shared>>, Json(hook): Json<Option<ReportHook>>) -> StatusCode {
    shared.write(|state| state.report_hook = hook.filter(|hook| !hook.url.is_empty()));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Delay {
    ms: u64,
}

async fn delay(State(shared): State<Arc<Shared>>, Json(delay): Json<Delay>) -> StatusCode {
    shared.write(|state| state.delay = Duration::from_millis(delay.ms));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Pace {
    /// The main account, if not given.
    account_sid: Option<String>,
    most_per_second: Option<u32>,
}

/// Creates above this rate are answered with HTTP 429.
async fn pace(State(shared): State<Arc<Shared>>, Json(pace): Json<Pace>) -> StatusCode {
    let account = pace.account_sid.as_ref().unwrap_or(&shared.account_sid);
    shared.write(|state| state.set_rate(account, pace.most_per_second));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct SharedKey {
    /// The main account, if not given.
    account_sid: Option<String>,
    /// Without one webhooks are signed with the account's token.
    id: Option<String>,
    #[serde(default)]
    secret: String,
}

async fn shared_key(State(shared): State<Arc<Shared>>, Json(key): Json<SharedKey>) -> StatusCode {
    let account = key.account_sid.as_ref().unwrap_or(&shared.account_sid);
    let pair = key.id.as_ref().map(|id| (id.as_str(), key.secret.as_str()));
    shared.write(|state| state.set_shared_key(account, pair));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Clock {
    now: DateTime<Utc>,
}

/// Sets the simulator's clock; it runs on from there.
async fn clock(State(shared): State<Arc<Shared>>, Json(clock): Json<Clock>) -> StatusCode {
    shared.write(|state| state.set_time(clock.now));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct InboundUrl {
    url: Option<String>,
}

async fn inbound_url(State(shared): State<Arc<Shared>>, Json(to): Json<InboundUrl>) -> StatusCode {
    shared.write(|state| state.inbound_url = to.url.filter(|url| !url.is_empty()));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct OwnNumber {
    /// The main account, if not given.
    account_sid: Option<String>,
    phone: String,
    sms_url: Option<String>,
}

/// A number that an account has, as if it had bought it long ago.
async fn own_number(State(shared): State<Arc<Shared>>, Json(own): Json<OwnNumber>) -> (StatusCode, Json<SimNumber>) {
    let account = own.account_sid.as_ref().unwrap_or(&shared.account_sid);
    let number = shared.write(|state| {
        let number = state.numbers.add(account, &own.phone);
        let url = own.sms_url.clone();
        let changed = url.and_then(|url| state.numbers.change(&number.sid, |n| n.sms_url = url));
        changed.unwrap_or(number)
    });
    (StatusCode::CREATED, Json(number))
}

#[derive(Deserialize)]
struct Registered {
    phone: String,
    #[serde(flatten)]
    how: serde_json::Map<String, Value>,
}

/// How a number is registered; what is not given is in order.
async fn registration(
    State(shared): State<Arc<Shared>>,
    Json(told): Json<Registered>,
) -> Result<StatusCode, (StatusCode, String)> {
    let how: Registration =
        serde_json::from_value(Value::Object(told.how)).map_err(|e| (StatusCode::UNPROCESSABLE_ENTITY, e.to_string()))?;
    shared.write(|state| state.numbers.register(&told.phone, how));
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NetworkAnswers {
    phone: String,
    answers: bool,
}

/// Whether the network itself answers HELP, START and STOP at a number.
async fn network_answers(State(shared): State<Arc<Shared>>, Json(told): Json<NetworkAnswers>) -> StatusCode {
    shared.write(|state| state.numbers.set_quiet(&told.phone, !told.answers));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Account {
    account_sid: String,
    /// None: it is not known any more.
    token: Option<String>,
    /// The account it is a part of.
    parent: Option<String>,
}

/// Another account, or another token for one.
async fn account(State(shared): State<Arc<Shared>>, Json(told): Json<Account>) -> StatusCode {
    shared.write(|state| {
        state.set_account(&told.account_sid, told.token.as_deref());
        if let Some(parent) = &told.parent {
            state.numbers.set_parent(&told.account_sid, parent);
        }
    });
    StatusCode::NO_CONTENT
}

/// What whoever looks at the accounts finds wrong from now on; `{}`: nothing.
async fn look(State(shared): State<Arc<Shared>>, Json(look): Json<LookedAt>) -> StatusCode {
    shared.write(|state| state.look = look);
    StatusCode::NO_CONTENT
}

async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.write(crate::state::State::reset);
    StatusCode::NO_CONTENT
}

async fn overview(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.read(|state| {
        json!({
            "account_sid": shared.account_sid,
            "inbound_url": state.inbound_url,
            "delay_ms": u64::try_from(state.delay.as_millis()).unwrap_or(u64::MAX),
            "messages": state.messages().count(),
            "outbound": state.outbound().count(),
            "mails": state.mails().count(),
            "faults": state.faults(),
            "opted_out": state.opted_out().map(|(phone, sender)| json!({ "phone": phone, "sender": sender })).collect::<Vec<_>>(),
            "webhook_calls": state.calls().collect::<Vec<_>>(),
        })
    }))
}
