use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    tasks::{CreateTask, EditTask, TaskQuery, TaskView},
};
use services::tasks;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Tasks: open ones as they come due, done ones newest first.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery), responses((status = 200, body = Page<TaskView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(q): Params<TaskQuery>) -> ApiResult<Page<TaskView>> {
    Ok(Json(tasks::list(&s, &actor, q).await?))
}

/// Make a task by hand: of a person, a visit, a message, or of nothing that is stored.
#[utoipa::path(post, path = "/tasks", tag = "tasks", request_body = CreateTask, responses(
    (status = 201, body = TaskView), (status = 404, description = "No such contact, visit or message", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateTask>,
) -> Result<(StatusCode, Json<TaskView>), ApiError> {
    Ok((StatusCode::CREATED, Json(tasks::create(&s, &actor, cmd).await?)))
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = TaskView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<TaskView> {
    Ok(Json(tasks::get(&s, &actor, id).await?))
}

/// Give a task to somebody, a time, notes, or another title; what is not given stays.
#[utoipa::path(patch, path = "/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)), request_body = EditTask, responses(
    (status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, description = "It is done", body = Problem), (status = 422, body = Problem)))]
pub async fn edit(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, Body(cmd): Body<EditTask>) -> ApiResult<TaskView> {
    Ok(Json(tasks::edit(&s, &actor, id, cmd).await?))
}

/// Mark a task as done.
#[utoipa::path(post, path = "/tasks/{id}/done", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, description = "A question: its answer closes it", body = Problem)))]
pub async fn done(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<TaskView> {
    Ok(Json(tasks::set_done(&s, &actor, id, true).await?))
}

/// Open a task again that was done.
#[utoipa::path(post, path = "/tasks/{id}/reopen", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = TaskView), (status = 404, body = Problem), (status = 409, description = "A question that was decided", body = Problem)))]
pub async fn reopen(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<TaskView> {
    Ok(Json(tasks::set_done(&s, &actor, id, false).await?))
}
