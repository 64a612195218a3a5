//! The REST door, `/api/v1`: JSON in and out, `Authorization: Bearer <key>`, problems as `application/problem+json` (RFC 9457).

mod appointments;
mod audit;
mod businesses;
mod calendars;
mod contacts;
mod conversations;
mod document;
mod door;
mod experiments;
mod imports;
mod keys;
mod members;
mod messages;
mod numbers;
mod problems;
mod quick_replies;
mod reports;
mod reviews;
mod said;
mod scopes;
mod tasks;
mod templates;
mod triggers;
mod waitlist;
mod webhooks;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{Code, Pointed, Problem};
use services::Services;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

use door::Door;
pub(crate) use said::Body;
pub use said::Params;
use said::{ApiKeyActor, Id, NoBody};

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
            .description(Some("Made in *Settings → API keys*, or by `showup admin create-api-key`."))
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
    let (routes, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(keys::me))
        .routes(routes!(contacts::create))
        .routes(routes!(contacts::list))
        .routes(routes!(contacts::get))
        .routes(routes!(contacts::patch))
        .routes(routes!(contacts::batch))
        .routes(routes!(contacts::change_consent))
        .routes(routes!(contacts::timeline))
        .routes(routes!(contacts::set_channels))
        .routes(routes!(contacts::preferences))
        .routes(routes!(contacts::merge, contacts::preview_merge))
        .routes(routes!(contacts::undo_merge))
        .routes(routes!(contacts::decide_hold))
        .routes(routes!(contacts::consent_history))
        .routes(routes!(appointments::create, appointments::list))
        .routes(routes!(appointments::get, appointments::edit))
        .routes(routes!(appointments::undo))
        .routes(routes!(appointments::history))
        .routes(routes!(appointments::cancel))
        .routes(routes!(appointments::complete))
        .routes(routes!(appointments::confirm))
        .routes(routes!(appointments::no_show))
        .routes(routes!(appointments::arrive))
        .routes(routes!(appointments::reopen))
        .routes(routes!(appointments::clock))
        .routes(routes!(appointments::link))
        .routes(routes!(appointments::revoke_links))
        .routes(routes!(audit::list))
        .routes(routes!(businesses::locations, businesses::add_location))
        .routes(routes!(businesses::put_location))
        .routes(routes!(businesses::archive_location))
        .routes(routes!(businesses::unarchive_location))
        .routes(routes!(quick_replies::list, quick_replies::create))
        .routes(routes!(quick_replies::put, quick_replies::remove))
        .routes(routes!(businesses::types, businesses::add_type))
        .routes(routes!(businesses::edit_type))
        .routes(routes!(calendars::list, calendars::add))
        .routes(routes!(calendars::get, calendars::remove))
        .routes(routes!(calendars::start))
        .routes(routes!(calendars::cancel_lost))
        .routes(routes!(calendars::events))
        .routes(routes!(calendars::link))
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::settle))
        .routes(routes!(messages::cancel))
        .routes(routes!(messages::get))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(conversations::needs_reply))
        .routes(routes!(conversations::assign))
        .routes(routes!(conversations::close))
        .routes(routes!(conversations::reopen))
        .routes(routes!(conversations::snooze))
        .routes(routes!(conversations::no_reply_needed))
        .routes(routes!(conversations::add_note))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::get, tasks::edit))
        .routes(routes!(tasks::done))
        .routes(routes!(tasks::reopen))
        .routes(routes!(waitlist::add, waitlist::list))
        .routes(routes!(waitlist::get, waitlist::edit, waitlist::remove))
        .routes(routes!(waitlist::create_slot, waitlist::board))
        .routes(routes!(waitlist::slot))
        .routes(routes!(waitlist::close))
        .routes(routes!(waitlist::book))
        .routes(routes!(waitlist::add_person))
        .routes(routes!(waitlist::skip))
        .routes(routes!(waitlist::offer_time))
        .routes(routes!(waitlist::offer_times))
        .routes(routes!(triggers::get, triggers::post))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::get, webhooks::edit, webhooks::remove))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::resend_since))
        .routes(routes!(webhooks::delivery))
        .routes(routes!(webhooks::resend))
        .routes(routes!(templates::list))
        .routes(routes!(templates::preview))
        .routes(routes!(templates::get, templates::put, templates::remove))
        .routes(routes!(templates::versions))
        .routes(routes!(templates::restore))
        .routes(routes!(experiments::list, experiments::plan))
        .routes(routes!(experiments::get))
        .routes(routes!(experiments::start))
        .routes(routes!(experiments::stop))
        .routes(routes!(experiments::adopt))
        .routes(routes!(numbers::list))
        .routes(routes!(numbers::ask, numbers::requests))
        .routes(routes!(numbers::get))
        .routes(routes!(templates::submit))
        .routes(routes!(members::list))
        .routes(routes!(reviews::ask, reviews::list))
        .routes(routes!(reviews::get))
        .routes(routes!(reviews::add_platform, reviews::platforms))
        .routes(routes!(reviews::remove_platform))
        .routes(routes!(reports::daily))
        .routes(routes!(reports::summary))
        .routes(routes!(reports::paper))
        .routes(routes!(reports::report))
        .routes(routes!(reports::notices))
        .routes(routes!(reports::alerts))
        .routes(routes!(imports::get))
        .routes(routes!(imports::cancel))
        .routes(routes!(imports::refused))
        .routes(routes!(imports::contacts))
        .routes(routes!(imports::appointments))
        .merge(files())
        .split_for_parts();
    (routes, document::finished(document))
}

