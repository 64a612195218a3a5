//! The REST door, `/api/v1`: JSON in and out, `Authorization: Bearer <key>`, problems as `application/problem+json` (RFC 9457).

mod appointments;
mod businesses;
mod contacts;
mod conversations;
mod messages;
mod reports;
mod tasks;

use axum::{
    Json, Router,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{Code, Problem};
use serde::de::DeserializeOwned;
use services::{Actor, Services, integrations};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;

#[derive(OpenApi)]
#[openapi(
    info(title = "Showup", description = "Appointment reminders by text, answered with one letter."),
    servers((url = "/api/v1")),
    security(("key" = [])),
    modifiers(&Key)
)]
struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("`showup admin create-api-key`"))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The document of this door.
pub fn openapi() -> utoipa::openapi::OpenApi {
    parts().1
}

fn parts() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(contacts::create))
        .routes(routes!(contacts::get))
        .routes(routes!(contacts::decide_hold))
        .routes(routes!(contacts::consent_history))
        .routes(routes!(appointments::create))
        .routes(routes!(appointments::get, appointments::reschedule))
        .routes(routes!(appointments::cancel))
        .routes(routes!(appointments::complete))
        .routes(routes!(businesses::locations))
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::settle))
        .routes(routes!(messages::cancel))
        .routes(routes!(conversations::list))
        .routes(routes!(tasks::list))
        .routes(routes!(reports::daily))
        .routes(routes!(reports::notices))
        .split_for_parts()
}

pub(crate) fn router() -> Router<AppState> {
    let (routes, document) = parts();
    let unknown = || async {
        Refusal::from(Problem::new(
            Code::NotFound,
            "There is nothing at this address. See /api/v1/openapi.json.",
        ))
    };
    let wrong_method = || async {
        (
            StatusCode::METHOD_NOT_ALLOWED,
            Refusal::from(Problem::new(Code::Malformed, "This address does not take this method.")),
        )
    };
    routes
        .route("/openapi.json", get(move || async move { Json(document) }))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
}

/// A problem on its way out.
#[derive(Debug)]
pub struct Refusal(Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<services::Error> for Refusal {
    fn from(error: services::Error) -> Self {
        // The cause is for the log, once, here at the edge.
        if error.is_internal() {
            tracing::error!(cause = %error, "request failed");
        }
        Self(error.problem())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(&self.0)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Who holds the key of this request.
pub(crate) struct Caller(pub Actor);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let key = given
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, key) =
            key.ok_or_else(|| Problem::new(Code::SignInNeeded, "Send your API key as \"Authorization: Bearer <key>\"."))?;
        Ok(Self(integrations::actor(&state.services, key.trim()).await?))
    }
}

/// A JSON body; what can't be read is said as a problem.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refusal> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(unreadable(&rejection).into()),
        }
    }
}

fn unreadable(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(e) => Problem::new(Code::Invalid, e.body_text()),
        JsonRejection::BytesRejection(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Code::TooLarge, "The body is larger than 256 kB.")
        }
        other => Problem::new(Code::Malformed, other.body_text()),
    }
}

/// A query string.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Code::Malformed, rejection.body_text()).into()),
        }
    }
}

/// The id in a path. One that is no id can't be anybody's.
pub(crate) struct Id(pub Uuid);

impl FromRequestParts<AppState> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::new(Code::NotFound, "This is not an id that we gave out.").into()),
        }
    }
}

pub(crate) type Answer<T> = Result<Json<T>, Refusal>;
pub(crate) type S = axum::extract::State<Services>;
