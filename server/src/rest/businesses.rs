use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Code, Page, Problem,
    appointment_types::{AppointmentTypeView, Arrange, EditAppointmentType, SaveAppointmentType},
    businesses::{LocationView, SaveLocation},
};
use services::{
    Actor, Services,
    businesses::{locations, types},
};
use uuid::Uuid;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, S};

/// Places appointments happen at, by name; at most 200, in one page. `location_id` of a new appointment is one of these that is not `archived`.
#[utoipa::path(get, path = "/locations", tag = "businesses", responses((status = 200, body = Page<LocationView>)))]
pub async fn locations(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<LocationView>> {
    Ok(Json(locations::list(&s, &actor).await?.into()))
}

/// Add a place.
#[utoipa::path(post, path = "/locations", tag = "businesses", request_body = SaveLocation, responses(
    (status = 201, body = LocationView), (status = 409, description = "There are 200 already", body = Problem), (status = 422, body = Problem)))]
pub async fn add_location(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<SaveLocation>,
) -> Result<(StatusCode, Json<LocationView>), ApiError> {
    Ok((StatusCode::CREATED, Json(locations::save(&s, &actor, None, cmd).await?)))
}

/// Write anew what is known of a place. Texts that are stored already keep the number they have.
#[utoipa::path(put, path = "/locations/{id}", tag = "businesses", params(("id" = Uuid, Path)), request_body = SaveLocation, responses(
    (status = 200, body = LocationView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn put_location(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<SaveLocation>,
) -> ApiResult<LocationView> {
    Ok(Json(locations::save(&s, &actor, Some(id), cmd).await?))
}

/// Put a place away: visits that are there stay there, new ones are not booked there.
#[utoipa::path(post, path = "/locations/{id}/archive", tag = "businesses", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LocationView), (status = 404, body = Problem)))]
pub async fn archive_location(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<LocationView> {
    arranged(&s, &actor, id, Arrange::Archive).await
}

/// Bring a place back.
#[utoipa::path(post, path = "/locations/{id}/unarchive", tag = "businesses", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LocationView), (status = 404, body = Problem)))]
pub async fn unarchive_location(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<LocationView> {
    arranged(&s, &actor, id, Arrange::Unarchive).await
}

async fn arranged(s: &Services, actor: &Actor, id: Uuid, what: Arrange) -> ApiResult<LocationView> {
    let all = locations::arrange(s, actor, id, what).await?;
    let one = all.into_iter().find(|location| location.id == id);
    let gone = || Problem::new(Code::NotFound, "There is no such location in this business.");
    Ok(Json(one.ok_or_else(gone)?))
}

/// Types of appointments in the business's order; at most 200, in one page. `type_id` of a new appointment is one of these that is not
/// `archived`.
#[utoipa::path(get, path = "/appointment-types", tag = "businesses", responses((status = 200, body = Page<AppointmentTypeView>)))]
pub async fn types(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<AppointmentTypeView>> {
    Ok(Json(Page {
        data: types::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// Add a type of appointment.
#[utoipa::path(post, path = "/appointment-types", tag = "businesses", request_body = SaveAppointmentType, responses(
    (status = 201, body = AppointmentTypeView), (status = 409, description = "There are 200 already", body = Problem), (status = 422, body = Problem)))]
pub async fn add_type(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<SaveAppointmentType>,
) -> Result<(StatusCode, Json<AppointmentTypeView>), ApiError> {
    Ok((StatusCode::CREATED, Json(types::create(&s, &actor, cmd).await?)))
}

/// Change a type of appointment, put it away or bring it back; what is not given stays. Where its reminders become other ones, those of its
/// visits to come that have not left are planned anew.
#[utoipa::path(patch, path = "/appointment-types/{id}", tag = "businesses", params(("id" = Uuid, Path)), request_body = EditAppointmentType, responses(
    (status = 200, body = AppointmentTypeView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn edit_type(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<EditAppointmentType>,
) -> ApiResult<AppointmentTypeView> {
    Ok(Json(types::edit(&s, &actor, id, cmd).await?))
}
