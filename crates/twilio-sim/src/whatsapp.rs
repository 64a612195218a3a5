//! WhatsApp at this Twilio: senders, contents and their approval, and the 24 hours in which a person may be written to in any words.

mod contents;
mod rules;
mod sandbox;
mod senders;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

pub(crate) use contents::render;
pub use contents::{ReviewPace, SimApproval, SimButton, SimContent, Standing, Verdict};
pub(crate) use rules::{Fault as ContentFault, check, rejection};
pub(crate) use sandbox::Answer as SandboxAnswer;
pub use senders::{SenderState, SimOfflineReason, SimSender};

/// What stands before every address on WhatsApp.
pub(crate) const PREFIX: &str = "whatsapp:";

/// How long after a person's last message anything may be written to them.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// What a message was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentContent {
    /// `HX…`.
    pub sid: String,
    /// What can be tapped, with its values put in.
    pub buttons: Vec<SimButton>,
    /// The values as they came.
    pub variables: String,
    /// How the content stood when it was sent, in Twilio's word; `unsubmitted` if nobody had looked at it.
    pub standing: String,
}

/// What this Twilio knows of WhatsApp.
#[derive(Debug, Default)]
pub struct WhatsApp {
    pub(crate) contents: Vec<SimContent>,
    /// Accounts and names; a name is used up for good.
    names: BTreeSet<(String, String)>,
    pub(crate) senders: Vec<SimSender>,
    /// When a person last wrote, by sender and person.
    wrote: HashMap<(String, String), DateTime<Utc>>,
    /// When a person joined a sandbox, by sender and person.
    joined: HashMap<(String, String), DateTime<Utc>>,
    /// Who has read receipts switched off.
    no_receipts: BTreeSet<String>,
    /// How fast templates are looked at.
    pub(crate) pace: ReviewPace,
}

impl WhatsApp {
    /// Contents of all accounts, oldest first.
    #[must_use]
    pub fn contents(&self) -> &[SimContent] {
        &self.contents
    }

    /// The content with this SID.
    #[must_use]
    pub fn content(&self, sid: &str) -> Option<&SimContent> {
        self.contents.iter().find(|c| c.sid == sid)
    }

    /// How a content stands now; none for one that is not there or was never handed in.
    #[must_use]
    pub fn standing(&self, sid: &str, now: DateTime<Utc>) -> Option<Standing> {
        Some(self.content(sid)?.approval.as_ref()?.at(now, &self.pace))
    }

    /// Senders of all accounts.
    #[must_use]
    pub fn senders(&self) -> &[SimSender] {
        &self.senders
    }

    /// The sender with this address, `whatsapp:+E164`.
    #[must_use]
    pub fn sender(&self, sender_id: &str) -> Option<&SimSender> {
        self.senders.iter().find(|s| s.sender_id == sender_id)
    }

    /// Until when a person may be written to in any words; none: only with a template.
    #[must_use]
    pub fn window(&self, sender_id: &str, person: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wrote = self.wrote.get(&(sender_id.to_owned(), person.to_owned()))?;
        Some(*wrote + WINDOW).filter(|until| now < *until)
    }

    /// Whether the business learns that this person has read something.
    #[must_use]
    pub fn has_receipts(&self, person: &str) -> bool {
        !self.no_receipts.contains(person)
    }

    pub(crate) fn set_receipts(&mut self, person: &str, on: bool) {
        if on {
            self.no_receipts.remove(person);
        } else {
            self.no_receipts.insert(person.to_owned());
        }
    }

    /// The person wrote; of two times the later counts.
    pub(crate) fn open_window(&mut self, sender_id: &str, person: &str, at: DateTime<Utc>) {
        let wrote = self.wrote.entry((sender_id.to_owned(), person.to_owned())).or_insert(at);
        *wrote = at.max(*wrote);
    }

    /// As if the person had written so long ago that it does not count any more.
    pub(crate) fn close_window(&mut self, sender_id: &str, person: &str) {
        self.wrote.remove(&(sender_id.to_owned(), person.to_owned()));
    }

