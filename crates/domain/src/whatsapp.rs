//! WhatsApp: who somebody is there, when they may be written to freely, and what else may go (docs/twilio.md §16).

use std::collections::BTreeMap;

use crate::{phone::is_e164, words::words};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

mod twins;

pub use twins::{Answer, Button, KINDS, Twin, Wrong, buttons, flat, name, numbered};

/// What Twilio writes before every address of WhatsApp's.
pub const PREFIX: &str = "whatsapp:";

/// How long after their last message somebody may be written to freely.
const WINDOW: Duration = Duration::hours(24);

/// What a person is known by whose messages come from this address: their number if it shows one, else the address itself, which means them
/// to one business only.
#[must_use]
pub fn known_by(address: &str) -> &str {
    address.strip_prefix(PREFIX).filter(|rest| is_e164(rest)).unwrap_or(address)
}

/// The address of somebody who is known by this; none for what is no number and no such address.
#[must_use]
pub fn address_of(known_by: &str) -> Option<String> {
    if is_address(known_by) {
        return Some(known_by.to_owned());
    }
    is_e164(known_by).then(|| format!("{PREFIX}{known_by}"))
}

/// Whether it is an address as Twilio writes it: a number, or an id like `US.13491208655302741918`, which has no plus and no country.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    is_e164(rest) || is_user_id(rest)
}

/// Whether it means a person to one business only: two letters, and what only their provider can read.
fn is_user_id(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else {
        return false;
    };
    let letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    letters && (1..=136).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// Until when somebody may be written to freely who wrote at this moment.
#[must_use]
pub fn window(wrote_at: DateTime<Utc>) -> DateTime<Utc> {
    wrote_at + WINDOW
}

/// How far a wording has come that was handed in for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Ours alone.
    Draft,
    /// On its way to Twilio.
    Submitted,
    /// Twilio has it.
    Received,
    /// WhatsApp looks at it.
    Pending,
    /// It may be sent.
    Approved,
    /// It may not, for the reason that was given.
    Rejected,
    /// People did not like it: it may not be sent for some time.
    Paused,
    /// For good.
    Disabled,
    /// WhatsApp says something that this version does not know.
    Unclear,
}

words!(Approval is a "state of a template": Draft = "draft", Submitted = "submitted", Received = "received", Pending = "pending",
    Approved = "approved", Rejected = "rejected", Paused = "paused", Disabled = "disabled", Unclear = "unclear");

impl Approval {
    /// Reads Twilio's word; what it may invent is not taken for an approval.
    #[must_use]
    pub fn from_twilio(said: &str) -> Self {
        match said.trim().to_ascii_lowercase().as_str() {
            "unsubmitted" => Self::Submitted,
            "received" => Self::Received,
            "pending" | "in_review" => Self::Pending,
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            "paused" => Self::Paused,
            "disabled" => Self::Disabled,
            _ => Self::Unclear,
        }
    }

    /// When it is looked at again, after so many looks; none where nothing changes any more. What is approved may be paused.
    #[must_use]
    pub fn look_again(self, looks: i32) -> Option<Duration> {
        match self {
            Self::Draft | Self::Rejected | Self::Disabled => None,
            Self::Approved | Self::Paused => Some(Duration::days(1)),
            Self::Submitted | Self::Received | Self::Pending | Self::Unclear if looks < 10 => Some(Duration::minutes(1)),
            Self::Submitted | Self::Received | Self::Pending | Self::Unclear => Some(Duration::minutes(15)),
        }
    }

    /// What it means, for staff.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "Not handed in yet.",
            Self::Submitted => "On its way to WhatsApp.",
            Self::Received => "Twilio has it and hands it on.",
            Self::Pending => "WhatsApp is looking at it. That takes minutes, at most a day.",
            Self::Approved => "Approved: it may be sent at any time.",
            Self::Rejected => "WhatsApp has rejected it.",
            Self::Paused => "WhatsApp has paused it, because people did not like to get it.",
            Self::Disabled => "WhatsApp has switched it off for good.",
            Self::Unclear => "WhatsApp says something about it that is not known here; it is not sent.",
        }
    }
}

/// What goes out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// The words as they are.
    Text,
    /// The approved wording, with its buttons.
    Template,
    /// Nothing may, and why.
    Nothing(&'static str),
}

