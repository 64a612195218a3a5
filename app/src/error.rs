//! What a server function answers when it cannot do what was asked: the public `Problem`, nothing else.

use contract::{Code, Problem};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::codec::TextJson;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError(pub Problem);

impl AppError {
    pub fn new(code: Code, detail: &str) -> Self {
        Self(Problem::new(code, detail))
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromServerFnError for AppError {
    type Encoder = TextJson;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Request(_) => Self::new(
                Code::Unavailable,
                "There is no connection to Showup right now. Nothing was lost; try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::new(
                Code::Malformed,
                "Something that was sent could not be read. Reload the page and try again.",
            ),
            _ => Self::new(Code::Internal, "Something went wrong on our side. Try again in a moment."),
        }
    }
}

/// A problem from a service becomes the HTTP status of the answer or of the page; a cause of ours is logged here, once.
#[cfg(feature = "ssr")]
impl From<services::Error> for AppError {
    fn from(error: services::Error) -> Self {
        let problem = error.problem();
        if problem.code == Code::Internal {
            tracing::error!(cause = %error, "a page or server function failed");
        }
        set_status(problem.status);
        if let Some(seconds) = problem.retry_after {
            set_retry_after(seconds);
        }
        Self(problem)
    }
}

/// Programs that ask again know when.
#[cfg(feature = "ssr")]
fn set_retry_after(seconds: u16) {
    use axum::http::{HeaderValue, header};
    use leptos::prelude::use_context;

    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// The status of the page or answer being made.
#[cfg(feature = "ssr")]
pub fn set_status(status: u16) {
    use leptos::prelude::use_context;

    let options = use_context::<leptos_axum::ResponseOptions>();
    if let (Some(options), Ok(status)) = (options, axum::http::StatusCode::from_u16(status)) {
        options.set_status(status);
    }
}
