use axum::{Json, extract::State, http::StatusCode};
use contract::{
    Page, Problem,
    webhooks::{
        AddWebhookEndpoint, EditWebhookEndpoint, ResendWebhooks, Resent, WebhookDeliveryDetail, WebhookDeliveryQuery,
        WebhookDeliveryView, WebhookEndpointView, WebhookSecret,
    },
};
use services::{once, webhooks};

use super::{ApiError, ApiKeyActor, ApiResult, Body, Id, NoBody, Params, S};

/// Programs that are told what happens, the oldest first; at most 20, in one page.
#[utoipa::path(get, path = "/webhook-endpoints", tag = "webhooks", responses((status = 200, body = Page<WebhookEndpointView>)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> ApiResult<Page<WebhookEndpointView>> {
    Ok(Json(Page {
        data: webhooks::list(&s, &actor).await?,
        next_cursor: None,
    }))
}

/// Tell a program what happens from now on, by Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`, checked with the secret that is answered. Only a 2xx within 20 seconds counts; a redirect does not, and 410 switches it
/// off. What does not arrive is posted again for three days with the same `webhook-id`; what is about one thing arrives in order.
#[utoipa::path(post, path = "/webhook-endpoints", tag = "webhooks", request_body = AddWebhookEndpoint, responses(
    (status = 201, body = WebhookSecret), (status = 409, description = "There are 20 already", body = Problem), (status = 422, body = Problem)))]
pub async fn add(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Body(cmd): Body<AddWebhookEndpoint>,
) -> Result<(StatusCode, Json<WebhookSecret>), ApiError> {
    Ok((StatusCode::CREATED, Json(webhooks::add(&s, &actor, cmd).await?)))
}

/// How an endpoint stands.
#[utoipa::path(get, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = WebhookEndpointView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<WebhookEndpointView> {
    Ok(Json(webhooks::get(&s, &actor, id).await?))
}

/// Change where an endpoint is or what it is told, or switch it off or on. Switched on again, it is told what has happened meanwhile.
#[utoipa::path(patch, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), request_body = EditWebhookEndpoint, responses(
    (status = 200, body = WebhookEndpointView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn edit(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<EditWebhookEndpoint>,
) -> ApiResult<WebhookEndpointView> {
    Ok(Json(webhooks::edit(&s, &actor, id, cmd).await?))
}

/// Tell it nothing any more. What it was told is forgotten with it.
#[utoipa::path(delete, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn remove(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> Result<StatusCode, ApiError> {
    webhooks::remove(&s, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tell it something that has not happened (`webhook.test`), to see whether it arrives.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 202, body = WebhookDeliveryView), (status = 404, body = Problem), (status = 409, description = "It is switched off", body = Problem)))]
pub async fn test(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    _: NoBody,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(webhooks::test(&s, &actor, id).await?)))
}

/// A new secret. For a day is signed with the one before, too.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/rotate-secret", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = WebhookSecret), (status = 404, body = Problem)))]
pub async fn rotate_secret(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<WebhookSecret> {
    Ok(Json(webhooks::rotate_secret(&s, &actor, id).await?))
}

/// What it was told, newest first. What is older than 30 days is forgotten.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), WebhookDeliveryQuery), responses(
    (status = 200, body = Page<WebhookDeliveryView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn deliveries(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Params(query): Params<WebhookDeliveryQuery>,
) -> ApiResult<Page<WebhookDeliveryView>> {
    Ok(Json(webhooks::deliveries(&s, &actor, id, query).await?))
}

/// Tell it once more what happened within a time, oldest first; at most 5,000 at once.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/resend", tag = "webhooks", params(("id" = Uuid, Path)), request_body = ResendWebhooks, responses(
    (status = 202, body = Resent), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn resend_since(
    State(s): S,
    ApiKeyActor(actor): ApiKeyActor,
    Id(id): Id,
    Body(cmd): Body<ResendWebhooks>,
) -> Result<(StatusCode, Json<Resent>), ApiError> {
    let resent = once::in_pieces(webhooks::resend_since(&s, &actor, id, cmd)).await?;
    Ok((StatusCode::ACCEPTED, Json(resent)))
}

/// One delivery, with what is posted.
#[utoipa::path(get, path = "/webhook-deliveries/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = WebhookDeliveryDetail), (status = 404, body = Problem)))]
pub async fn delivery(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<WebhookDeliveryDetail> {
    Ok(Json(webhooks::delivery(&s, &actor, id).await?))
}

/// Tell it once more, whatever came of it before; its `webhook-id` stays.
#[utoipa::path(post, path = "/webhook-deliveries/{id}/resend", tag = "webhooks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = WebhookDeliveryView), (status = 404, body = Problem), (status = 409, description = "It is being sent at this moment", body = Problem)))]
pub async fn resend(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<WebhookDeliveryView> {
    Ok(Json(webhooks::resend(&s, &actor, id).await?))
}
