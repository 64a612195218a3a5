use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use contract::{Problem, whatsapp::TwinView};
use services::twins;

use super::{ApiError, ApiKeyActor, NoBody, S};

/// Hand a text in to WhatsApp for approval. One that is looked at, or approved already, is not handed in again.
#[utoipa::path(post, path = "/templates/{kind}/whatsapp/{language}/submit", tag = "templates",
    params(("kind" = String, Path), ("language" = String, Path)), responses(
    (status = 202, body = TwinView), (status = 404, description = "There is no such text on WhatsApp", body = Problem),
    (status = 409, description = "No Twilio account is connected", body = Problem), (status = 422, body = Problem)))]
pub async fn submit(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Path((kind, language)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<TwinView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(twins::submit(&s, &actor, &kind, &language).await?)))
}
