//! One reminder for several appointments, each with the person it is for.

use std::fmt::Write as _;

use super::{Start, line};

/// One appointment of several in a text.
#[derive(Debug, Clone)]
pub struct Together {
    pub start: Start,
    /// Whom it is for, where that is not who has the phone.
    pub name: Option<String>,
    /// 1 to 999, behind the letters.
    pub token: u16,
}

/// What a person is called in a text: by the first name.
#[must_use]
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// The reminder of several appointments of one half day, the soonest first. `only_codes`: the customer has been asked about something else,
/// too, so a letter alone would be a riddle.
#[must_use]
pub fn reminder_many(business: &str, all: &[Together], only_codes: bool) -> String {
    let mut listed = String::new();
    for Together { start, name, token } in all {
        let name = name.as_deref().map(first_name).unwrap_or_default();
        let gap = if name.is_empty() { "" } else { " " };
        let comma = if listed.is_empty() { "" } else { ", " };
        let _ = write!(listed, "{comma}{name}{gap}{} (Y{token}", start.say("%-I:%M %p"));
        if only_codes {
            let _ = write!(listed, " or N{token}");
        }
        listed.push(')');
    }
    let business = line(business);
    let day = all
        .first()
        .map(|one| one.start.at.with_timezone(&one.start.place).format("%a, %b %-d").to_string())
        .unwrap_or_default();
    if only_codes {
        return format!("{business}: visits on {day}: {listed}. Please reply with the codes. Reply STOP to opt out.");
    }
    let whole = if all.len() == 2 { "both" } else { "all" };
    format!("{business}: visits on {day}: {listed}. Reply Y for {whole}, N for another time, a code for one. STOP to opt out.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        segments::{self, Encoding},
        zone::named,
    };

    fn one(name: Option<&str>, minutes: i64, token: u16) -> Together {
        let three: chrono::DateTime<chrono::Utc> = "2027-01-05T20:00:00Z".parse().expect("an instant");
        Together {
            start: Start {
                at: three + chrono::Duration::minutes(minutes),
                place: named("America/New_York"),
                customer: named("America/New_York"),
            },
            name: name.map(str::to_owned),
            token,
        }
    }

    #[test]
    fn two_children_are_one_text_of_one_part_with_one_answer() {
        let text = reminder_many(
            "Bright Dental",
            &[one(Some("Leo Rossi"), 0, 101), one(Some("Mia Rossi"), 30, 102)],
            false,
        );
        assert_eq!(
            text,
            "Bright Dental: visits on Tue, Jan 5: Leo 3:00 PM (Y101), Mia 3:30 PM (Y102). Reply Y for both, N for another time, a code \
             for one. STOP to opt out."
        );
        let s = segments::count(&text);
        assert_eq!((s.encoding, s.count), (Encoding::Gsm7, 1));
    }

    #[test]
    fn several_of_ones_own_have_no_name() {
        let text = reminder_many(
            "Bright Dental",
            &[one(None, 0, 1), one(None, 60, 2), one(Some("Rex"), 90, 3)],
            false,
        );
        assert_eq!(
            text,
            "Bright Dental: visits on Tue, Jan 5: 3:00 PM (Y1), 4:00 PM (Y2), Rex 4:30 PM (Y3). Reply Y for all, N for another time, a \
             code for one. STOP to opt out."
        );
    }

    #[test]
    fn beside_another_question_only_codes_count() {
        let text = reminder_many("Bright Dental", &[one(Some("Leo"), 0, 12), one(Some("Mia"), 30, 13)], true);
        assert_eq!(
            text,
            "Bright Dental: visits on Tue, Jan 5: Leo 3:00 PM (Y12 or N12), Mia 3:30 PM (Y13 or N13). Please reply with the codes. Reply \
             STOP to opt out."
        );
    }
}
