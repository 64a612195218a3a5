use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    appointment_types::{AppointmentTypeView, EditAppointmentType, SaveAppointmentType},
    businesses::LocationView,
};
use services::businesses::{locations, types};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, S};

/// Places appointments happen at, by name; at most 200. `location_id` of a new appointment is one of these that is not `archived`.
#[utoipa::path(get, path = "/locations", tag = "businesses", responses((status = 200, body = [LocationView])))]
pub async fn locations(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Vec<LocationView>> {
    Ok(Json(locations::list(&s, &actor).await?))
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
