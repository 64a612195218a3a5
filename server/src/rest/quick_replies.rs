use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    quick_replies::{QuickReplyView, SaveQuickReply},
};
use services::quick_replies;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, S};

/// Texts that staff send with a few keys, by name; at most 200, in one page.
#[utoipa::path(get, path = "/quick-replies", tag = "quick-replies", responses((status = 200, body = Page<QuickReplyView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<QuickReplyView>> {
    Ok(Json(Page {
        data: quick_replies::list(&s, &actor).await?.all,
        next_cursor: None,
    }))
}

/// Add a quick reply.
#[utoipa::path(post, path = "/quick-replies", tag = "quick-replies", request_body = SaveQuickReply, responses(
    (status = 201, body = QuickReplyView), (status = 409, description = "There are 200 already", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<SaveQuickReply>,
) -> Result<(StatusCode, Json<QuickReplyView>), ApiError> {
    Ok((StatusCode::CREATED, Json(quick_replies::save(&s, &actor, None, cmd).await?)))
}

/// Write a quick reply anew.
#[utoipa::path(put, path = "/quick-replies/{id}", tag = "quick-replies", params(("id" = Uuid, Path)), request_body = SaveQuickReply, responses(
    (status = 200, body = QuickReplyView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn put(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<SaveQuickReply>,
) -> ApiResult<QuickReplyView> {
    Ok(Json(quick_replies::save(&s, &actor, Some(id), cmd).await?))
}

/// Take a quick reply away.
#[utoipa::path(delete, path = "/quick-replies/{id}", tag = "quick-replies", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn remove(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> Result<StatusCode, ApiError> {
    quick_replies::delete(&s, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
