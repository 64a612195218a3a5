use axum::{Json, extract::State};
use contract::{Page, PageQuery, conversations::ConversationRow};
use services::conversations;

use super::{Answer, Caller, Params, S};

/// Conversations, latest activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(PageQuery), responses((status = 200, body = Page<ConversationRow>)))]
pub async fn list(State(s): S, Caller(actor): Caller, Params(query): Params<PageQuery>) -> Answer<Page<ConversationRow>> {
    Ok(Json(conversations::page(&s, &actor, query).await?))
}
