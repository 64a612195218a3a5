use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Problem,
    appointments::{
        AppointmentAction, AppointmentView, CancelQuery, CreateAppointment, DecideClock, LinkView, MoveAppointment, Scope,
    },
};
use services::appointments;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Book an appointment; its reminders are planned with it.
#[utoipa::path(post, path = "/appointments", tag = "appointments", request_body = CreateAppointment, responses(
    (status = 201, body = AppointmentView), (status = 404, description = "No such contact", body = Problem),
    (status = 409, description = "The contact has an appointment at that time already: `conflicts_with`", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateAppointment>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    Ok((StatusCode::CREATED, Json(appointments::create(&s, &actor, cmd).await?)))
}

/// One appointment with its reminders.
#[utoipa::path(get, path = "/appointments/{id}", tag = "appointments", params(("id" = Uuid, Path)), responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::get(&s, &actor, id).await?))
}

/// Move an appointment; pending reminders move with it.
#[utoipa::path(patch, path = "/appointments/{id}", tag = "appointments", params(("id" = Uuid, Path)), request_body = MoveAppointment, responses(
    (status = 200, body = AppointmentView), (status = 404, body = Problem), (status = 409, description = "Over or cancelled, or another one has that time: `conflicts_with`", body = Problem), (status = 422, body = Problem)))]
pub async fn reschedule(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<MoveAppointment>,
) -> ApiResult<AppointmentView> {
    Ok(Json(appointments::reschedule(&s, &actor, id, cmd).await?))
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
