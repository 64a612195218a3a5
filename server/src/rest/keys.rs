use axum::{Json, extract::State};
use contract::integrations::KeyView;
use services::integrations;

use super::{ApiKeyActor, ApiResult, S};

/// The key of this request: what it is called, which business it is of, and what it may.
#[utoipa::path(get, path = "/me", tag = "keys", responses((status = 200, body = KeyView)))]
pub async fn me(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<KeyView> {
    Ok(Json(integrations::me(&s, &actor).await?))
}
