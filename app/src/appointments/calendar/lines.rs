//! What is drawn on the lines of the calendar, and where on the page: times in words, visits under a pointer, columns.

use contract::appointments::AppointmentView;
use domain::{calendar::Lane, when};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Minutes.
pub const DAY: i32 = 24 * 60;

/// What stands below one heading.
#[derive(Clone)]
pub struct Column {
    pub title: String,
    /// Where the heading leads.
    pub href: Option<String>,
    pub date: String,
    /// Whose it is; none: everybody's.
    pub staff: Option<String>,
    /// Places in the calendar's list of visits.
    pub visits: Vec<usize>,
    /// And in that of free times.
    pub slots: Vec<usize>,
}

/// How wide something is, and where it begins.
pub fn beside(lane: Lane) -> String {
    let width = 60 / lane.of;
    format!("col-start-{} col-span-{width}", width * lane.at + 1)
}

/// What becomes of a visit's reminders at another time.
pub fn reminders(visit: &AppointmentView) -> String {
    let of = |states: &[&str]| visit.reminders.iter().filter(|r| states.contains(&r.status.as_str())).count();
    let (wait, left) = (of(&["planned", "queued"]), of(&["sent", "yes", "no"]));
    let moving = match wait {
        0 => "No reminder waits".to_owned(),
        1 => "1 reminder moves".to_owned(),
        n => format!("{n} reminders move"),
    };
    match left {
        0 => format!("{moving}."),
        n => format!("{moving}, {n} sent already."),
    }
}

/// Where it would be, and what that does.
pub fn words(date: &str, (from, until): (i32, i32), staff: Option<&str>, visit: &AppointmentView) -> String {
    let day = when::date(date).map_or_else(|| date.to_owned(), |day| day.format("%a, %b %-d").to_string());
    let with = match staff {
        Some("") => ", unassigned".to_owned(),
        Some(label) => format!(", {label}"),
        None => String::new(),
    };
    format!("{day}, {} to {}{with}. {}", clock(from), clock(until), reminders(visit))
}

/// Minutes since midnight as a clock shows them.
pub fn clock(minute: i32) -> String {
    let minute = minute.rem_euclid(DAY);
    let (hour, half) = (minute / 60, if minute < 12 * 60 { "AM" } else { "PM" });
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{:02} {half}", minute % 60)
}

/// A day and minutes since midnight as a field for a local time has them.
pub fn local(date: &str, minute: i32) -> String {
    let minute = minute.clamp(0, DAY - 1);
    format!("{date}T{:02}:{:02}", minute / 60, minute % 60)
}

/// The visit that something happened to, by its place in the list.
pub fn block_of(target: Option<web_sys::EventTarget>) -> Option<(usize, Element)> {
    let block = target?.dyn_into::<Element>().ok()?.closest("[data-visit]").ok()??;
    let n = block.get_attribute("data-visit")?.parse().ok()?;
    Some((n, block))
}

pub fn inside(target: Option<web_sys::EventTarget>, what: &str) -> bool {
    target
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| target.closest(what).ok().flatten().is_some())
}

/// The columns' lines, and where they are.
pub fn lines() -> Vec<(usize, web_sys::DomRect)> {
    let Ok(all) = document().query_selector_all("[data-lines]") else {
        return Vec::new();
    };
    (0..all.length())
        .filter_map(|n| {
            let lines = all.get(n)?.dyn_into::<Element>().ok()?;
            Some((
                lines.get_attribute("data-lines")?.parse().ok()?,
                lines.get_bounding_client_rect(),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{clock, local};

    #[test]
    fn minutes_read_like_a_clock() {
        assert_eq!(
            [0, 15, 719, 720, 900, 1439, 1440].map(clock),
            [
                "12:00 AM", "12:15 AM", "11:59 AM", "12:00 PM", "3:00 PM", "11:59 PM", "12:00 AM"
            ]
        );
        assert_eq!(local("2027-01-05", 905), "2027-01-05T15:05");
    }
}
