//! Texts, by Twilio.

pub(crate) mod log;
pub(crate) mod webhooks;

use std::time::Duration as StdDuration;

use domain::{
    delivery::Status,
    outcome::{Accepted, Class, Failure, Outcome, Retry, Scope},
    phone::{mask, mask_all},
};
use entity::messages::message;
use twilio::{
    NewMessage,
    errors::{self, Course},
};

use super::connections::Connections;
use crate::kernel::Services;

/// Codes that say, whatever the status, that the account as a whole is too fast.
const OF_ACCOUNT: [i32; 2] = [14107, 20429];

pub(super) async fn send(s: &Services, m: &message::Model, validity_period: Option<StdDuration>) -> Outcome {
    let Some(account) = s.of::<Connections>().that_has(m) else {
        return Outcome::TryLater {
            reply: None,
            after: None,
            failure: failure(None, "no Twilio account is connected"),
        };
    };
    let callback = status_url(s, m);
    let new = NewMessage {
        to: &m.theirs,
        from: &m.ours,
        body: &m.body,
        status_callback: Some(&callback),
        validity_period,
    };
    tracing::info!(message = %m.id, step = "call", to = %mask(&m.theirs), attempt = m.attempts, "text handed to Twilio");
    outcome(account.client().create(&new).await)
}

/// Where Twilio reports what becomes of this try.
pub(super) fn status_url(s: &Services, m: &message::Model) -> String {
    format!(
        "{}/webhooks/twilio/status?message_id={}&attempt={}",
        s.settings().public_url,
        m.id,
        m.attempts
    )
}

pub(super) fn outcome(said: twilio::Outcome) -> Outcome {
    match said {
        twilio::Outcome::Accepted(message) => Outcome::Accepted(accepted(&message)),
        twilio::Outcome::Refused { http, code, message } => Outcome::Refused {
            reply: Some(http),
            failure: failure(code, &message),
        },
        twilio::Outcome::TryLater {
            http,
            code,
            retry_after,
            message,
        } => Outcome::TryLater {
            reply: http,
            after: retry_after,
            failure: Failure {
                class: if is_of_account(http, code) {
                    Class::AccountPace
                } else {
                    Class::Other
                },
                ..failure(code, &message)
            },
        },
        twilio::Outcome::Unknown { http, message } => Outcome::Unknown {
            reply: http,
            detail: message,
        },
    }
}

/// Whether an answer is about how fast the account calls, not about this text or its sender.
fn is_of_account(http: Option<u16>, code: Option<i32>) -> bool {
    let of_sender = code.and_then(errors::lookup).is_some_and(|e| e.class == errors::Class::Pace);
    match code {
        Some(code) if OF_ACCOUNT.contains(&code) => true,
        _ => http == Some(429) && !of_sender,
    }
}

/// A record of Twilio's.
fn accepted(said: &twilio::Message) -> Accepted {
    Accepted {
        provider_id: Some(said.sid.clone()),
        account: Some(said.account_sid.clone()).filter(|sid| !sid.is_empty()),
        said: said.status.clone(),
        status: Status::from_twilio(&said.status),
        error_code: said.error_code,
        segments: Some(said.num_segments).filter(|n| *n > 0),
    }
}

/// What one of Twilio's codes means; without one, what it said.
pub(super) fn failure(code: Option<i32>, detail: &str) -> Failure {
    let entry = code.and_then(errors::lookup);
    Failure {
        code,
        detail: detail.to_owned(),
        words: code.map_or_else(|| mask_all(detail), errors::describe),
        next_step: entry.map_or("Check the number, or call.", |e| e.next_step).to_owned(),
        class: match entry.map(|e| e.class) {
            Some(errors::Class::OptedOut) => Class::OptedOut,
            Some(errors::Class::BadAddress) => Class::BadAddress,
            _ => match code.map(errors::course) {
                Some(Course::MarkAddress) => Class::BadAddress,
                Some(Course::SendTemplate) => Class::WindowClosed,
                Some(Course::HoldTemplate) => Class::Wording,
                _ => Class::Other,
            },
        },
        scope: match code.map(errors::scope) {
            Some(errors::Scope::Account) => Scope::Account,
            Some(errors::Scope::Sender) => Scope::Sender,
            Some(errors::Scope::Message) | None => Scope::Message,
        },
        retry: match code.map(errors::retry) {
            Some(errors::Retry::After(pauses)) => Retry::After(pauses),
            Some(errors::Retry::NextDay) => Retry::NextDay,
            Some(errors::Retry::Never) | None => Retry::Never,
        },
    }
}
