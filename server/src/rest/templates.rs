use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
};
use contract::{
    Code, Page, PageQuery, Problem,
    templates::{PreviewTemplate, SaveTemplate, TemplatePreview, TemplateQuery, TemplateVersionView, TemplateView},
    whatsapp::TwinView,
};
use services::{Actor, Permission, pages, templates, twins};

use super::{ApiError, ApiKeyActor, ApiResult, Body, NoBody, Params, S};
use crate::AppState;

/// The words of a path that say which text is meant.
pub(crate) struct Words {
    kind: String,
    channel: String,
    language: String,
    /// Behind `versions/`.
    version: String,
}

fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "There is nothing at this address.")
}

impl FromRequestParts<AppState> for Words {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path(words) = Path::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing_here())?;
        let word = |name: &str| words.iter().find(|(known, _)| known == name).map(|(_, word)| word.clone());
        Ok(Self {
            kind: word("kind").unwrap_or_default(),
            channel: word("channel").unwrap_or_default(),
            language: word("language").unwrap_or_default(),
            version: word("version").unwrap_or_default(),
        })
    }
}

impl Words {
    fn which(&self, actor: &Actor, what: Permission) -> Result<templates::Which, ApiError> {
        Ok(templates::which(actor, what, &self.kind, &self.channel, &self.language)?)
    }
}

/// Texts that customers get: a row for each kind, channel and language, in one page. Those with `own` were written by the business, all
/// others are the built-in ones. Those on WhatsApp that are handed in there say how far their approval has come.
#[utoipa::path(get, path = "/templates", tag = "templates", params(TemplateQuery), responses(
    (status = 200, body = Page<TemplateView>), (status = 422, body = Problem)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<TemplateQuery>,
) -> ApiResult<Page<TemplateView>> {
    Ok(Json(Page {
        data: pages::texts::list(&s, &actor, query).await?,
        next_cursor: None,
    }))
}

/// One text.
#[utoipa::path(get, path = "/templates/{kind}/{channel}/{language}", tag = "templates",
    params(("kind" = String, Path), ("channel" = String, Path), ("language" = String, Path)),
    responses((status = 200, body = TemplateView), (status = 422, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, words: Words) -> ApiResult<TemplateView> {
    Ok(Json(
        pages::texts::get(&s, &actor, words.which(&actor, Permission::ReadTemplates)?).await?,
    ))
}

/// Write a text in the place of the one there is. Everything that is wrong with it is among `errors`.
#[utoipa::path(put, path = "/templates/{kind}/{channel}/{language}", tag = "templates",
    params(("kind" = String, Path), ("channel" = String, Path), ("language" = String, Path)), request_body = SaveTemplate, responses(
    (status = 200, body = TemplateView), (status = 409, description = "It was changed since `version`", body = Problem),
    (status = 422, body = Problem)))]
pub async fn put(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    words: Words,
    Body(cmd): Body<SaveTemplate>,
) -> ApiResult<TemplateView> {
    Ok(Json(
        templates::save(&s, &actor, words.which(&actor, Permission::WriteTemplates)?, cmd).await?,
    ))
}

/// Back to the built-in text. What was written stays among the versions.
#[utoipa::path(delete, path = "/templates/{kind}/{channel}/{language}", tag = "templates",
    params(("kind" = String, Path), ("channel" = String, Path), ("language" = String, Path)), responses(
    (status = 204), (status = 422, body = Problem)))]
pub async fn remove(State(s): S, ApiKeyActor(actor): ApiKeyActor, words: Words, _: NoBody) -> Result<StatusCode, ApiError> {
    templates::reset(&s, &actor, words.which(&actor, Permission::WriteTemplates)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a text said, the newest version first.
#[utoipa::path(get, path = "/templates/{kind}/{channel}/{language}/versions", tag = "templates",
    params(("kind" = String, Path), ("channel" = String, Path), ("language" = String, Path), PageQuery), responses(
    (status = 200, body = Page<TemplateVersionView>), (status = 422, body = Problem)))]
pub async fn versions(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    words: Words,
    Params(query): Params<PageQuery>,
) -> ApiResult<Page<TemplateVersionView>> {
    Ok(Json(
        templates::versions(&s, &actor, words.which(&actor, Permission::ReadTemplates)?, query).await?,
    ))
}

/// A text says again what it said in an earlier version.
#[utoipa::path(post, path = "/templates/{kind}/{channel}/{language}/versions/{version}/restore", tag = "templates",
    params(("kind" = String, Path), ("channel" = String, Path), ("language" = String, Path), ("version" = i32, Path)), responses(
    (status = 200, body = TemplateView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn restore(State(s): S, ApiKeyActor(actor): ApiKeyActor, words: Words, _: NoBody) -> ApiResult<TemplateView> {
    let which = words.which(&actor, Permission::WriteTemplates)?;
    let version = words.version.parse().map_err(|_| nothing_here())?;
    Ok(Json(templates::restore(&s, &actor, which, version).await?))
}

/// How a text would arrive, what it costs, and what is wrong with it: about a visit (the key needs `appointments:read` and `contacts:read`,
/// too), or about an invented one. Nothing is kept.
#[utoipa::path(post, path = "/templates/preview", tag = "templates", request_body = PreviewTemplate, responses(
    (status = 200, body = TemplatePreview), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn preview(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<PreviewTemplate>,
) -> ApiResult<TemplatePreview> {
    Ok(Json(templates::preview(&s, &actor, cmd).await?))
}

/// Hand a text in to WhatsApp for approval. One that is looked at, or approved already, is not handed in again.
#[utoipa::path(post, path = "/templates/{kind}/whatsapp/{language}/submit", tag = "templates",
    params(("kind" = String, Path), ("language" = String, Path)), responses(
    (status = 202, body = TwinView), (status = 404, description = "There is no such text on WhatsApp", body = Problem),
    (status = 409, description = "No Twilio account is connected", body = Problem), (status = 422, body = Problem)))]
pub async fn submit(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Path((kind, language)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<TwinView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(twins::submit(&s, &actor, &kind, &language).await?)))
}
