//! Webhooks: Twilio's, and that of the mail server. Signature first: who can't sign learns nothing and changes nothing (docs/twilio.md §1).

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{OriginalUri, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{Code, Problem};
use serde::Deserialize;
use services::{
    Services,
    channels::connections::{self, Connection},
    delivery,
    delivery::About,
    receiving::{self, returned},
};
use tracing::Instrument;
use twilio::{forms, signature};
use uuid::Uuid;

use crate::rest::ApiError;

/// Twilio sends a few hundred bytes; a text of 1,600 emoji with every parameter stays far below this.
pub const MOST_BYTES: usize = 128 * 1024;

/// `POST /webhooks/twilio/inbound`: a customer wrote. Answered after it is stored.
pub async fn inbound(
    State(s): State<Services>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let account = check(&s, &uri, &headers, &body)?;
    let form = forms::Inbound::parse(&body).map_err(malformed)?;
    speaks_for(&account, &form.account_sid)?;
    let raw = String::from_utf8_lossy(&body).into_owned();
    to_the_end(async move { receiving::receive(&s, &form, &raw).await }).await?;
    // No words of ours here: what we send goes through the API, so that it has an id and a status.
    Ok((
        [(header::CONTENT_TYPE, "text/xml")],
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>",
    )
        .into_response())
}

#[derive(Deserialize)]
pub struct Ours {
    message_id: Option<Uuid>,
    attempt: Option<i32>,
}

/// `POST /webhooks/twilio/status?message_id=…&attempt=…`: how a text of ours is doing.
pub async fn status(
    State(s): State<Services>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    query: Result<Query<Ours>, axum::extract::rejection::QueryRejection>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let account = check(&s, &uri, &headers, &body)?;
    let Query(Ours { message_id, attempt }) =
        query.map_err(|_| Problem::new(Code::Malformed, "message_id or attempt is not what we wrote there."))?;
    let form = forms::Status::parse(&body).map_err(malformed)?;
    speaks_for(&account, &form.account_sid)?;
    to_the_end(async move { delivery::status_changed(&s, About { message_id, attempt }, &form).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /webhooks/twilio/probe`: whether a signature survives the way in. It says so, and does nothing.
pub async fn probe(
    State(s): State<Services>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    check(&s, &uri, &headers, &body)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /webhooks/mail/bounce`: a mail as it came to the address that mail of ours comes back to, whole. Who hands it over shows
/// `MAIL_BOUNCE_SECRET` as a bearer token.
pub async fn mail_returned(State(s): State<Services>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, ApiError> {
    let text = |name: &header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let secret = text(&header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    match returned::may_hand_over(&s, secret) {
        Some(true) => {}
        Some(false) => {
            tracing::warn!("mail that came back was refused: the secret is another one");
            return Err(Problem::new(Code::NotAllowed, "This secret is not MAIL_BOUNCE_SECRET.").into());
        }
        None => return Err(Problem::new(Code::NotFound, "No mail comes back here: MAIL_BOUNCE_ADDRESS is not set.").into()),
    }
    let heard = to_the_end(async move { returned::take(&s, &body).await }).await?;
    tracing::info!(?heard, "mail came back");
    Ok(StatusCode::NO_CONTENT)
}

/// Twilio waits 15 seconds in all (docs/twilio.md §2); a clear no in time lets it go to its fallback or ask again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs on even if Twilio hangs up meanwhile: it will not ask again, so what was handed to us must be stored.
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = services::Result<T>> + Send + 'static) -> Result<T, ApiError> {
    // In the request's span, so that every line about it carries its id.
    let work = work.instrument(tracing::Span::current());
    match tokio::time::timeout(PATIENCE, tokio::spawn(work)).await {
        Ok(Ok(done)) => Ok(done?),
        Err(_) => {
            tracing::error!("a webhook could not be stored in time; it is still being tried");
            Err(Problem::new(Code::Unavailable, "The database does not answer. Please send it again.").into())
        }
        Ok(Err(cause)) => {
            tracing::error!(%cause, "a webhook broke off");
            Err(Problem::new(Code::Internal, "This could not be stored. Please send it again.").into())
        }
    }
}

/// Settings that are not text: they mean nothing, so nothing that is signed by them is believed.
const UNREADABLE: &str = "algorithm=unreadable";

/// The account that signed this: the one it names, else the installation's.
fn check(s: &Services, uri: &axum::http::Uri, headers: &HeaderMap, body: &Bytes) -> Result<Arc<Connection>, Problem> {
    let refused = || Problem::new(Code::NotAllowed, "This request is not signed by our Twilio account.");
    let account = connections::named(s, forms::claimed_account(body).as_deref()).ok_or_else(refused)?;
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let twice = |name: &str| headers.get_all(name).iter().nth(1).is_some();
    if twice("x-twilio-signature") || twice(signature::SETTINGS_HEADER) {
        tracing::warn!(
            path = uri.path(),
            "webhook refused: a header about its signature is there twice"
        );
        return Err(refused());
    }
    let settings = headers
        .get(signature::SETTINGS_HEADER)
        .map(|v| v.to_str().unwrap_or(UNREADABLE));
    let path = uri.path_and_query().map_or(uri.path(), |p| p.as_str());
    // From the configured address, not from Host: proxies rewrite that, and anybody can.
    let url = format!("{}{path}", s.settings().public_url);
    let given = text("x-twilio-signature");
    let by = signature::check(account.keys(), settings, &url, given, text("content-type"), body).map_err(|why| {
        tracing::warn!(path = uri.path(), %why, "webhook refused");
        refused()
    })?;
    metrics::counter!("showup_webhooks_total", "signature" => by.as_str()).increment(1);
    tracing::debug!(
        path = uri.path(),
        account = account.sid(),
        signature = by.as_str(),
        settings,
        "webhook"
    );
    Ok(account)
}

fn speaks_for(account: &Connection, named: &str) -> Result<(), Problem> {
    if account.sid() == named {
        return Ok(());
    }
    Err(Problem::new(
        Code::NotAllowed,
        "This request is about another Twilio account.",
    ))
}

fn malformed(why: forms::Malformed) -> Problem {
    Problem::new(Code::Malformed, why.to_string())
}
