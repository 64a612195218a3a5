use axum::{Json, extract::State};
use contract::businesses::LocationView;
use services::businesses::locations;

use super::{ApiKeyActor, ApiResult, S};

/// Places appointments happen at, by name; at most 200. `location_id` of a new appointment is one of these.
#[utoipa::path(get, path = "/locations", tag = "businesses", responses((status = 200, body = [LocationView])))]
pub async fn locations(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Vec<LocationView>> {
    Ok(Json(locations::list(&s, &actor).await?))
}
