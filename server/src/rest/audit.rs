use axum::{Json, extract::State};
use contract::{
    Page, Problem,
    audit::{AuditQuery, AuditRow},
};
use services::audit;

use super::{ApiKeyActor, ApiResult, Params, S};

/// Who changed what, the latest first: settings, members, consent, numbers, keys, files taken away, sign-ins, and the day's work. Secrets
/// are never in it. Needs the scope `audit:read`.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, body = Page<AuditRow>), (status = 400, body = Problem)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<AuditQuery>) -> ApiResult<Page<AuditRow>> {
    Ok(Json(audit::list(&s, &actor, query).await?))
}
