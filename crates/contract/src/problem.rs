//! The one error shape a client ever sees (RFC 9457, `application/problem+json`). Causes stay inside the server.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The closed list of what can go wrong, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 422: the input was understood and is not acceptable, or has fields that are not known; `errors` say where.
    Invalid,
    /// 400: the input could not be read at all.
    Malformed,
    /// 401: nobody is signed in, or the key is unknown.
    SignInNeeded,
    /// 401: wrong e-mail or password.
    WrongCredentials,
    /// 403: signed in, but not allowed.
    NotAllowed,
    /// 404: it does not exist in this business.
    NotFound,
    /// 409: it collides with what is there.
    Conflict,
    /// 409: this person must not be texted; the detail says why.
    MayNotSend,
    /// 413: larger than the door takes.
    TooLarge,
    /// 429: too many requests.
    TooMany,
    /// 503: a part we depend on is away; nothing was lost, try again.
    Unavailable,
    /// 500: our fault; it is in the log under the request id.
    Internal,
}

impl Code {
    /// The HTTP status that goes with the code.
    pub fn status(self) -> u16 {
        match self {
            Code::Invalid => 422,
            Code::Malformed => 400,
            Code::SignInNeeded | Code::WrongCredentials => 401,
            Code::NotAllowed => 403,
            Code::NotFound => 404,
            Code::Conflict | Code::MayNotSend => 409,
            Code::TooLarge => 413,
            Code::TooMany => 429,
            Code::Unavailable => 503,
            Code::Internal => 500,
        }
    }

    /// Every one there is.
    pub const ALL: [Self; 12] = [
        Self::Invalid,
        Self::Malformed,
        Self::SignInNeeded,
        Self::WrongCredentials,
        Self::NotAllowed,
        Self::NotFound,
        Self::Conflict,
        Self::MayNotSend,
        Self::TooLarge,
        Self::TooMany,
        Self::Unavailable,
        Self::Internal,
    ];

    /// As it crosses the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Invalid => "invalid",
            Code::Malformed => "malformed",
            Code::SignInNeeded => "sign_in_needed",
            Code::WrongCredentials => "wrong_credentials",
            Code::NotAllowed => "not_allowed",
            Code::NotFound => "not_found",
            Code::Conflict => "conflict",
            Code::MayNotSend => "may_not_send",
            Code::TooLarge => "too_large",
            Code::TooMany => "too_many",
            Code::Unavailable => "unavailable",
            Code::Internal => "internal",
        }
    }

    /// Its place on the page that explains problems.
    pub fn anchor(self) -> String {
        self.as_str().replace('_', "-")
    }

    /// Where it is explained.
    pub fn page(self) -> String {
        format!("/docs/problems#{}", self.anchor())
    }

    /// What it means for a program, and what to do about it.
    pub const fn explained(self) -> &'static str {
        match self {
            Code::Invalid => {
                "The request was understood and can’t be taken as it is: errors says which field, and why. Nothing was changed. Mend it before it is sent again."
            }
            Code::Malformed => {
                "The request could not be read: the body is no JSON, a parameter of the query string is not known, or a cursor belongs to another list. Nothing was changed."
            }
            Code::SignInNeeded => {
                "There is no key, or none that opens anything: it was revoked, has expired, or was never one. Send it as the header Authorization: Bearer, never in an address."
            }
            Code::WrongCredentials => {
                "The e-mail address and the password do not belong together. Keys of the API are never answered so."
            }
            Code::NotAllowed => {
                "The key is good, but lacks the scope for this, or is used from an address that is not on its list. Somebody who runs the business can make another."
            }
            Code::NotFound => {
                "There is nothing of this id in this business, or nothing at this address. What belongs to another business is answered the same."
            }
            Code::Conflict => {
                "It collides with what is there: conflicts_with names it where it has an id. With an Idempotency-Key and the header Retry-After: the first request is still at work; repeat it."
            }
            Code::MayNotSend => {
                "This person must not be texted: they opted out, never agreed, are on hold, or can’t be reached. detail says which. Sending again does not help."
            }
            Code::TooLarge => "More was sent than is taken at once. Split it.",
            Code::TooMany => {
                "Too many requests came. Wait as many seconds as the header Retry-After says; RateLimit says what is left."
            }
            Code::Unavailable => {
                "A part that is needed is away for the moment. Nothing was lost; try again later, with the same Idempotency-Key."
            }
            Code::Internal => {
                "A fault of ours. It stands in the server’s log under the request’s id, which is in instance and in the header X-Request-Id. Try again with the same Idempotency-Key."
            }
        }
    }

    /// A short heading that is the same for every problem of this code.
    pub fn title(self) -> &'static str {
        match self {
            Code::Invalid => "Please check what you entered",
            Code::Malformed => "The request could not be read",
            Code::SignInNeeded => "Please sign in",
            Code::WrongCredentials => "That did not match",
            Code::NotAllowed => "Not allowed",
            Code::NotFound => "Not found",
            Code::Conflict => "Already there",
            Code::MayNotSend => "This message may not be sent",
            Code::TooLarge => "Too large",
            Code::TooMany => "Too many requests",
            Code::Unavailable => "Not available right now",
            Code::Internal => "Something went wrong on our side",
        }
    }
}

/// What is wrong with one field, in words for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// The same for programs: where in the body, or which parameter of the query string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pointed {
    /// A JSON pointer: `/opt_in/channel`.
    pub pointer: String,
    pub detail: String,
}

/// A problem as a client gets it. `status` and `title` follow from `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{detail}")]
pub struct Problem {
    pub code: Code,
    pub status: u16,
    pub title: String,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// The same as `fields`, in answers of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Pointed>,
    /// The id of what it collides with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts_with: Option<Uuid>,
    /// After so many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u16>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            title: code.title().to_owned(),
            detail: detail.into(),
            fields: Vec::new(),
            errors: Vec::new(),
            conflicts_with: None,
            retry_after: None,
        }
    }

    /// One field is wrong; the sentence is both the detail and the field's message.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(Code::Invalid, message.clone());
        problem.fields.push(FieldError {
            field: field.to_owned(),
            message,
        });
        problem
    }

    /// A parameter of the query string can't be read, or is not known.
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        let Problem { detail, fields, .. } = Self::field(name, message);
        Self {
            fields,
            ..Self::new(Code::Malformed, detail)
        }
    }

    /// It collides with the thing that has this id.
    pub fn with(id: Uuid, detail: impl Into<String>) -> Self {
        Self {
            conflicts_with: Some(id),
            ..Self::new(Code::Conflict, detail)
        }
    }

    /// The message for `field`, if this problem has one.
    pub fn for_field(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.message.as_str())
    }
}
