//! What can be told about WhatsApp.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::life;
use crate::shared::Shared;
use crate::whatsapp::{ReviewPace, SenderState, SimSender, Verdict};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/contents", get(contents))
        .route("/control/contents/{sid}/approval", post(approval))
        .route("/control/review", post(review))
        .route("/control/senders", get(senders).post(own_sender))
        .route("/control/senders/state", post(sender_state))
        .route("/control/window/close", post(close_window))
        .route("/control/receipts", post(receipts))
        .route("/control/read", post(read))
}

/// All contents, oldest first, each with how it stands.
async fn contents(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let found: Vec<Value> = shared.read(|state| {
        let one = |content| {
            let content: &crate::whatsapp::SimContent = content;
            let standing = state.whatsapp.standing(&content.sid, state.now());
            json!({ "content": content, "standing": standing })
        };
        state.whatsapp.contents().iter().map(one).collect()
    });
    Json(json!({ "contents": found }))
}

/// WhatsApp says how a template stands.
async fn approval(State(shared): State<Arc<Shared>>, Path(sid): Path<String>, Json(verdict): Json<Verdict>) -> StatusCode {
    if shared.write(|state| state.whatsapp.say(&sid, &verdict)) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// How fast templates are looked at, and whether by the clock; `{}`: as it comes.
async fn review(State(shared): State<Arc<Shared>>, Json(pace): Json<ReviewPace>) -> StatusCode {
    shared.write(|state| state.whatsapp.pace = pace);
    StatusCode::NO_CONTENT
}

async fn senders(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let senders = shared.read(|state| state.whatsapp.senders().to_vec());
    Json(json!({ "senders": senders }))
}

#[derive(Deserialize)]
struct OwnSender {
    /// The main account, if not given.
    account_sid: Option<String>,
    phone: String,
    callback_url: Option<String>,
    status_callback_url: Option<String>,
}

/// A sender that an account has, as if it had been made in the console.
async fn own_sender(State(shared): State<Arc<Shared>>, Json(own): Json<OwnSender>) -> (StatusCode, Json<SimSender>) {
    let account = own.account_sid.as_ref().unwrap_or(&shared.account_sid);
    let sender = shared.write(|state| {
        let now = state.now();
        let sender = state.whatsapp.add_sender(account, &own.phone, "ONLINE", now);
        let urls = [
            ("callback_url", own.callback_url),
            ("status_callback_url", own.status_callback_url),
        ];
        let changed = state.whatsapp.change_sender(&sender.sid, |sender| {
            let told = urls
                .into_iter()
                .filter_map(|(name, url)| Some((name.to_owned(), Value::String(url?))));
            sender.webhook.extend(told);
        });
        changed.unwrap_or(sender)
    });
    (StatusCode::CREATED, Json(sender))
}

#[derive(Deserialize)]
struct ToldSender {
    sender_id: String,
    #[serde(flatten)]
    state: serde_json::Map<String, Value>,
}

/// How a sender is from now on; what is not given stays.
async fn sender_state(
    State(shared): State<Arc<Shared>>,
    Json(told): Json<ToldSender>,
) -> Result<Json<SimSender>, (StatusCode, String)> {
    let state: SenderState =
        serde_json::from_value(Value::Object(told.state)).map_err(|e| (StatusCode::UNPROCESSABLE_ENTITY, e.to_string()))?;
    let sender = shared.write(|all| all.whatsapp.set_sender(&told.sender_id, state));
    sender.map(Json).ok_or((StatusCode::NOT_FOUND, "no such sender".to_owned()))
}

#[derive(Deserialize)]
struct Pair {
    sender_id: String,
    person: String,
}

/// A person's 24 hours are over.
async fn close_window(State(shared): State<Arc<Shared>>, Json(pair): Json<Pair>) -> StatusCode {
    shared.write(|state| state.whatsapp.close_window(&pair.sender_id, &pair.person));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Receipts {
    person: String,
    on: bool,
}

async fn receipts(State(shared): State<Arc<Shared>>, Json(told): Json<Receipts>) -> StatusCode {
    shared.write(|state| state.whatsapp.set_receipts(&told.person, told.on));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Reader {
    person: String,
}

/// A person looks at their WhatsApp. Answers when the webhooks have answered.
async fn read(State(shared): State<Arc<Shared>>, Json(reader): Json<Reader>) -> StatusCode {
    life::read_all(&shared, &reader.person).await;
    StatusCode::NO_CONTENT
}
