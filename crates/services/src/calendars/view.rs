//! Calendars and their events as people see them.

use std::collections::HashMap;

use contract::calendars::{CalendarEventView, CalendarSourceView};
use entity::calendars::{
    calendar_event::{self, State},
    calendar_source,
};
use sea_orm::ActiveEnum;
use url::Url;
use uuid::Uuid;

use super::{PHONE, TITLE, URL};
use crate::{
    businesses, contacts,
    kernel::{Result, Services},
};

pub(super) async fn view(s: &Services, row: calendar_source::Model) -> Result<CalendarSourceView> {
    let url = s.vault().open(URL, &row.url).await?;
    let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let status = match (row.failing_since, row.last_good_at, row.started_at) {
        (Some(_), _, _) => "failing",
        (None, None, _) => "reading",
        (None, Some(_), None) => "preview",
        (None, Some(_), Some(_)) => "started",
    };
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    Ok(CalendarSourceView {
        id: row.id,
        name: row.name,
        status: status.to_owned(),
        host: host.unwrap_or_default(),
        location_id: row.location_id,
        staff_label: row.staff_label,
        last_good_at: row.last_good_at,
        failing_since: row.failing_since,
        problem: row.problem,
        warnings: row.warnings.lines().map(str::to_owned).collect(),
        visits: count(row.visits),
        needs_number: count(row.needs_number),
        lost: count(row.lost),
        started_at: row.started_at,
    })
}

pub(super) async fn views(s: &Services, business_id: Uuid, rows: Vec<calendar_event::Model>) -> Result<Vec<CalendarEventView>> {
    let people: Vec<Uuid> = rows.iter().filter_map(|row| row.contact_id).collect();
    let names = if people.is_empty() {
        HashMap::new()
    } else {
        contacts::labels(s, s.read(), business_id, people).await?
    };
    let country = businesses::get(s.read(), business_id).await?.country;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let phone = match &row.phone {
            Some(phone) => Some(s.vault().open(PHONE, phone).await?),
            None => None,
        };
        let known = row.contact_id.and_then(|id| names.get(&id)).map(|label| label.name.clone());
        let by_number = || phone.map(|phone| domain::phone::display(&phone, &country));
        shown.push(CalendarEventView {
            id: row.id,
            title: s.vault().open(TITLE, &row.title).await?,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            state: State::to_value(&row.state),
            contact_id: row.contact_id,
            who: known.or_else(by_number).unwrap_or_default(),
            appointment_id: row.appointment_id,
            missing: row.missing_since.is_some(),
        });
    }
    Ok(shown)
}
