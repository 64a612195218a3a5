use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::StatusCode,
};
use contract::{
    Page, Problem,
    reviews::{AddPlatform, AskForReview, PlatformView, RequestQuery, RequestView},
};
use serde::de::DeserializeOwned;
use services::{review_platforms, reviews};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};
use crate::AppState;

/// A body; a field that would choose whom to ask by how they felt is refused with the reason.
pub struct Alike<T>(T);

impl<T: DeserializeOwned> FromRequest<AppState> for Alike<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Body(said) = Body::<T>::from_request(request, state).await.map_err(with_reason)?;
        Ok(Self(said))
    }
}

fn with_reason(error: ApiError) -> ApiError {
    let mut problem = error.into_problem();
    for one in &mut problem.fields {
        if let Some(why) = domain::reviews::reason(&one.field) {
            problem.detail.clone_from(&why);
            one.message = why;
        }
    }
    problem.into()
}

/// Ask somebody for a review: a contact, or whoever has a number. Everybody is asked alike, once per visit and once in 180 days per number;
/// it needs their consent to offers and review requests. The answer says how it stands, and later requests for it what came of it.
#[utoipa::path(post, path = "/review-requests", tag = "reviews", request_body = AskForReview, responses(
    (status = 202, body = RequestView), (status = 404, description = "No such contact or visit", body = Problem), (status = 409, description = "There is no platform yet", body = Problem), (status = 422, body = Problem)))]
pub async fn ask(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Alike(cmd): Alike<AskForReview>,
) -> Result<(StatusCode, Json<RequestView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(reviews::ask(&s, &actor, cmd).await?)))
}

/// Who was asked for a review, is to be, or was not, with the reason; the newest first.
#[utoipa::path(get, path = "/review-requests", tag = "reviews", params(RequestQuery), responses(
    (status = 200, body = Page<RequestView>), (status = 400, body = Problem)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<RequestQuery>,
) -> ApiResult<Page<RequestView>> {
    Ok(Json(reviews::list(&s, &actor, query).await?))
}

/// How a request for a review stands, and how often people have opened its link.
#[utoipa::path(get, path = "/review-requests/{id}", tag = "reviews", params(("id" = Uuid, Path)), responses(
    (status = 200, body = RequestView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<RequestView> {
    Ok(Json(reviews::get(&s, &actor, id).await?))
}

/// Add a page on which customers write reviews. Once there is one, they are asked after their visits.
#[utoipa::path(post, path = "/review-platforms", tag = "reviews", request_body = AddPlatform, responses(
    (status = 201, body = PlatformView), (status = 409, description = "There are fifty", body = Problem), (status = 422, body = Problem)))]
pub async fn add_platform(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Alike(cmd): Alike<AddPlatform>,
) -> Result<(StatusCode, Json<PlatformView>), ApiError> {
    Ok((StatusCode::CREATED, Json(review_platforms::add(&s, &actor, cmd).await?)))
}

/// Pages on which customers write reviews.
#[utoipa::path(get, path = "/review-platforms", tag = "reviews", responses((status = 200, body = Page<PlatformView>)))]
pub async fn platforms(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<PlatformView>> {
    Ok(Json(Page {
        data: review_platforms::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// Take one away: nobody is sent there any more.
#[utoipa::path(delete, path = "/review-platforms/{id}", tag = "reviews", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn remove_platform(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    review_platforms::remove(&s, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
