//! Errors in Twilio's shape.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// `{"code", "message", "more_info", "status"}`.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: i32,
    message: String,
    header: Option<(HeaderName, String)>,
}

impl ApiError {
    fn new(status: StatusCode, code: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
        }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn bad_request(code: i32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn authenticate() -> Self {
        let header = Some((WWW_AUTHENTICATE, "Basic realm=\"Twilio API\"".to_owned()));
        Self {
            header,
            ..Self::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
        }
    }

    pub fn not_found(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            20404,
            format!("The requested resource {path} was not found"),
        )
    }

    /// `retry_after` in whole seconds.
    pub fn too_many(retry_after: Option<u64>) -> Self {
        let header = retry_after.map(|seconds| (RETRY_AFTER, seconds.to_string()));
        Self {
            header,
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests")
        }
    }

    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            20500,
            "An internal server error has occurred",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        match self.header {
            Some(header) => (self.status, [header], Json(body)).into_response(),
            None => (self.status, Json(body)).into_response(),
        }
    }
}
