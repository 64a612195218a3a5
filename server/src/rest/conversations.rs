use axum::{Json, extract::State};
use contract::{Page, PageQuery, conversations::ConversationRow};
use services::conversations;

use super::{ApiKeyActor, ApiResult, Params, S};

/// Conversations, latest activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(PageQuery), responses((status = 200, body = Page<ConversationRow>)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<PageQuery>,
) -> ApiResult<Page<ConversationRow>> {
    Ok(Json(conversations::page(&s, &actor, query).await?))
}
