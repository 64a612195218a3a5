//! The texts that everybody has who has written none: short and polite, and in GSM-7, so that they are one or two parts.
//!
//! No text asks for YES, CANCEL, END or QUIT: to Twilio these are opt-in and opt-out words (docs/twilio.md §4). What goes out with buttons
//! or to a page (WhatsApp, e-mail) asks for no letters, begins and ends with words, and has no conditions: a WhatsApp template may not.

mod english;
mod spanish;

use super::{Channel, Kind};
use crate::language::Language;

/// What is said, before its variables are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Of an e-mail.
    pub subject: Option<&'static str>,
    pub body: &'static str,
}

/// The text of a kind.
#[must_use]
pub const fn built_in(kind: Kind, channel: Channel, language: Language) -> Words {
    let body = match (channel, language) {
        (Channel::Sms, Language::English) => english::letters(kind),
        (Channel::Sms, Language::Spanish) => spanish::letters(kind),
        (Channel::Whatsapp, Language::English) => english::buttons(kind),
        (Channel::Whatsapp, Language::Spanish) => spanish::buttons(kind),
        (Channel::Email, Language::English) => english::mail(kind),
        (Channel::Email, Language::Spanish) => spanish::mail(kind),
    };
    let subject = match (channel, language) {
        (Channel::Email, Language::English) => Some(english::subject(kind)),
        (Channel::Email, Language::Spanish) => Some(spanish::subject(kind)),
        _ => None,
    };
    Words { subject, body }
}
