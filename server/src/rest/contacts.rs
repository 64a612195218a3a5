use axum::{Json, extract::State, http::StatusCode, response::Response};
use contract::{
    Problem,
    contacts::{ContactView, CreateContact, DecideHold},
};
use services::{
    contacts::{self, consent},
    tasks,
};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, S};
use crate::exports;

/// Add a contact, with consent if it was given.
#[utoipa::path(post, path = "/contacts", tag = "contacts", request_body = CreateContact, responses(
    (status = 201, body = ContactView), (status = 409, description = "Somebody has this number", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateContact>,
) -> Result<(StatusCode, Json<ContactView>), ApiError> {
    Ok((StatusCode::CREATED, Json(contacts::create(&s, &actor, cmd).await?)))
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ContactView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<ContactView> {
    Ok(Json(contacts::get(&s, &actor, id).await?))
}

/// Decide about a contact on hold: opted out, or texts go on.
#[utoipa::path(post, path = "/contacts/hold", tag = "contacts", request_body = DecideHold, responses(
    (status = 200, body = ContactView), (status = 409, description = "Nothing to decide", body = Problem)))]
pub async fn decide_hold(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<DecideHold>) -> ApiResult<ContactView> {
    Ok(Json(tasks::decide_hold(&s, &actor, cmd).await?))
}

/// All that a contact agreed to and refused, with evidence, as CSV: oldest first, every row of the ledger. A cell that would be a formula
/// in a spreadsheet (it begins with = + - @ or a tab) has an apostrophe before it.
#[utoipa::path(get, path = "/contacts/{id}/consent.csv", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem)))]
pub async fn consent_history(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> Result<Response, ApiError> {
    exports::ledger(id, &consent::export(&s, &actor, id).await?)
}