/// Why what a person wrote can't go.
pub const CLOSED: &str =
    "More than 24 hours have passed since this person last wrote on WhatsApp. Only an approved template can be sent now.";

/// Why what a machine says can't go.
const NO_TEMPLATE: &str =
    "More than 24 hours have passed since this person last wrote on WhatsApp, and no approved template says this.";

/// A wording that a message could go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// How far it has come.
    pub approval: Approval,
    /// It has buttons to answer with, which free text has none of.
    pub asks: bool,
}

/// What may go out at this moment to somebody whose window is open `until` then. `template`: what could say it; none: it is free text. What
/// asks for nothing says more in free words than a wording that has to fit everybody.
#[must_use]
pub fn what_may_go(now: DateTime<Utc>, until: Option<DateTime<Utc>>, template: Option<Template>) -> Go {
    let open = until.is_some_and(|until| now < until);
    match template {
        Some(template) if template.approval == Approval::Approved && (template.asks || !open) => Go::Template,
        _ if open => Go::Text,
        Some(_) => Go::Nothing(NO_TEMPLATE),
        None => Go::Nothing(CLOSED),
    }
}

/// Values by the names of what they stand for.
pub type Named = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::number("whatsapp:+14155550171", "+14155550171")]
    #[case::user_id("whatsapp:US.13491208655302741918", "whatsapp:US.13491208655302741918")]
    #[case::no_number("whatsapp:14155550171", "whatsapp:14155550171")]
    fn who_has_a_number_is_known_by_it(#[case] address: &str, #[case] known: &str) {
        assert_eq!(known_by(address), known);
    }

    #[rstest]
    #[case("+14155550171", Some("whatsapp:+14155550171"))]
    #[case("whatsapp:US.13491208655302741918", Some("whatsapp:US.13491208655302741918"))]
    #[case("whatsapp:DE.ENT.1349", Some("whatsapp:DE.ENT.1349"))]
    #[case::short_code("68849", None)]
    #[case::plus("whatsapp:+US.1349", None)]
    #[case::small("whatsapp:us.1349", None)]
    #[case::nothing("whatsapp:", None)]
    fn an_id_gets_no_plus(#[case] known: &str, #[case] address: Option<&str>) {
        assert_eq!(address_of(known).as_deref(), address);
    }

    #[test]
    fn the_window_closes_to_the_second() {
        let wrote = DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
        let until = Some(window(wrote));
        let at = |seconds: i64| wrote + Duration::seconds(seconds);
        let day = 24 * 60 * 60;
        assert_eq!(what_may_go(at(day - 1), until, None), Go::Text);
        assert_eq!(what_may_go(at(day), until, None), Go::Nothing(CLOSED));
        assert_eq!(what_may_go(at(day + 1), until, None), Go::Nothing(CLOSED));
        assert_eq!(what_may_go(at(0), None, None), Go::Nothing(CLOSED), "who never wrote");
        for (approval, asks) in Approval::ALL
            .iter()
            .flat_map(|approval| [(*approval, true), (*approval, false)])
        {
            let template = Some(Template { approval, asks });
            let (open, closed) = (
                what_may_go(at(day - 1), until, template),
                what_may_go(at(day + 1), until, template),
            );
            match (approval, asks) {
                (Approval::Approved, true) => assert_eq!((open, closed), (Go::Template, Go::Template)),
                (Approval::Approved, false) => assert_eq!((open, closed), (Go::Text, Go::Template)),
                _ => assert_eq!((open, closed), (Go::Text, Go::Nothing(NO_TEMPLATE)), "{approval}"),
            }
        }
    }

    #[test]
    fn what_nobody_knows_is_no_approval() {
        assert_eq!(Approval::from_twilio("APPROVED"), Approval::Approved);
        for said in ["archived", "", "limit_exceeded", "approved-ish"] {
            assert_eq!(Approval::from_twilio(said), Approval::Unclear, "{said}");
        }
    }

    #[test]
    fn what_waits_is_looked_at_often_and_what_is_approved_daily() {
        assert_eq!(Approval::Pending.look_again(0), Some(Duration::minutes(1)));
        assert_eq!(Approval::Pending.look_again(10), Some(Duration::minutes(15)));
        assert_eq!(Approval::Approved.look_again(3), Some(Duration::days(1)));
        assert_eq!(Approval::Rejected.look_again(0), None);
    }
}
