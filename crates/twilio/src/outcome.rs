//! How an attempt to create a message ended (docs/twilio.md §5, "Outcome table").

use std::time::Duration;

use serde_json::Value;

use crate::Message;
use crate::errors::{self, Class};

/// What is known about a message after asking Twilio to send it. Twilio's create is not idempotent, so the difference between *not sent*
/// and
/// *perhaps sent* decides whether asking again is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one exists per request in flight, and Accepted is the usual one"
)]
pub enum Outcome {
    /// Twilio has it and says so.
    Accepted(Message),
    /// Twilio understood and declined; it will not be sent and asking again would be declined again.
    Refused {
        /// HTTP status, 400 to 499.
        http: u16,
        /// Twilio's error code, absent if something in between answered.
        code: Option<i32>,
        /// Twilio's own text.
        message: String,
    },
    /// It was provably not processed; asking again later is safe.
    TryLater {
        /// HTTP status; absent if there was no connection.
        http: Option<u16>,
        /// Twilio's error code.
        code: Option<i32>,
        /// How long Twilio asks us to wait.
        retry_after: Option<Duration>,
        /// Twilio's own text, or what hindered the connection.
        message: String,
    },
    /// It may or may not have been sent. Never ask again on a guess; look for a status callback or in Twilio's list.
    Unknown {
        /// HTTP status; absent if no answer came.
        http: Option<u16>,
        /// What was seen.
        message: String,
    },
}

/// What is known after asking Twilio, once, to make something that is not a message. As of an [`Outcome`], the difference between *not made*
/// and *perhaps made* decides whether asking again is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<T> {
    /// Twilio made it and says so.
    Done(T),
    /// Twilio understood and declined; nothing was made.
    Refused {
        /// HTTP status, 400 to 499.
        http: u16,
        /// Twilio's error code, absent if something in between answered.
        code: Option<i32>,
        /// Twilio's own text.
        message: String,
    },
    /// It was provably not processed; asking again later is safe.
    TryLater {
        /// How long Twilio asks us to wait.
        retry_after: Option<Duration>,
        /// Twilio's own text, or what hindered the connection.
        message: String,
    },
    /// It may or may not have been made: to be looked for, never asked again on a guess.
    Unknown {
        /// What was seen.
        message: String,
    },
}

impl Taken<Answer> {
    pub(crate) fn of(asked: Result<Answer, reqwest::Error>) -> Self {
        let outcome = match asked {
            Ok(answer) if (200..=299).contains(&answer.http) => return Self::Done(answer),
            Ok(answer) => Outcome::of(&answer),
            Err(error) => Outcome::of_error(&error),
        };
        match outcome {
            Outcome::Refused { http, code, message } => Self::Refused { http, code, message },
            Outcome::TryLater {
                retry_after, message, ..
            } => Self::TryLater { retry_after, message },
            Outcome::Unknown { message, .. } => Self::Unknown { message },
            // Not for what is no success.
            Outcome::Accepted(message) => Self::Unknown { message: message.status },
        }
    }
}

impl<T> Taken<T> {
    /// Reads what was made; an answer that can't be read leaves it in doubt.
    pub(crate) fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Taken<U> {
        match self {
            Self::Done(answer) => read(answer).map_or_else(
                || Taken::Unknown {
                    message: "Twilio took the request but its answer could not be read".to_owned(),
                },
                Taken::Done,
            ),
            Self::Refused { http, code, message } => Taken::Refused { http, code, message },
            Self::TryLater { retry_after, message } => Taken::TryLater { retry_after, message },
            Self::Unknown { message } => Taken::Unknown { message },
        }
    }

    /// For a sid that can't be Twilio's: as if Twilio had not found it, without asking.
    pub(crate) fn not_twilio() -> Self {
        Self::Refused {
            http: 404,
            code: None,
            message: "this is not an address at Twilio".to_owned(),
        }
    }
}

/// An answer that arrived: status, `Retry-After`, and the JSON body if there was one.
pub(crate) struct Answer {
    pub http: u16,
    pub retry_after: Option<Duration>,
    pub json: Option<Value>,
}

impl Answer {
    pub fn code(&self) -> Option<i32> {
        self.json
            .as_ref()?
            .get("code")?
            .as_i64()
            .and_then(|code| i32::try_from(code).ok())
    }

    /// Twilio's text, or the bare status. At most 500 characters: a proxy may say anything.
    pub fn message(&self) -> String {
        let said = self
            .json
            .as_ref()
            .and_then(|json| json.get("message"))
            .and_then(Value::as_str);
        said.map_or_else(|| format!("HTTP {}", self.http), |text| text.chars().take(500).collect())
    }
}

impl Outcome {
    pub(crate) fn of(answer: &Answer) -> Self {
        let code = answer.code();
        match answer.http {
            200..=299 => Self::of_success(answer),
            _ if code == Some(20500) => Self::unknown(answer),
            // Whatever the status: such a request was never processed (docs/twilio.md §5).
            _ if code == Some(20429) => Self::try_later(answer),
            429 => Self::try_later(answer),
            400..=499 if is_pace(code) => Self::try_later(answer),
            408 if code.is_none() => Self::unknown(answer),
            400..=499 => Self::Refused {
                http: answer.http,
                code,
                message: answer.message(),
            },
            _ => Self::unknown(answer),
        }
    }

    fn of_success(answer: &Answer) -> Self {
        match answer.json.as_ref().and_then(Message::from_json) {
            Some(message) => Self::Accepted(message),
            None => Self::Unknown {
                http: Some(answer.http),
                message: "Twilio accepted the request but its answer could not be read".into(),
            },
        }
    }

    fn try_later(answer: &Answer) -> Self {
        Self::TryLater {
            http: Some(answer.http),
            code: answer.code(),
            retry_after: answer.retry_after,
            message: answer.message(),
        }
    }

    fn unknown(answer: &Answer) -> Self {
        Self::Unknown {
            http: Some(answer.http),
            message: answer.message(),
        }
    }

    /// No answer: only a failure to connect proves that nothing was sent.
    pub(crate) fn of_error(error: &reqwest::Error) -> Self {
        let message = describe(error);
        if error.is_connect() {
            Self::TryLater {
                http: None,
                code: None,
                retry_after: None,
                message,
            }
        } else {
            Self::Unknown { http: None, message }
        }
    }
}

fn is_pace(code: Option<i32>) -> bool {
    code.and_then(errors::lookup).is_some_and(|entry| entry.class == Class::Pace)
}

/// What hindered a request, without its URL (which names the account).
pub(crate) fn describe(error: &reqwest::Error) -> String {
    let what = if error.is_connect() {
        "could not connect to Twilio"
    } else if error.is_timeout() {
        "Twilio did not answer in time"
    } else {
        "the connection to Twilio broke"
    };
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut root = None;
    while let Some(inner) = cause {
        root = Some(inner.to_string());
        cause = inner.source();
    }
    root.map_or_else(|| what.to_owned(), |root| format!("{what}: {root}"))
}