    /// The sender that a Messaging Service of this account takes.
    pub(crate) fn any_sender(&self, account_sid: &str) -> Option<&SimSender> {
        self.senders.iter().find(|s| s.account_sid == account_sid)
    }
}

/// The id that a person has with businesses besides their number: told with it, or in its place.
pub(crate) fn user_id(person: &str) -> String {
    let address = person.strip_prefix(PREFIX).unwrap_or(person);
    match address.strip_prefix('+') {
        Some(digits) => format!("{PREFIX}{}.1{digits:0>17}", country(digits)),
        None => person.to_owned(),
    }
}

/// Enough countries for a simulator.
fn country(digits: &str) -> &'static str {
    const CODES: [(&str, &str); 10] = [
        ("1", "US"),
        ("44", "GB"),
        ("49", "DE"),
        ("33", "FR"),
        ("34", "ES"),
        ("39", "IT"),
        ("43", "AT"),
        ("41", "CH"),
        ("55", "BR"),
        ("52", "MX"),
    ];
    let found = CODES.iter().find(|(code, _)| digits.starts_with(code));
    found.map_or("NL", |(_, country)| country)
}

/// Area codes of `+1` that are not in the US.
const CANADA: [&str; 42] = [
    "204", "226", "236", "249", "250", "263", "289", "306", "343", "354", "365", "367", "368", "382", "403", "416", "418", "428",
    "431", "437", "438", "450", "468", "474", "506", "514", "519", "548", "579", "581", "584", "587", "604", "613", "639", "647",
    "672", "683", "705", "709", "742", "778",
];

/// A number of the US, where WhatsApp delivers no advertising.
pub(crate) fn is_in_us(person: &str) -> bool {
    let digits = person.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix("+1"));
    digits
        .and_then(|rest| rest.get(..3))
        .is_some_and(|area| !CANADA.contains(&area))
}

/// The code that a magic number stands for: `whatsapp:+15005563024` fails with 63024.
pub(crate) fn magic(person: &str) -> Option<i32> {
    let code = person.strip_prefix("whatsapp:+150055")?.parse().ok()?;
    (63_000..64_000).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_where() {
        assert!(is_in_us("whatsapp:+14155550100") && !is_in_us("whatsapp:+16045550100"));
        assert!(!is_in_us("whatsapp:+491701234567") && !is_in_us("whatsapp:US.1") && !is_in_us("+14155550100"));
    }

    #[test]
    fn magic_numbers_say_what_goes_wrong() {
        assert_eq!(magic("whatsapp:+15005563024"), Some(63_024));
        assert_eq!(magic("whatsapp:+15005550006"), None);
        assert_eq!(magic("+15005563024"), None);
    }

    #[test]
    fn a_person_has_one_id_with_and_without_a_number() {
        let id = user_id("whatsapp:+491701234567");
        assert_eq!(id, "whatsapp:DE.100000491701234567");
        assert_eq!(user_id(&id), id);
        assert!(twilio::address::Address::parse(&id).is_some_and(|a| a.phone().is_none()));
    }

    #[test]
    fn a_window_is_24_hours_from_what_came_last() {
        let mut whatsapp = WhatsApp::default();
        let (ours, theirs) = ("whatsapp:+15550001111", "whatsapp:+14155550100");
        let at = DateTime::UNIX_EPOCH;
        assert_eq!(whatsapp.window(ours, theirs, at), None);
        whatsapp.open_window(ours, theirs, at);
        whatsapp.open_window(ours, theirs, at - TimeDelta::hours(1));
        let until = at + TimeDelta::hours(24);
        assert_eq!(whatsapp.window(ours, theirs, until - TimeDelta::seconds(1)), Some(until));
        assert_eq!(whatsapp.window(ours, theirs, until), None);
        assert_eq!(whatsapp.window(theirs, ours, at), None);
    }
}
