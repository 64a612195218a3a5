use axum::{Json, extract::State};
use contract::{
    Page,
    tasks::{TaskQuery, TaskView},
};
use services::tasks;

use super::{ApiKeyActor, ApiResult, Params, S};

/// Tasks: open ones oldest first, done ones newest first.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery), responses((status = 200, body = Page<TaskView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(q): Params<TaskQuery>) -> ApiResult<Page<TaskView>> {
    Ok(Json(tasks::list(&s, &actor, q).await?))
}