/// Addresses that take whole files; quotes and escapes make JSON larger than what it holds.
fn files() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(imports::create, imports::list))
        .layer(DefaultBodyLimit::max(2 * services::imports::MOST_BYTES))
}

pub(crate) use door::is_request_id;

pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let (routes, document) = parts();
    let s = &state.services;
    let door = Door::new(s.clone(), routes.clone().with_state(state.clone()));
    let routes = routes.route_layer(middleware::from_fn_with_state(door, door::pass));
    let unknown = || async {
        ApiError::from(Problem::new(
            Code::NotFound,
            "There is nothing at this address. See /api/v1/openapi.json.",
        ))
    };
    let other_method = || async { ApiError::from(wrong_method("This address does not take this method.")) };
    routes
        .route("/openapi.json", get(move || async move { Json(document) }))
        .fallback(unknown)
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn_with_state(s.clone(), door::explain))
}

/// That an address is not to be asked so.
fn wrong_method(words: &str) -> Problem {
    Problem {
        status: StatusCode::METHOD_NOT_ALLOWED.as_u16(),
        ..Problem::new(Code::Malformed, words)
    }
}

/// A problem on its way out.
#[derive(Debug)]
pub struct ApiError(Problem);

impl ApiError {
    pub(crate) fn into_problem(self) -> Problem {
        self.0
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<services::Error> for ApiError {
    fn from(error: services::Error) -> Self {
        // The cause is for the log, once, here at the edge.
        if error.is_internal() {
            tracing::error!(cause = %error, "request failed");
        }
        Self(error.problem())
    }
}

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        self.0.errors = pointed(&self.0);
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let told = problems::Told {
            kind: self.0.code.page(),
            instance: None,
            problem: &self.0,
        };
        let mut response = (status, Json(&told)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(problems::TYPE));
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Who knows more of the request may say more.
        response.extensions_mut().insert(self.0);
        response
    }
}

/// What is wrong and where, for programs.
fn pointed(problem: &Problem) -> Vec<Pointed> {
    let fields = problem.fields.iter().map(|f| Pointed {
        pointer: format!("/{}", f.field.replace('.', "/")),
        detail: f.message.clone(),
    });
    let other = problem.conflicts_with.map(|id| Pointed {
        pointer: String::new(),
        detail: format!("It collides with {id}."),
    });
    fields.chain(other).collect()
}

pub(crate) type ApiResult<T> = Result<Json<T>, ApiError>;
pub(crate) type S = axum::extract::State<Services>;
