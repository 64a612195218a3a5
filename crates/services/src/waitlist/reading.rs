//! What somebody waits for, as it comes in, as it is kept, and as the rules read it.

use contract::waitlist::{self as shape, EntryStatus};
use domain::{
    consent::Channel,
    waitlist::{MOST_WINDOWS, Priority, Window, Wish},
    words,
};
use entity::waitlist::waitlist_entry;
use uuid::Uuid;

use crate::{
    businesses::{locations, types},
    kernel::{
        Error, Result, Tx,
        error::{field, short},
    },
};

/// Most types, locations and staff labels that one entry names.
const MOST_NAMED: usize = 20;
/// What a visit takes where nobody has said.
const USUAL: i32 = 30;
/// Minutes that a visit takes.
pub(super) const LENGTH: std::ops::RangeInclusive<i32> = 5..=24 * 60;
/// How long before a time begins somebody may want to know, in minutes.
const NOTICE: std::ops::RangeInclusive<i32> = 0..=14 * 24 * 60;

/// Ids as they are kept: with a space around each, so that one of them can be found.
pub(super) fn kept_ids(ids: &[Uuid]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let all: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    format!(" {} ", all.join(" "))
}

pub(super) fn read_ids(kept: &str) -> Vec<Uuid> {
    kept.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// Names as they are kept: with a bar around each.
pub(super) fn kept_names(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("|{}|", names.join("|"))
}

pub(super) fn read_names(kept: &str) -> Vec<String> {
    kept.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Types that this business has; what they are given as, once each.
pub(super) async fn known_types(tx: &Tx, business_id: Uuid, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    let ids = few("type_ids", ids)?;
    let known = types::several(&tx.db, business_id, ids.clone()).await?;
    if ids
        .iter()
        .any(|id| known.get(id).is_none_or(|kind| kind.archived_at.is_some()))
    {
        return Err(field(
            "type_ids",
            "There is no such type of visit. Please choose another one.",
        ));
    }
    Ok(ids)
}

pub(super) async fn known_locations(tx: &Tx, business_id: Uuid, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    let ids = few("location_ids", ids)?;
    let known = locations::several(&tx.db, business_id, ids.clone()).await?;
    if ids
        .iter()
        .any(|id| known.get(id).is_none_or(|place| place.archived_at.is_some()))
    {
        return Err(field("location_ids", "There is no such location. Please choose another one."));
    }
    Ok(ids)
}

fn few(name: &str, mut ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > MOST_NAMED {
        return Err(field(name, format!("At most {MOST_NAMED}, please; none means any.")));
    }
    Ok(ids)
}

pub(super) fn names(typed: Vec<String>) -> Result<Vec<String>> {
    let mut names = Vec::with_capacity(typed.len());
    for name in typed {
        let name = short("staff_labels", &name, 80)?;
        if name.contains('|') {
            return Err(field("staff_labels", "A name has no bar in it."));
        }
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_NAMED {
        return Err(field(
            "staff_labels",
            format!("At most {MOST_NAMED}, please; none means anybody."),
        ));
    }
    Ok(names)
}

pub(super) fn windows(typed: &[shape::Window]) -> Result<Vec<Window>> {
    if typed.len() > MOST_WINDOWS {
        return Err(field(
            "windows",
            format!("At most {MOST_WINDOWS} windows, please; none means any time."),
        ));
    }
    let read = typed.iter().enumerate().map(|(place, one)| {
        let dates = (one.from_date.as_deref(), one.to_date.as_deref());
        let times = (one.from.as_deref(), one.to.as_deref());
        Window::read(&one.weekdays, dates, times).map_err(|(name, words)| field(&format!("windows.{place}.{name}"), words))
    });
    read.collect()
}

pub(super) fn shown_windows(kept: &str) -> Result<Vec<shape::Window>> {
    let shown = kept_windows(kept)?.into_iter().map(|window| {
        let ((from_date, to_date), (from, to)) = (window.dates(), window.times());
        shape::Window {
            weekdays: window.weekdays(),
            from_date,
            to_date,
            from,
            to,
        }
    });
    Ok(shown.collect())
}

fn kept_windows(kept: &str) -> Result<Vec<Window>> {
    serde_json::from_str(kept).map_err(|e| Error::broken(format!("the windows of an entry: {e}")))
}

pub(super) fn stored_windows(windows: &[Window]) -> Result<String> {
    serde_json::to_string(windows).map_err(|e| Error::broken(e.to_string()))
}

/// How long it takes: as was said, else as the first of the types does.
pub(super) async fn minutes(tx: &Tx, business_id: Uuid, said: Option<i32>, kinds: &[Uuid]) -> Result<i32> {
    if let Some(minutes) = said {
        return length(minutes);
    }
    let known = types::several(&tx.db, business_id, kinds.to_vec()).await?;
    Ok(known.values().map(|kind| kind.minutes).min().unwrap_or(USUAL))
}

pub(super) fn length(minutes: i32) -> Result<i32> {
    if LENGTH.contains(&minutes) {
        return Ok(minutes);
    }
    Err(field("minutes", "Please give how long it takes in minutes, from 5 to 1440."))
}

pub(super) fn notice(minutes: i32) -> Result<i32> {
    if NOTICE.contains(&minutes) {
        return Ok(minutes);
    }
    Err(field("notice_minutes", "Please give up to 14 days, in minutes."))
}

pub(super) fn for_name(typed: Option<&str>) -> Result<Option<String>> {
    let name = short("for_name", typed.unwrap_or_default(), 80)?;
    Ok(Some(name).filter(|name| !words::is_blank(name)))
}

/// What an entry waits for, as the rules read it.
pub(super) fn wish(entry: &waitlist_entry::Model) -> Result<Wish<Uuid>> {
    Ok(Wish {
        kinds: read_ids(&entry.types),
        locations: read_ids(&entry.locations),
        staff: read_names(&entry.staff),
        minutes: entry.minutes,
        windows: kept_windows(&entry.windows)?,
        notice_minutes: entry.notice_minutes,
    })
}

/// How soon somebody needs a time, as it is stored.
pub(super) fn priority(entry: &waitlist_entry::Model) -> Result<Priority> {
    entry
        .priority
        .parse()
        .map_err(|_| Error::broken("an entry of an unknown priority"))
}

/// The way that somebody wants to hear of free times, where that is not the usual one.
pub(super) fn wished_way(entry: &waitlist_entry::Model) -> Option<Channel> {
    entry.channel.parse().ok().filter(|way| *way != Channel::Sms)
}

/// An entry whose person waits, if they still do.
pub(super) async fn waiting_one(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<Option<waitlist_entry::Model>> {
    let row = waitlist_entry::Entity::these(business_id, [id]).one(&tx.db).await?;
    Ok(row.filter(|row| row.status == EntryStatus::Waiting.as_str()))
}
