use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, PageQuery, Problem,
    appointments::{
        AppointmentAction, AppointmentView, CancelQuery, CreateAppointment, DecideClock, EditAppointment, LinkView, Scope,
        VisitsQuery,
    },
    contacts::TimelineRow,
};
use services::{appointments, moves, pages};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Book an appointment; its reminders are planned with it. One whose `external_id` is known is brought up to date instead.
#[utoipa::path(post, path = "/appointments", tag = "appointments", request_body = CreateAppointment, responses(
    (status = 201, body = AppointmentView), (status = 200, description = "The visit with this `external_id`, brought up to date", body = AppointmentView), (status = 404, description = "No such contact", body = Problem),
    (status = 409, description = "The contact has an appointment at that time already: `conflicts_with`", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateAppointment>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let (view, new) = appointments::external::put(&s, &actor, cmd).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view)))
}

/// One appointment with its reminders.
#[utoipa::path(get, path = "/appointments/{id}", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::get(&s, &actor, id).await?))
}

/// Appointments in order of time: of every status unless one is asked for.
#[utoipa::path(get, path = "/appointments", tag = "appointments", params(VisitsQuery), responses(
    (status = 200, body = Page<AppointmentView>), (status = 400, body = Problem)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<VisitsQuery>,
) -> ApiResult<Page<AppointmentView>> {
    Ok(Json(appointments::page::page(&s, &actor, query).await?))
}

/// Change an appointment: its time, length, staff label, location, type, notes, or whom it is for. Pending reminders move with it, and its
/// customer may be told.
#[utoipa::path(patch, path = "/appointments/{id}", tag = "appointments", params(("id" = Uuid, Path)), request_body = EditAppointment, responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, description = "Over or cancelled, changed since it was read, kept by another calendar, or another one has that time: `conflicts_with`", body = Problem), (status = 422, body = Problem)))]
pub async fn edit(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<EditAppointment>,
) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::edit(&s, &actor, id, cmd).await?))
}

/// Undo the last change of an appointment, while nothing newer has happened and its customer has not been told.
#[utoipa::path(post, path = "/appointments/{id}/undo", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, description = "Nothing to undo any more", body = Problem)))]
pub async fn undo(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(moves::undo(&s, &actor, id).await?))
}

/// What happened to an appointment, the first first: every text about it, every answer and every change.
#[utoipa::path(get, path = "/appointments/{id}/history", tag = "appointments", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<TimelineRow>), (status = 404, body = Problem)))]
pub async fn history(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<PageQuery>,
) -> ApiResult<Page<TimelineRow>> {
    Ok(Json(pages::visit::history(&s, &actor, id, query).await?))
}

/// Cancel an appointment, or several of its series; their reminders die with them.
#[utoipa::path(post, path = "/appointments/{id}/cancel", tag = "appointments", params(("id" = Uuid, Path), CancelQuery), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn cancel(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<CancelQuery>,
    _: NoBody,
) -> ApiResult<AppointmentView> {
    Ok(Json(match query.scope.unwrap_or_default() {
        Scope::This => appointments::act(&s, &actor, id, AppointmentAction::Cancel).await?,
        scope => appointments::series::cancel(&s, &actor, id, scope).await?,
    }))
}

/// Mark an appointment that has begun as having taken place.
#[utoipa::path(post, path = "/appointments/{id}/complete", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, description = "It has not begun", body = Problem)))]
pub async fn complete(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::act(&s, &actor, id, AppointmentAction::Complete).await?))
}

/// Say which time of an appointment holds after the clocks of its place have changed.
#[utoipa::path(post, path = "/appointments/{id}/clock", tag = "appointments", params(("id" = Uuid, Path)), request_body = DecideClock, responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, description = "Nothing to decide", body = Problem)))]
pub async fn clock(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<DecideClock>,
) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::clocks::decide(&s, &actor, id, cmd.keep).await?))
}

/// Confirm an appointment for its customer.
#[utoipa::path(post, path = "/appointments/{id}/confirm", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn confirm(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::act(&s, &actor, id, AppointmentAction::Confirm).await?))
}

/// Mark an appointment that has begun as one that nobody came to.
#[utoipa::path(post, path = "/appointments/{id}/no-show", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, description = "It has not begun", body = Problem)))]
pub async fn no_show(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::act(&s, &actor, id, AppointmentAction::NoShow).await?))
}

/// Say on the day that the customer is there.
#[utoipa::path(post, path = "/appointments/{id}/arrive", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, description = "It is on another day", body = Problem)))]
pub async fn arrive(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::act(&s, &actor, id, AppointmentAction::Arrive).await?))
}

/// Undo a cancellation, a completion, a no-show or an arrival.
#[utoipa::path(post, path = "/appointments/{id}/reopen", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, description = "Another one has its time: `conflicts_with`", body = Problem)))]
pub async fn reopen(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::act(&s, &actor, id, AppointmentAction::Reopen).await?))
}

/// The page of this visit that its customer opens without signing in. Whoever has the address sees it.
#[utoipa::path(get, path = "/appointments/{id}/link", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LinkView), (status = 404, body = Problem)))]
pub async fn link(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<LinkView> {
    Ok(Json(appointments::link::get(&s, &actor, id).await?))
}

/// Make every address of that page that was given out open nothing any more; the one that counts from now on.
#[utoipa::path(post, path = "/appointments/{id}/link/revoke", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LinkView), (status = 404, body = Problem)))]
pub async fn revoke_links(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<LinkView> {
    Ok(Json(appointments::link::revoke(&s, &actor, id).await?))
}
