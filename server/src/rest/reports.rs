use axum::{Json, extract::State};
use contract::{
    Problem,
    notices::Notice,
    reports::{Daily, DailyQuery},
};
use services::{pages, reports};

use super::{ApiKeyActor, ApiResult, Params, S};

/// What happened on each day; kept counters, so it is as fast in ten years.
#[utoipa::path(get, path = "/reports/daily", tag = "reports", params(DailyQuery), responses(
    (status = 200, body = Vec<Daily>), (status = 422, body = Problem)))]
pub async fn daily(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<DailyQuery>) -> ApiResult<Vec<Daily>> {
    Ok(Json(reports::daily(&s, &actor, query).await?))
}

/// What keeps texts from going out, or soon will.
#[utoipa::path(get, path = "/notices", tag = "reports", responses((status = 200, body = Vec<Notice>)))]
pub async fn notices(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Vec<Notice>> {
    Ok(Json(pages::notices::list(&s, &actor).await?))
}
