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

/// HTTP 400 with Twilio's own text.
pub(super) fn refusal(code: i32) -> ApiError {
    let text = match code {
        21212 => "The 'From' number is not a valid phone number or shortcode",
        21408 => "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        21602 => "Message body is required.",
        21606 => {
            "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination/account"
        }
        21609 => "The 'StatusCallback' URL is not a valid URL.",
        21610 => "Attempt to send to unsubscribed recipient",
        21611 => "This 'From' number has exceeded the maximum number of queued messages",
        21612 => "The 'To' phone number is not currently reachable using the 'From' phone number via SMS",
        21614 => "'To' number is not a valid mobile number",
        21617 => "The concatenated message body exceeds the 1600 character limit",
        21655 => "The ContentSid is invalid",
        21656 => "The Content Variables parameter is invalid.",
        21703 => "The Messaging Service does not have a phone number available to send a message",
        21910 => "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel",
        63007 => "Twilio could not find a Channel with the specified From address",
        _ => return ApiError::bad_request(code, twilio::errors::describe(code)),
    };
    ApiError::bad_request(code, text)
}
