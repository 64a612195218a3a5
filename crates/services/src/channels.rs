//! Ways to the customer, and whether they are open: what each channel's provider says is put into words that all share here, and nowhere
//! else; beside it the accounts that messages go through, and their breakers.

pub(crate) mod breakers;
pub mod connections;
pub mod email;
pub(crate) mod push;
pub(crate) mod sms;
pub(crate) mod whatsapp;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    consent::Channel,
    delivery::Status,
    inbound::Meaning,
    outcome::{Accepted, Failure, Outcome},
};
use entity::messages::message;

use crate::kernel::Services;
use email::Email;

/// The channel a message goes by; none for one that this version does not know.
pub(crate) fn of(m: &message::Model) -> Option<Channel> {
    m.channel.parse().ok()
}

/// Hands a message over; it is delivered for so long, if that is given. It answers within the provider's own time and never tries again.
pub(crate) async fn send(s: &Services, m: &message::Model, validity: Option<Duration>) -> Outcome {
    match of(m) {
        Some(Channel::Sms) => sms::send(s, m, validity).await,
        Some(Channel::WhatsApp) => whatsapp::send(s, m, validity).await,
        Some(Channel::Email) => email::customers::send(s, m).await,
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
        Some(Channel::Sms | Channel::WhatsApp) | None => sms::failure(code, detail),
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
        Some(Channel::Sms | Channel::WhatsApp) => sms::log::find(s, m).await,
        Some(Channel::Email) => Found::Never,
        None => Found::NotNow,
    }
}

/// A message from a customer, as a provider handed it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    pub channel: Channel,
    /// The provider's own id; the same on every delivery of the same message.
    pub provider_id: String,
    /// The account at the provider that it came to.
    pub account: String,
    /// The customer's address in the channel.
    pub from: String,
    /// Ours.
    pub to: String,
    /// Empty where there is only an attachment.
    pub body: String,
    pub attachments: u32,
    pub segments: u32,
    /// What the provider has understood, acted on and answered by itself.
    pub handled: Option<Meaning>,
    /// The provider's id of the message of ours that it replies to, or whose button was tapped.
    pub replied_to: Option<String>,
    /// What stands behind the button that was tapped.
    pub button: Option<String>,
    /// Another address of the same customer, told with it.
    pub also: Option<String>,
}

impl Inbound {
    /// What who wrote it is known by: a number, where there is one.
    pub(crate) fn known_by(&self) -> &str {
        match self.channel {
            Channel::WhatsApp => domain::whatsapp::known_by(&self.from),
            Channel::Sms | Channel::Email => &self.from,
        }
    }
}

/// Whether Twilio takes messages of this one's channel, and tells how they do.
pub(crate) fn is_twilio(m: &message::Model) -> bool {
    matches!(of(m), Some(Channel::Sms | Channel::WhatsApp))
}

/// What a provider says by itself about a message that it has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub provider_id: String,
    /// The account at the provider that it was sent from.
    pub account: String,
    /// Its state, in the provider's own word; those that nobody knows are kept, too.
    pub said: String,
    pub error_code: Option<i32>,
    pub to: Option<String>,
}

/// A message in a provider's log.
pub(crate) enum Logged {
    /// With when it was written, where that is told.
    Received(Inbound, Option<DateTime<Utc>>),
    Sent(Sent),
}

/// A message of ours in a provider's log.
pub(crate) struct Sent {
    pub record: Accepted,
    /// What it cost, in millionths of a unit, and the unit (ISO 4217), once that is known.
    pub price: Option<(i64, String)>,
}

/// What a provider's word for a state means; none for one that nobody knows.
pub(crate) fn status(m: &message::Model, said: &str) -> Option<Status> {
    match of(m) {
        Some(Channel::Sms | Channel::WhatsApp) => Status::from_twilio(said),
        Some(Channel::Email) | None => None,
    }
}

/// Who takes messages of this one's channel, in a sentence.
pub(crate) fn provider(m: &message::Model) -> &'static str {
    match of(m) {
        Some(Channel::Sms | Channel::WhatsApp) | None => "Twilio",
        Some(Channel::Email) => "The mail server",
    }
}

/// The mail server, if one is set up.
pub(crate) fn mail_server(s: &Services) -> Option<&Email> {
    s.of::<Option<Email>>().as_ref()
}
