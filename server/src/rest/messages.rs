use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    messages::{MessageView, SendMessage},
};
use serde::Deserialize;
use services::messages;
use uuid::Uuid;

use super::{Answer, Body, Caller, Params, Refusal, S};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Only this contact's.
    contact_id: Option<Uuid>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

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

/// Messages, newest first, 50 a page.
#[utoipa::path(get, path = "/messages", tag = "messages", params(ListParams), responses((status = 200, body = Page<MessageView>)))]
pub async fn list(State(s): S, Caller(actor): Caller, Params(q): Params<ListParams>) -> Answer<Page<MessageView>> {
    Ok(Json(messages::list(&s, &actor, q.contact_id, q.cursor.as_deref()).await?))
}
