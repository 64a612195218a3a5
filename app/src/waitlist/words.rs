//! Words for what the waitlist's screens show.

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{EntryView, Figures, OfferStatus, SlotView, Window};

const DAYS: [(&str, &str); 7] = [
    ("mon", "Mon"),
    ("tue", "Tue"),
    ("wed", "Wed"),
    ("thu", "Thu"),
    ("fri", "Fri"),
    ("sat", "Sat"),
    ("sun", "Sun"),
];

/// Days of the week as an address has them and as people read them.
pub(super) fn days() -> impl Iterator<Item = (&'static str, &'static str)> {
    DAYS.into_iter()
}

/// When somebody could come: `Mon, Wed 09:00–12:00; Sat`.
pub(super) fn windows(all: &[Window]) -> String {
    if all.is_empty() {
        return "Any time".to_owned();
    }
    all.iter().map(window).collect::<Vec<_>>().join("; ")
}

fn window(one: &Window) -> String {
    let said = |code: &str| {
        days()
            .find(|(known, _)| *known == code)
            .map_or(code.to_owned(), |(_, name)| name.to_owned())
    };
    let days: Vec<String> = one.weekdays.iter().map(|code| said(code)).collect();
    let mut parts = Vec::new();
    if !days.is_empty() {
        parts.push(days.join(", "));
    }
    match (one.from.as_deref(), one.to.as_deref()) {
        (Some(from), Some(to)) => parts.push(format!("{from}–{to}")),
        (Some(from), None) => parts.push(format!("from {from}")),
        (None, Some(to)) => parts.push(format!("until {to}")),
        (None, None) => {}
    }
    match (one.from_date.as_deref(), one.to_date.as_deref()) {
        (Some(from), Some(to)) => parts.push(format!("between {from} and {to}")),
        (Some(from), None) => parts.push(format!("not before {from}")),
        (None, Some(to)) => parts.push(format!("not after {to}")),
        (None, None) => {}
    }
    if parts.is_empty() {
        "any time".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Where a slot comes from.
pub(crate) fn source(slot: &SlotView) -> &'static str {
    if slot.chain_of.is_some() {
        return "Left by who took another free time";
    }
    match slot.source.as_str() {
        "cancelled" => "A visit was cancelled",
        "moved" => "A visit was moved away",
        "declined" => "Its customer wants another time",
        "hand" => "Opened by hand",
        "no_show" => "Its customer did not come",
        "times" => "Held for somebody who chooses",
        _ => "Free",
    }
}

/// What a slot is, beside its time.
pub(super) fn about(slot: &SlotView) -> String {
    let staff = Some(slot.staff_label.clone()).filter(|label| !label.is_empty());
    let parts = [
        Some(format!("{} min", slot.minutes)),
        slot.type_name.clone(),
        staff.map(|label| format!("with {label}")),
        slot.location_name.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// How an offer stands; `delivered`: the network said so.
pub(super) fn offer(status: OfferStatus, delivered: bool) -> &'static str {
    match status {
        OfferStatus::Waiting => "Text waits to leave",
        OfferStatus::Sent if delivered => "Asked, delivered",
        OfferStatus::Sent => "Asked",
        OfferStatus::Taken => "Took it",
        OfferStatus::Declined => "Passed",
        OfferStatus::Expired => "Did not answer",
        OfferStatus::Lost => "Somebody was faster",
        OfferStatus::Withdrawn => "Taken back",
    }
}

/// Who is asked for a slot at the moment.
pub(crate) fn asked(slot: &SlotView) -> String {
    let mut open = slot.offers.iter().filter(|offer| offer.status.is_open());
    match (open.next(), open.count()) {
        (None, _) => "Free".to_owned(),
        (Some(one), 0) => format!("{} is asked", one.contact_name),
        (Some(one), more) => format!("{} and {more} more are asked", one.contact_name),
    }
}

/// When the last of those who are asked has no more time to answer.
pub(crate) fn held_until(slot: &SlotView) -> Option<DateTime<Utc>> {
    let sent = slot.offers.iter().filter(|offer| offer.status == OfferStatus::Sent);
    sent.filter_map(|offer| offer.expires_at).max()
}

/// What an entry waits for.
pub(super) fn wish(entry: &EntryView, types: &[(String, String)], places: &[(String, String)]) -> String {
    let named = |ids: &[uuid::Uuid], known: &[(String, String)]| -> Option<String> {
        let names: Vec<&str> = ids
            .iter()
            .filter_map(|id| known.iter().find(|(known, _)| *known == id.to_string()))
            .map(|(_, name)| name.as_str())
            .collect();
        (!names.is_empty()).then(|| names.join(" or "))
    };
    let staff = (!entry.staff_labels.is_empty()).then(|| format!("with {}", entry.staff_labels.join(" or ")));
    let parts = [
        named(&entry.type_ids, types).or_else(|| Some(format!("{} min", entry.minutes))),
        staff,
        named(&entry.location_ids, places),
        Some(windows(&entry.windows)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What is left of a hold: `4:59`.
pub(crate) fn left(of: Duration) -> String {
    let seconds = of.num_seconds().max(0);
    if seconds >= 3600 {
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// How much of what came free was filled.
pub(super) fn filled(figures: &Figures) -> String {
    percent(figures.filled, figures.slots)
}

fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    format!("{} %", (part * 100 + whole / 2) / whole)
}

/// How many people were asked for each time that was filled.
pub(super) fn offers_a_fill(figures: &Figures) -> String {
    if figures.filled <= 0 {
        return "–".to_owned();
    }
    let tenths = (figures.offers * 10 + figures.filled / 2) / figures.filled;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// From free to filled, in the middle of those that the board shows as taken.
pub(super) fn median_to_fill(taken: &[SlotView]) -> String {
    let mut minutes: Vec<i64> = taken
        .iter()
        .filter_map(|slot| Some((slot.taken_at? - slot.created_at).num_minutes()))
        .collect();
    minutes.sort_unstable();
    let middle = minutes.len() / 2;
    match (minutes.get(middle), minutes.len() % 2) {
        (None, _) => "–".to_owned(),
        (Some(one), 1) => one.to_string(),
        (Some(upper), _) => {
            let lower = middle.checked_sub(1).and_then(|at| minutes.get(at)).unwrap_or(upper);
            ((lower + upper) / 2).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(days: &[&str], from: &str, to: &str, from_date: &str, to_date: &str) -> String {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        windows(&[Window {
            weekdays: days.iter().map(|day| (*day).to_owned()).collect(),
            from: given(from),
            to: given(to),
            from_date: given(from_date),
            to_date: given(to_date),
        }])
    }

    #[test]
    fn windows_are_said_as_people_say_them() {
        assert_eq!(windows(&[]), "Any time");
        assert_eq!(said(&["mon", "wed"], "09:00", "12:00", "", ""), "Mon, Wed 09:00–12:00");
        assert_eq!(said(&[], "", "12:00", "", ""), "until 12:00");
        assert_eq!(
            said(&["sat"], "17:00", "", "2027-01-05", ""),
            "Sat from 17:00 not before 2027-01-05"
        );
        assert_eq!(
            said(&[], "", "", "2027-01-05", "2027-01-09"),
            "between 2027-01-05 and 2027-01-09"
        );
        assert_eq!(said(&[], "", "", "", ""), "any time");
    }

    #[test]
    fn a_clock_counts_down_and_stays_at_nothing() {
        for (seconds, words) in [
            (299, "4:59"),
            (60, "1:00"),
            (9, "0:09"),
            (0, "0:00"),
            (-5, "0:00"),
            (3_725, "1:02:05"),
        ] {
            assert_eq!(left(Duration::seconds(seconds)), words);
        }
    }

    #[test]
    fn figures_of_nothing_are_no_figures() {
        let none = Figures::default();
        assert_eq!(
            (
                filled(&none).as_str(),
                offers_a_fill(&none).as_str(),
                median_to_fill(&[]).as_str()
            ),
            ("–", "–", "–")
        );
        let some = Figures {
            slots: 8,
            filled: 3,
            offers: 10,
            ..Figures::default()
        };
        assert_eq!((filled(&some).as_str(), offers_a_fill(&some).as_str()), ("38 %", "3.3"));
    }
}
