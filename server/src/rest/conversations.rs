use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    conversations::{
        AddNote, AssignConversation, ConversationAction, ConversationQuery, ConversationRow, NoteView, SnoozeConversation,
    },
};
use services::{conversations, search};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Conversations: a view of the inbox, those that a search finds, or all of them; latest activity first unless the view says otherwise.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ConversationQuery), responses((status = 200, body = Page<ConversationRow>)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<ConversationQuery>,
) -> ApiResult<Page<ConversationRow>> {
    Ok(Json(search::conversations(&s, &actor, query).await?))
}

/// One conversation.
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<ConversationRow> {
    Ok(Json(conversations::get(&s, &actor, id).await?))
}

/// Give a conversation to somebody, or to nobody.
#[utoipa::path(post, path = "/conversations/{id}/assign", tag = "conversations", params(("id" = Uuid, Path)), request_body = AssignConversation, responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem), (status = 422, description = "Nobody with this id works here", body = Problem)))]
pub async fn assign(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<AssignConversation>,
) -> ApiResult<ConversationRow> {
    let action = ConversationAction::Assign {
        account_id: cmd.account_id,
    };
    Ok(Json(conversations::act(&s, &actor, id, action).await?))
}

/// Close a conversation; it opens again when the customer writes.
#[utoipa::path(post, path = "/conversations/{id}/close", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem)))]
pub async fn close(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ConversationRow> {
    Ok(Json(conversations::act(&s, &actor, id, ConversationAction::Close).await?))
}

/// Open a conversation again that was closed or put aside.
#[utoipa::path(post, path = "/conversations/{id}/reopen", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem)))]
pub async fn reopen(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ConversationRow> {
    Ok(Json(conversations::act(&s, &actor, id, ConversationAction::Reopen).await?))
}

/// Put a conversation aside until a time; it comes back then, or as soon as the customer writes.
#[utoipa::path(post, path = "/conversations/{id}/snooze", tag = "conversations", params(("id" = Uuid, Path)), request_body = SnoozeConversation, responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem), (status = 422, description = "The time is past or too far away", body = Problem)))]
pub async fn snooze(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<SnoozeConversation>,
) -> ApiResult<ConversationRow> {
    let action = ConversationAction::Snooze { until: cmd.until };
    Ok(Json(conversations::act(&s, &actor, id, action).await?))
}

/// Say that what the customer wrote needs no answer.
#[utoipa::path(post, path = "/conversations/{id}/no-reply-needed", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem)))]
pub async fn no_reply_needed(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ConversationRow> {
    Ok(Json(
        conversations::act(&s, &actor, id, ConversationAction::NoReplyNeeded).await?,
    ))
}

/// Say that what the customer wrote needs an answer after all.
#[utoipa::path(post, path = "/conversations/{id}/needs-reply", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConversationRow), (status = 404, body = Problem)))]
pub async fn needs_reply(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ConversationRow> {
    Ok(Json(
        conversations::act(&s, &actor, id, ConversationAction::NeedsReply).await?,
    ))
}

/// Write a note that the customer never sees.
#[utoipa::path(post, path = "/conversations/{id}/notes", tag = "conversations", params(("id" = Uuid, Path)), request_body = AddNote, responses(
    (status = 201, body = NoteView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn add_note(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<AddNote>,
) -> Result<(StatusCode, Json<NoteView>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(conversations::notes::add(&s, &actor, id, cmd).await?),
    ))
}
