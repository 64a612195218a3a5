use axum::{Json, extract::State, http::StatusCode, response::Response};
use contract::{
    Page, PageQuery, Problem,
    contacts::{
        BatchResult, ChangeConsent, ContactBatch, ContactChannels, ContactQuery, ContactView, CreateContact, DecideHold,
        PatchContact, PreferencesLink, TimelineRow,
    },
    merging::{MergeContacts, MergePreview},
};
use services::{
    contacts::{self, consent},
    merging, once, pages, tasks,
};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};
use crate::exports;

/// Add a contact, with consent if it was given.
#[utoipa::path(post, path = "/contacts", tag = "contacts", request_body = CreateContact, responses(
    (status = 201, body = ContactView), (status = 409, description = "Somebody has this number", body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateContact>,
) -> Result<(StatusCode, Json<ContactView>), ApiError> {
    Ok((StatusCode::CREATED, Json(contacts::create(&s, &actor, cmd).await?)))
}

/// Contacts in alphabetical order, or in the order in which they were changed.
#[utoipa::path(get, path = "/contacts", tag = "contacts", params(ContactQuery), responses(
    (status = 200, body = Page<ContactView>), (status = 400, body = Problem)))]
pub async fn list(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<ContactQuery>,
) -> ApiResult<Page<ContactView>> {
    Ok(Json(contacts::list(&s, &actor, query).await?))
}

/// Change what is given of a contact, and nothing else.
#[utoipa::path(patch, path = "/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), request_body = PatchContact, responses(
    (status = 200, body = ContactView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn patch(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<PatchContact>,
) -> ApiResult<ContactView> {
    Ok(Json(contacts::patch(&s, &actor, id, cmd).await?))
}

/// Add many contacts, or bring them up to date: each row says what became of it.
#[utoipa::path(post, path = "/contacts/batch", tag = "contacts", request_body = ContactBatch, responses(
    (status = 200, body = BatchResult), (status = 422, body = Problem)))]
pub async fn batch(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<ContactBatch>) -> ApiResult<BatchResult> {
    Ok(Json(once::in_pieces(contacts::batch(&s, &actor, cmd)).await?))
}

/// Write down what somebody agreed to or refused outside a text.
#[utoipa::path(post, path = "/contacts/{id}/consent", tag = "contacts", params(("id" = Uuid, Path)), request_body = ChangeConsent, responses(
    (status = 200, body = ContactView), (status = 404, body = Problem),
    (status = 409, description = "They said STOP themselves, or staff must decide", body = Problem), (status = 422, body = Problem)))]
pub async fn change_consent(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<ChangeConsent>,
) -> ApiResult<ContactView> {
    Ok(Json(contacts::change_consent(&s, &actor, id, cmd).await?))
}

/// Note by which ways somebody would like to be reached, best first.
#[utoipa::path(put, path = "/contacts/{id}/channels", tag = "contacts", params(("id" = Uuid, Path)), request_body = ContactChannels, responses(
    (status = 200, body = ContactView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn set_channels(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<ContactChannels>,
) -> ApiResult<ContactView> {
    Ok(Json(contacts::set_channels(&s, &actor, id, cmd).await?))
}

/// The page where this person says how they are reached, without signing in. Whoever has the address can say so in their name.
#[utoipa::path(get, path = "/contacts/{id}/preferences", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = PreferencesLink), (status = 404, body = Problem)))]
pub async fn preferences(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<PreferencesLink> {
    Ok(Json(services::preferences::get_link(&s, &actor, id).await?))
}

/// Everything that happened to a person, the latest first.
#[utoipa::path(get, path = "/contacts/{id}/timeline", tag = "contacts", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<TimelineRow>), (status = 404, body = Problem)))]
pub async fn timeline(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<PageQuery>,
) -> ApiResult<Page<TimelineRow>> {
    Ok(Json(pages::contact::timeline(&s, &actor, id, query).await?))
}

/// Merge another contact into this one: they turned out to be one person. What was the other's moves over; its number is a further one of
/// this contact. The stricter consent counts.
#[utoipa::path(post, path = "/contacts/{id}/merge", tag = "contacts", params(("id" = Uuid, Path)), request_body = MergeContacts, responses(
    (status = 200, body = ContactView), (status = 404, body = Problem),
    (status = 409, description = "Something has to be done first, or one was merged already", body = Problem), (status = 422, body = Problem)))]
pub async fn merge(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<MergeContacts>,
) -> ApiResult<ContactView> {
    Ok(Json(merging::merge(&s, &actor, id, cmd).await?))
}

/// What merging another contact into this one would do, and what is in its way.
#[utoipa::path(get, path = "/contacts/{id}/merge", tag = "contacts", params(("id" = Uuid, Path), MergeContacts), responses(
    (status = 200, body = MergePreview), (status = 404, body = Problem), (status = 409, description = "One was merged already", body = Problem)))]
pub async fn preview_merge(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<MergeContacts>,
) -> ApiResult<MergePreview> {
    Ok(Json(merging::preview(&s, &actor, id, query).await?))
}

/// Undo the last merge into this contact: once, within 30 days, until one of them is merged again.
#[utoipa::path(post, path = "/contacts/{id}/merge/undo", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ContactView), (status = 404, body = Problem), (status = 409, description = "Nothing to undo any more", body = Problem)))]
pub async fn undo_merge(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ContactView> {
    Ok(Json(merging::undo(&s, &actor, id).await?))
}

/// One contact; of one that was merged into another, the other.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ContactView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<ContactView> {
    Ok(Json(contacts::get(&s, &actor, id).await?))
}

/// Decide about a contact on hold: opted out, or texts go on.
#[utoipa::path(post, path = "/contacts/hold", tag = "contacts", request_body = DecideHold, responses(
    (status = 200, body = ContactView), (status = 409, description = "Nothing to decide", body = Problem)))]
pub async fn decide_hold(State(s): S, ApiKeyActor(actor): ApiKeyActor, Body(cmd): Body<DecideHold>) -> ApiResult<ContactView> {
    Ok(Json(tasks::decide_hold(&s, &actor, cmd).await?))
}

/// All that a contact agreed to and refused, with evidence, as CSV: oldest first, every row of the ledger. A cell that would be a formula
/// in a spreadsheet (it begins with = + - @ or a tab) has an apostrophe before it.
#[utoipa::path(get, path = "/contacts/{id}/consent.csv", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem)))]
pub async fn consent_history(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> Result<Response, ApiError> {
    exports::ledger(id, &consent::export(&s, &actor, id).await?)
}
