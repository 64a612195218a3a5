//! What stands in texts in English.

use std::fmt::Write as _;

use super::{Codes, Start, Visit};

pub(super) const CODES: Codes = Codes { yes: "Y", or: "or" };

/// "Tue, Jan 5".
pub(super) fn day(start: Start) -> String {
    start.local("%a, %b %-d")
}

/// "3:00 PM".
pub(super) fn time(start: Start) -> String {
    start.say("%-I:%M %p")
}

/// In a list: "Tue Jan 5, 3:00 PM".
pub(super) fn short(start: Start) -> String {
    start.say("%a %b %-d, %-I:%M %p")
}

/// "Leo 3:00 PM (Y101), Mia 3:30 PM (Y102)".
pub(super) fn listed(all: &[Visit], only_codes: bool) -> String {
    let mut listed = String::new();
    for visit in all {
        let comma = if listed.is_empty() { "" } else { ", " };
        let (name, token) = (visit.first_name(), visit.token);
        let gap = if name.is_some() { " " } else { "" };
        let (name, time) = (name.unwrap_or_default(), time(visit.start));
        let _ = write!(listed, "{comma}{name}{gap}{time} (Y{token}");
        if only_codes {
            let _ = write!(listed, " or N{token}");
        }
        listed.push(')');
    }
    listed
}

pub(super) const fn answers(visits: usize, only_codes: bool) -> &'static str {
    match (only_codes, visits) {
        (true, _) => "Please reply with the codes. Reply STOP to opt out.",
        (false, 2) => "Reply Y for both, N for another time, a code for one. STOP to opt out.",
        (false, _) => "Reply Y for all, N for another time, a code for one. STOP to opt out.",
    }
}
