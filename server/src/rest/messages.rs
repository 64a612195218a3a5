use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    messages::{BulkResult, LogQuery, MessageIds, MessageView, SendMessage, SettleMessage},
};
use services::{delivery, messages, once, outbox};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, Params, S};

/// Text a contact. Stored at once, sent in the background: look at `status`.
#[utoipa::path(post, path = "/messages", tag = "messages", request_body = SendMessage, responses(
    (status = 202, body = MessageView), (status = 409, description = "May not be sent, and why", body = Problem), (status = 422, body = Problem)))]
pub async fn send(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<SendMessage>,
) -> Result<(StatusCode, Json<MessageView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(outbox::send(&s, &actor, cmd).await?)))
}

/// Messages, newest first.
#[utoipa::path(get, path = "/messages", tag = "messages", params(LogQuery), responses((status = 200, body = Page<MessageView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<LogQuery>) -> ApiResult<Page<MessageView>> {
    Ok(Json(messages::list(&s, &actor, query).await?))
}

/// One message.
#[utoipa::path(get, path = "/messages/{id}", tag = "messages", params(("id" = Uuid, Path)), responses(
    (status = 200, body = MessageView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<MessageView> {
    Ok(Json(messages::get(&s, &actor, id).await?))
}

/// Send again what failed or was cancelled.
#[utoipa::path(post, path = "/messages/retry", tag = "messages", request_body = MessageIds, responses(
    (status = 200, body = BulkResult), (status = 422, body = Problem)))]
pub async fn retry(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<MessageIds>) -> ApiResult<BulkResult> {
    Ok(Json(once::in_pieces(outbox::retry(&s, &actor, cmd)).await?))
}

/// Say whether a text arrived that Twilio can't tell of.
#[utoipa::path(post, path = "/messages/settle", tag = "messages", request_body = SettleMessage, responses(
    (status = 200, body = MessageView), (status = 409, description = "Known already, or still being looked up", body = Problem)))]
pub async fn settle(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<SettleMessage>) -> ApiResult<MessageView> {
    Ok(Json(delivery::settle(&s, &actor, cmd).await?))
}

/// Take back what still waits.
#[utoipa::path(post, path = "/messages/cancel", tag = "messages", request_body = MessageIds, responses(
    (status = 200, body = BulkResult), (status = 422, body = Problem)))]
pub async fn cancel(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<MessageIds>) -> ApiResult<BulkResult> {
    Ok(Json(once::in_pieces(outbox::cancel_many(&s, &actor, cmd)).await?))
}
