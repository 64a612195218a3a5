use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    waitlist::{AddEntry, Board, CreateSlot, EditEntry, EntryQuery, EntryView, OfPerson, OfferTimes, SlotView, TimesView},
};
use services::waitlist;

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Put somebody on the waitlist.
#[utoipa::path(post, path = "/waitlist", tag = "waitlist", request_body = AddEntry, responses(
    (status = 201, body = EntryView), (status = 404, description = "No such contact", body = Problem), (status = 409, description = "They are on it five times already", body = Problem), (status = 422, body = Problem)))]
pub async fn add(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<AddEntry>,
) -> Result<(StatusCode, Json<EntryView>), ApiError> {
    Ok((StatusCode::CREATED, Json(waitlist::add(&s, &actor, cmd).await?)))
}

/// Who waits, or did, in the order in which they came.
#[utoipa::path(get, path = "/waitlist", tag = "waitlist", params(EntryQuery), responses(
    (status = 200, body = Page<EntryView>), (status = 400, body = Problem)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<EntryQuery>) -> ApiResult<Page<EntryView>> {
    Ok(Json(waitlist::list(&s, &actor, query).await?))
}

/// One entry of the waitlist.
#[utoipa::path(get, path = "/waitlist/{id}", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 200, body = EntryView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<EntryView> {
    Ok(Json(waitlist::get(&s, &actor, id).await?))
}

/// Change what somebody waits for.
#[utoipa::path(patch, path = "/waitlist/{id}", tag = "waitlist", params(("id" = Uuid, Path)), request_body = EditEntry, responses(
    (status = 200, body = EntryView), (status = 404, body = Problem), (status = 409, description = "They wait no more", body = Problem), (status = 422, body = Problem)))]
pub async fn edit(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, Body(cmd): Body<EditEntry>) -> ApiResult<EntryView> {
    Ok(Json(waitlist::edit(&s, &actor, id, cmd).await?))
}

/// Take somebody off the waitlist; what they were offered and have not answered is taken back.
#[utoipa::path(delete, path = "/waitlist/{id}", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn remove(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> Result<StatusCode, ApiError> {
    waitlist::remove(&s, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A time is free: it is offered to who waits for one like it.
#[utoipa::path(post, path = "/slots", tag = "waitlist", request_body = CreateSlot, responses(
    (status = 201, body = SlotView), (status = 422, body = Problem)))]
pub async fn create_slot(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<CreateSlot>,
) -> Result<(StatusCode, Json<SlotView>), ApiError> {
    Ok((StatusCode::CREATED, Json(waitlist::create(&s, &actor, cmd).await?)))
}

/// Free times and those that ended within a week, by how they stand, up to 50 of each; and what came of them in the last 30 days.
#[utoipa::path(get, path = "/slots", tag = "waitlist", responses((status = 200, body = Board)))]
pub async fn board(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Board> {
    Ok(Json(waitlist::board(&s, &actor).await?))
}

/// A free time, or one that was, with everybody who was offered it.
#[utoipa::path(get, path = "/slots/{id}", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 200, body = SlotView), (status = 404, body = Problem)))]
pub async fn slot(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<SlotView> {
    Ok(Json(waitlist::get_slot(&s, &actor, id).await?))
}

/// Give a time up: nobody is asked any more.
#[utoipa::path(post, path = "/slots/{id}/close", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 200, body = SlotView), (status = 404, body = Problem)))]
pub async fn close(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<SlotView> {
    Ok(Json(waitlist::close(&s, &actor, id).await?))
}

/// Book a free time for somebody; whoever it was promised to is told.
#[utoipa::path(post, path = "/slots/{id}/book", tag = "waitlist", params(("id" = Uuid, Path)), request_body = OfPerson, responses(
    (status = 200, body = SlotView), (status = 404, body = Problem), (status = 409, description = "Somebody else has it: `conflicts_with`", body = Problem)))]
pub async fn book(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, Body(cmd): Body<OfPerson>) -> ApiResult<SlotView> {
    Ok(Json(waitlist::book(&s, &actor, id, cmd.contact_id).await?))
}

/// Offer a free time to somebody of the waitlist now, out of turn.
#[utoipa::path(post, path = "/slots/{id}/add", tag = "waitlist", params(("id" = Uuid, Path)), request_body = OfPerson, responses(
    (status = 200, body = SlotView), (status = 404, body = Problem), (status = 409, description = "They can't be asked now, or the time is not free", body = Problem)))]
pub async fn add_person(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<OfPerson>,
) -> ApiResult<SlotView> {
    Ok(Json(waitlist::add_person(&s, &actor, id, cmd.contact_id).await?))
}

/// Take an offer back and ask the next.
#[utoipa::path(post, path = "/offers/{id}/skip", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 200, body = SlotView), (status = 404, body = Problem)))]
pub async fn skip(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<SlotView> {
    Ok(Json(waitlist::skip(&s, &actor, id).await?))
}

/// Offer the time of a visit to the waitlist whose customer has said that it does not suit.
#[utoipa::path(post, path = "/appointments/{id}/offer-time", tag = "waitlist", params(("id" = Uuid, Path)), responses(
    (status = 201, body = SlotView), (status = 404, body = Problem), (status = 409, description = "It is past, not open, or was offered already", body = Problem)))]
pub async fn offer_time(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    _: NoBody,
) -> Result<(StatusCode, Json<SlotView>), ApiError> {
    Ok((StatusCode::CREATED, Json(waitlist::offer_time_of(&s, &actor, id).await?)))
}

/// Offer a customer two or three times for their visit by text: they answer with a number, and it moves there.
#[utoipa::path(post, path = "/appointments/{id}/offer-times", tag = "waitlist", params(("id" = Uuid, Path)), request_body = OfferTimes, responses(
    (status = 201, body = TimesView), (status = 404, body = Problem), (status = 409, description = "The visit is over or kept elsewhere, a time is not free, or they can't be texted", body = Problem), (status = 422, body = Problem)))]
pub async fn offer_times(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<OfferTimes>,
) -> Result<(StatusCode, Json<TimesView>), ApiError> {
    Ok((StatusCode::CREATED, Json(waitlist::times::offer(&s, &actor, id, cmd).await?)))
}
