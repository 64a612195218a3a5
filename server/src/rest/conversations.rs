use axum::{Json, extract::State};
use contract::{Page, conversations::ConversationRow};
use serde::Deserialize;
use services::conversations;

use super::{Answer, Caller, Params, S};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Conversations, latest activity first, 50 a page.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ListParams), responses((status = 200, body = Page<ConversationRow>)))]
pub async fn list(State(s): S, Caller(actor): Caller, Params(q): Params<ListParams>) -> Answer<Page<ConversationRow>> {
    Ok(Json(conversations::list(&s, &actor, q.cursor).await?))
}
