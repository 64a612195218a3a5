use axum::{Json, extract::State};
use contract::{
    Page,
    tasks::{TaskQuery, TaskView},
};
use services::tasks;

use super::{Answer, Caller, Params, S};

/// Tasks: `status=open` (default, oldest first) or `done` (newest first), 50 a page.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(
    ("status" = Option<String>, Query, description = "open or done"), ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = Page<TaskView>)))]
pub async fn list(State(s): S, Caller(actor): Caller, Params(q): Params<TaskQuery>) -> Answer<Page<TaskView>> {
    Ok(Json(tasks::list(&s, &actor, q).await?))
}
