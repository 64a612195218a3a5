use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    calendars::{AddCalendarSource, CalendarEventQuery, CalendarEventView, CalendarSourceView, LinkCalendarEvent},
};
use serde::Deserialize;
use services::calendars;
use utoipa::IntoParams;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Calendars of other systems that are read, by name; at most 20, in one page.
#[utoipa::path(get, path = "/calendar-sources", tag = "calendars", responses((status = 200, body = Page<CalendarSourceView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<CalendarSourceView>> {
    Ok(Json(Page {
        data: calendars::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// Read a calendar from now on. It is read at once; nothing is booked and nobody is texted before it is started. Its address is never
/// shown again.
#[utoipa::path(post, path = "/calendar-sources", tag = "calendars", request_body = AddCalendarSource, responses(
    (status = 201, body = CalendarSourceView), (status = 409, description = "There are 20 already", body = Problem), (status = 422, body = Problem)))]
pub async fn add(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<AddCalendarSource>,
) -> Result<(StatusCode, Json<CalendarSourceView>), ApiError> {
    Ok((StatusCode::CREATED, Json(calendars::add(&s, &actor, cmd).await?)))
}

/// How a calendar stands.
#[utoipa::path(get, path = "/calendar-sources/{id}", tag = "calendars", params(("id" = Uuid, Path)), responses(
    (status = 200, body = CalendarSourceView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<CalendarSourceView> {
    Ok(Json(calendars::get(&s, &actor, id).await?))
}

/// Book what stands in it, and what will, and send reminders.
#[utoipa::path(post, path = "/calendar-sources/{id}/start", tag = "calendars", params(("id" = Uuid, Path)), responses(
    (status = 200, body = CalendarSourceView), (status = 404, body = Problem), (status = 409, description = "It was not read yet", body = Problem)))]
pub async fn start(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<CalendarSourceView> {
    Ok(Json(calendars::start(&s, &actor, id).await?))
}

/// Cancel the visits that are gone from it, where so many are gone at once that somebody has to say that it is meant (`lost`).
#[utoipa::path(post, path = "/calendar-sources/{id}/cancel-lost", tag = "calendars", params(("id" = Uuid, Path)), responses(
    (status = 200, body = CalendarSourceView), (status = 404, body = Problem)))]
pub async fn cancel_lost(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<CalendarSourceView> {
    Ok(Json(calendars::believe(&s, &actor, id).await?))
}

/// What becomes of a calendar's visits to come.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Removal {
    /// `keep` (if not said) or `cancel`
    visits: Option<String>,
}

/// Read a calendar no more.
#[utoipa::path(delete, path = "/calendar-sources/{id}", tag = "calendars", params(("id" = Uuid, Path), Removal), responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn remove(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(removal): Params<Removal>,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let cancel = match removal.visits.as_deref() {
        None | Some("keep") => false,
        Some("cancel") => true,
        Some(_) => return Err(Problem::parameter("visits", "visits is \"keep\" or \"cancel\".".to_owned()).into()),
    };
    calendars::remove(&s, &actor, id, cancel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Events to come of a calendar, soonest first.
#[utoipa::path(get, path = "/calendar-sources/{id}/events", tag = "calendars", params(("id" = Uuid, Path), CalendarEventQuery), responses(
    (status = 200, body = Page<CalendarEventView>), (status = 404, body = Problem)))]
pub async fn events(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<CalendarEventQuery>,
) -> ApiResult<Page<CalendarEventView>> {
    Ok(Json(calendars::events(&s, &actor, id, query).await?))
}

/// Say who comes to an event, and to all of the same title.
#[utoipa::path(post, path = "/calendar-events/{id}/link", tag = "calendars", params(("id" = Uuid, Path)), request_body = LinkCalendarEvent, responses(
    (status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn link(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<LinkCalendarEvent>,
) -> Result<StatusCode, ApiError> {
    calendars::link(&s, &actor, id, cmd).await?;
    Ok(StatusCode::NO_CONTENT)
}
