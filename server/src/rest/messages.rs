use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    messages::{Acted, LogQuery, MessageIds, MessageView, SendMessage, SettleMessage},
};
use services::messages;

use super::{Answer, Body, Caller, Params, Refusal, S};

/// Text a contact. Stored at once, sent in the background: look at `status`.
#[utoipa::path(post, path = "/messages", tag = "messages", request_body = SendMessage, responses(
    (status = 202, body = MessageView), (status = 409, description = "May not be sent, and why", body = Problem), (status = 422, body = Problem)))]
pub async fn send(
    State(s): S,
    Caller(actor): Caller,
    Body(cmd): Body<SendMessage>,
) -> Result<(StatusCode, Json<MessageView>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(messages::send(&s, &actor, cmd).await?)))
}

/// Messages, newest first.
#[utoipa::path(get, path = "/messages", tag = "messages", params(LogQuery), responses((status = 200, body = Page<MessageView>)))]
pub async fn list(State(s): S, Caller(actor): Caller, Params(query): Params<LogQuery>) -> Answer<Page<MessageView>> {
    Ok(Json(messages::list(&s, &actor, query).await?))
}

/// Send again what failed or was cancelled.
#[utoipa::path(post, path = "/messages/retry", tag = "messages", request_body = MessageIds, responses(
    (status = 200, body = Acted), (status = 422, body = Problem)))]
pub async fn retry(State(s): S, Caller(actor): Caller, Body(cmd): Body<MessageIds>) -> Answer<Acted> {
    Ok(Json(messages::retry(&s, &actor, cmd).await?))
}

/// Say whether a text arrived that Twilio can't tell of.
#[utoipa::path(post, path = "/messages/settle", tag = "messages", request_body = SettleMessage, responses(
    (status = 200, body = MessageView), (status = 409, description = "Known already, or still being looked up", body = Problem)))]
pub async fn settle(State(s): S, Caller(actor): Caller, Body(cmd): Body<SettleMessage>) -> Answer<MessageView> {
    Ok(Json(messages::settle(&s, &actor, cmd).await?))
}

/// Take back what still waits.
#[utoipa::path(post, path = "/messages/cancel", tag = "messages", request_body = MessageIds, responses(
    (status = 200, body = Acted), (status = 422, body = Problem)))]
pub async fn cancel(State(s): S, Caller(actor): Caller, Body(cmd): Body<MessageIds>) -> Answer<Acted> {
    Ok(Json(messages::cancel_many(&s, &actor, cmd).await?))
}
