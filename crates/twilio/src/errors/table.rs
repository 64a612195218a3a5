//! The table itself, by families of codes. Classes follow docs/twilio.md §7, but for 21617: one text that is too long is no reason to stop an
//! account's queue.

mod carriers;
mod requests;
mod schedules;
mod whatsapp;

use super::{Class, Entry};

const fn entry(code: i32, class: Class, words: &'static str, next_step: &'static str) -> Entry {
    Entry {
        code,
        class,
        words,
        next_step,
    }
}

/// Sorted by code, each family and all of them together.
static FAMILIES: [&[Entry]; 4] = [
    requests::REQUESTS,
    carriers::CARRIERS,
    schedules::SCHEDULES,
    whatsapp::WHATSAPP,
];

pub(super) fn find(code: i32) -> Option<&'static Entry> {
    let family = FAMILIES
        .iter()
        .find(|family| family.last().is_some_and(|last| code <= last.code))?;
    let at = family.binary_search_by_key(&code, |entry| entry.code).ok()?;
    family.get(at)
}

/// All of them, the lowest code first.
#[cfg(test)]
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.into_iter().flatten()
}
