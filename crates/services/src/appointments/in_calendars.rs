//! Appointments as calendar programs know them.

use contract::appointments::Status;
use domain::ics::Sure;
use url::Url;
use uuid::Uuid;

use crate::kernel::Services;

/// What calendars call an appointment: never another one, and like none of another installation.
pub(crate) fn uid(s: &Services, id: Uuid) -> String {
    let url = Url::parse(&s.settings().public_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("showup");
    format!("{id}@{host}")
}

pub(crate) fn sure(status: Status) -> Sure {
    match status {
        Status::Scheduled | Status::RescheduleRequested => Sure::Tentative,
        Status::Confirmed | Status::Completed | Status::NoShow => Sure::Confirmed,
        Status::Cancelled => Sure::Cancelled,
    }
}
