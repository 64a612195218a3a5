use axum::{Json, extract::State};
use contract::{
    Page,
    accounts::{MemberQuery, MemberView},
};
use services::accounts::members;

use super::{ApiKeyActor, ApiResult, Params, S};

/// Who works in the business, longest first. Their id is what conversations and tasks are given to.
#[utoipa::path(get, path = "/members", tag = "members", params(MemberQuery), responses((status = 200, body = Page<MemberView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(q): Params<MemberQuery>) -> ApiResult<Page<MemberView>> {
    Ok(Json(members::list(&s, &actor, q).await?))
}
