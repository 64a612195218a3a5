use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    experiments::{ExperimentQuery, ExperimentView, PlanExperiment},
};
use services::experiments;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Tests of two texts, the newest first.
#[utoipa::path(get, path = "/experiments", tag = "experiments", params(ExperimentQuery), responses(
    (status = 200, body = Page<ExperimentView>), (status = 400, body = Problem)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<ExperimentQuery>,
) -> ApiResult<Page<ExperimentView>> {
    Ok(Json(experiments::list(&s, &actor, query).await?))
}

/// How a test stands. Who is better is not told before everybody is counted.
#[utoipa::path(get, path = "/experiments/{id}", tag = "experiments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ExperimentView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<ExperimentView> {
    Ok(Json(experiments::get(&s, &actor, id).await?))
}

/// Plan a test: another text against the one that customers get. How many people it takes is answered and fixed; nobody gets the other text
/// before the test is started.
#[utoipa::path(post, path = "/experiments", tag = "experiments", request_body = PlanExperiment, responses(
    (status = 201, body = ExperimentView), (status = 409, description = "A test of this text is planned or runs already", body = Problem),
    (status = 422, body = Problem)))]
pub async fn plan(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<PlanExperiment>,
) -> Result<(StatusCode, Json<ExperimentView>), ApiError> {
    Ok((StatusCode::CREATED, Json(experiments::plan(&s, &actor, cmd).await?)))
}

/// Start a test that is planned. From then on each person gets one of the two texts, and keeps it.
#[utoipa::path(post, path = "/experiments/{id}/start", tag = "experiments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ExperimentView), (status = 404, body = Problem),
    (status = 409, description = "It was started already, or is over", body = Problem),
    (status = 422, description = "Both texts are the same by now", body = Problem)))]
pub async fn start(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ExperimentView> {
    Ok(Json(experiments::start(&s, &actor, id).await?))
}

/// End a test before its end. Everybody gets the text as it was, and nothing can be said of the other.
#[utoipa::path(post, path = "/experiments/{id}/stop", tag = "experiments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ExperimentView), (status = 404, body = Problem),
    (status = 409, description = "It is over already", body = Problem)))]
pub async fn stop(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ExperimentView> {
    Ok(Json(experiments::stop(&s, &actor, id).await?))
}

/// The better text is the one that customers get from now on, as another version of it.
#[utoipa::path(post, path = "/experiments/{id}/adopt", tag = "experiments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ExperimentView), (status = 404, body = Problem),
    (status = 409, description = "The other text is not known to be better, or the text was changed since", body = Problem),
    (status = 422, description = "The text would not be accepted today", body = Problem)))]
pub async fn adopt(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ExperimentView> {
    Ok(Json(experiments::adopt(&s, &actor, id).await?))
}
