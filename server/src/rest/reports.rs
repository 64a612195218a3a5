use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use contract::{
    Page, PageQuery, Problem,
    alerts::AlertView,
    notices::Notice,
    reports::{Daily, DailyQuery, ReportQuery, ReportRows, Summary},
};
use services::{pages, reports};

use super::{ApiError, ApiKeyActor, ApiResult, Params, S};

/// What happened on each day, in one page; kept counters, so it is as fast in ten years.
#[utoipa::path(get, path = "/reports/daily", tag = "reports", params(DailyQuery), responses(
    (status = 200, body = Page<Daily>), (status = 422, body = Problem)))]
pub async fn daily(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<DailyQuery>) -> ApiResult<Page<Daily>> {
    Ok(Json(reports::daily(&s, &actor, query).await?.into()))
}

/// Every figure of some days, with what it is made of and, of a share, where the true one lies (95 times of 100, Wilson). Needs the scopes
/// `messages:read` and `appointments:read`, as all reports do.
#[utoipa::path(get, path = "/reports/summary", tag = "reports", params(ReportQuery), responses(
    (status = 200, body = Summary), (status = 422, body = Problem)))]
pub async fn summary(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<ReportQuery>) -> ApiResult<Summary> {
    Ok(Json(pages::reports::summary(&s, &actor, &query).await?))
}

/// All reports of some days on paper, as a PDF.
#[utoipa::path(get, path = "/reports/report.pdf", tag = "reports", params(ReportQuery), responses(
    (status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 422, body = Problem)))]
pub async fn paper(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<ReportQuery>,
) -> Result<Response, ApiError> {
    crate::reports::pdf(s, actor, query).await
}

/// One report. It is one of `activity`, `hours`, `delivery`, `channels`, `errors`, `confirmations`, `response-times`, `no-shows`, `locations`,
/// `cost`, `cost-per-visit`, `waitlist`, `reviews` and `review-reasons`; with `.csv` behind it the same columns come as a file, and
/// `report.csv` holds all of them.
#[utoipa::path(get, path = "/reports/{name}", tag = "reports", params(("name" = String, Path), ReportQuery), responses(
    (status = 200, body = ReportRows), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn report(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Path(name): Path<String>,
    Params(query): Params<ReportQuery>,
) -> Result<Response, ApiError> {
    if let Some(slug) = name.strip_suffix(".csv") {
        return crate::reports::csv(s, actor, slug.to_owned(), query).await;
    }
    let (report, partial_before) = pages::reports::report(&s, &actor, &name, &query).await?;
    let data = pages::reports::as_rows(&report);
    Ok(Json(ReportRows { data, partial_before }).into_response())
}

/// What keeps texts from going out, or soon will; in one page.
#[utoipa::path(get, path = "/notices", tag = "reports", responses((status = 200, body = Page<Notice>)))]
pub async fn notices(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<Notice>> {
    Ok(Json(pages::notices::list(&s, &actor).await?.into()))
}

/// What has left its usual course, and what had, the newest first: undelivered texts, opt-outs, the budget, what holds texts back, the
/// self-test.
#[utoipa::path(get, path = "/alerts", tag = "reports", params(PageQuery), responses(
    (status = 200, body = Page<AlertView>), (status = 400, body = Problem)))]
pub async fn alerts(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<PageQuery>,
) -> ApiResult<Page<AlertView>> {
    Ok(Json(services::alerts::list(&s, &actor, query).await?))
}
