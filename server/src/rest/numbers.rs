use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    numbers::{NumberRequestView, NumberView, RequestNumber},
};
use services::numbers::{self, requests};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, S};

/// The business's numbers, the one that texts usually leave from first; at most 100, in one page. `may_send_to_us`: yes, probably, wait, no or unknown.
#[utoipa::path(get, path = "/numbers", tag = "numbers", responses((status = 200, body = Page<NumberView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<NumberView>> {
    Ok(Json(Page {
        data: numbers::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// Ask for another number. Whoever runs the installation decides.
#[utoipa::path(post, path = "/number-requests", tag = "numbers", request_body = RequestNumber, responses(
    (status = 201, body = NumberRequestView), (status = 409, description = "Twenty are open already", body = Problem), (status = 422, body = Problem)))]
pub async fn ask(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<RequestNumber>,
) -> Result<(StatusCode, Json<NumberRequestView>), ApiError> {
    Ok((StatusCode::CREATED, Json(requests::ask(&s, &actor, cmd).await?)))
}

/// Requests for numbers, the newest first; at most 100, in one page.
#[utoipa::path(get, path = "/number-requests", tag = "numbers", responses((status = 200, body = Page<NumberRequestView>)))]
pub async fn requests(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<NumberRequestView>> {
    Ok(Json(Page {
        data: requests::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// One request, with the number once there is one, or why there is none.
#[utoipa::path(get, path = "/number-requests/{id}", tag = "numbers", params(("id" = Uuid, Path)), responses(
    (status = 200, body = NumberRequestView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<NumberRequestView> {
    Ok(Json(requests::get(&s, &actor, id).await?))
}
