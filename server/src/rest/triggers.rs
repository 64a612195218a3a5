use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{
    Code, Problem,
    triggers::{Trigger, Triggered},
};
use services::{Actor, Permission, Services, triggers};

use super::{
    ApiError, ApiKeyActor, Params, S,
    said::{is_json, read},
    wrong_method,
};

type Answer = Result<(StatusCode, Json<Triggered>), ApiError>;

/// Have a text sent by a program that can only call an address: a kind of text (`recall`, `missed_call`, `arrived`, `confirmed`,
/// `cancelled`, `waitlist_joined`, `help`), or a quick reply by its name. What it says stands in the body or in the query string. The
/// same `reference` within 24 hours is one text. It goes by the rules of `POST /messages`.
#[utoipa::path(post, path = "/trigger/{template}", tag = "triggers", params(("template" = String, Path), Trigger), request_body = Option<Trigger>, responses(
    (status = 202, body = Triggered), (status = 404, description = "No such text", body = Problem), (status = 409, description = "They have not agreed, opted out, or are not known", body = Problem), (status = 422, body = Problem)))]
pub async fn post(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Path(template): Path<String>,
    Params(query): Params<Trigger>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let cmd = if body.trim_ascii().is_empty() {
        query
    } else if is_json(&headers) {
        read(&body)?
    } else {
        let words = "Send the body as JSON, with the header \"Content-Type: application/json\", or say it in the address.";
        return Err(Problem::new(Code::Malformed, words).into());
    };
    fire(&s, &actor, &template, cmd).await
}

/// The same for a program that can do no better than GET. Links are also fetched by previews and scanners, so a key must have `trigger:get`
/// for it.
#[utoipa::path(get, path = "/trigger/{template}", tag = "triggers", params(("template" = String, Path), Trigger), responses(
    (status = 202, body = Triggered), (status = 404, description = "No such text", body = Problem), (status = 405, description = "The key has no scope `trigger:get`", body = Problem), (status = 409, description = "They have not agreed, opted out, or are not known", body = Problem), (status = 422, body = Problem)))]
pub async fn get(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Path(template): Path<String>,
    Params(query): Params<Trigger>,
    // Who asks for the head alone gets no text sent.
    method: Method,
) -> Response {
    let by_get = method == Method::GET && actor.may(Permission::TriggerByGet).is_ok();
    if !by_get && actor.may(Permission::SendMessages).is_ok() {
        let words = "A GET sends nothing unless the key has the scope \"trigger:get\". Please call it by POST.";
        let allow = (header::ALLOW, HeaderValue::from_static("POST"));
        return ([allow], ApiError::from(wrong_method(words))).into_response();
    }
    fire(&s, &actor, &template, query).await.into_response()
}

async fn fire(s: &Services, actor: &Actor, template: &str, cmd: Trigger) -> Answer {
    Ok((StatusCode::ACCEPTED, Json(triggers::fire(s, actor, template, cmd).await?)))
}
