//! Ways to the customer, and whether they are open: what each channel's provider says is put into words that all share here, and nowhere
//! else; beside it the accounts that messages go through, and their breakers.

pub(crate) mod breakers;
pub mod connections;
pub mod email;
pub(crate) mod sms;

use std::time::Duration;

use domain::{
    consent::Channel,
    outcome::{Accepted, Failure, Outcome},
};
use entity::messages::message;

use crate::kernel::Services;
use email::{Email, Letter, Mail};

/// The channel a message goes by; none for one that this version does not know.
pub(crate) fn of(m: &message::Model) -> Option<Channel> {
    m.channel.parse().ok()
}

/// Hands a message over; it is delivered for so long, if that is given. It answers within the provider's own time and never tries again.
pub(crate) async fn send(s: &Services, m: &message::Model, validity: Option<Duration>) -> Outcome {
    match of(m) {
        Some(Channel::Sms) => sms::send(s, m, validity).await,
        Some(Channel::Email) => by_email(s, m).await,
        None => Outcome::TryLater {
            reply: None,
            after: None,
            failure: sms::failure(None, "there is no way to send this kind of message"),
        },
    }
}

/// What an error of this message's provider means.
pub(crate) fn failure(m: &message::Model, code: Option<i32>, detail: &str) -> Failure {
    match of(m) {
        Some(Channel::Sms) | None => sms::failure(code, detail),
        // Nothing is heard of a mail later that a code could stand for.
        Some(Channel::Email) => email::failed(code, detail),
    }
}

/// What a provider's log shows of a message whose outcome is not known.
pub(crate) enum Found {
    /// Records that could be it, the oldest first.
    These(Vec<Accepted>),
    /// The log can't be read now.
    NotNow,
    /// There is no log that could tell.
    Never,
}

/// Looks for a message in its provider's log.
pub(crate) async fn find(s: &Services, m: &message::Model) -> Found {
    match of(m) {
        Some(Channel::Sms) => sms::find(s, m).await,
        Some(Channel::Email) => Found::Never,
        None => Found::NotNow,
    }
}

/// Who takes messages of this one's channel, in a sentence.
pub(crate) fn provider(m: &message::Model) -> &'static str {
    match of(m) {
        Some(Channel::Sms) | None => "Twilio",
        Some(Channel::Email) => "The mail server",
    }
}

/// The mail server, if one is set up.
pub(crate) fn mail_server(s: &Services) -> Option<&Email> {
    s.of::<Option<Email>>().as_ref()
}

async fn by_email(s: &Services, m: &message::Model) -> Outcome {
    let Some(server) = mail_server(s) else {
        return Outcome::TryLater {
            reply: None,
            after: None,
            failure: email::failed(None, "no mail server is set up"),
        };
    };
    let letter = m.body.split("\n\n").fold(Letter::default(), Letter::paragraph);
    let mail = Mail {
        id: m.id,
        to: &m.theirs,
        reply_to: None,
        subject: m.subject.as_deref().unwrap_or_default(),
        letter: &letter,
        at: m.created_at,
        unsubscribe: None,
    };
    tracing::info!(message = %m.id, step = "call", attempt = m.attempts, "mail handed over");
    server.send(&mail).await
}
