//! What would be sent about a visit, and when: by the rules that plan and write reminders, for a visit that nobody has.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use contract::businesses::{PreviewLine, ReminderPreview};
use domain::{
    reminders::{Kind, Plan, Planned, plan},
    segments,
    templates::{Kind as Text, Variable, Which},
    texts,
    texts::Start,
    when,
    zone::Zone,
};

use crate::{
    businesses::{self, reminding},
    kernel::{Actor, Permission, Result, Services, error::field},
    templates::{About, shown},
};

/// Where the link to the customer's page stands in a text that nobody gets.
const LINK: &str = "/v/AbCdEfGhIjKlMnOpQrStUvWx";

/// The reminders of a visit a few days from now: `cadence` as typed, or as it is kept; `time` like `10:00`.
///
/// # Errors
/// `NotAllowed`; `Invalid` per field.
pub async fn preview(s: &Services, actor: &Actor, cadence: Option<&str>, time: Option<&str>) -> Result<ReminderPreview> {
    actor.may(Permission::ReadAppointments)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let hours = match given(cadence) {
        Some(typed) => businesses::hours(&reminding::read(&typed)?),
        None => businesses::cadence(&business),
    };
    let time = match given(time) {
        Some(typed) => {
            NaiveTime::parse_from_str(&typed, "%H:%M").map_err(|_| field("time", "Please give a time of day like 10:00."))?
        }
        None => NaiveTime::from_hms_opt(10, 0, 0).unwrap_or_default(),
    };
    let (now, zone) = (s.now(), businesses::zone(&business));
    // All of its reminders lie ahead.
    let ahead = hours.iter().max().map_or(0, |hours| u64::from(*hours) / 24) + 2;
    let today = now.with_timezone(&zone).date_naive();
    let day = today.checked_add_days(Days::new(ahead)).unwrap_or(today);
    let starts_at = when::local_to_utc(day.and_time(time), zone);
    let planned = plan(now, starts_at, &hours, zone, businesses::quiet(&business));
    let start = Start {
        at: starts_at,
        place: zone,
        customer: zone,
    };
    let language = businesses::language::of(&business);
    let link = format!("{}{LINK}", s.settings().public_url);
    let known = texts::one(language, &business.name, None, start, None).with(Variable::Link, &link);
    let about = About {
        business: &business,
        contact: None,
        visit: None,
        slot: None,
    };
    let which = Which::sms(Text::Reminder, language);
    let said = shown(s, s.read(), which, about, known).await?;
    let text = match business.text_links && !said.has_link {
        true => texts::with_link(&said.body, &link),
        false => said.body,
    };
    Ok(ReminderPreview {
        visit: when::dated(starts_at, zone),
        lines: planned.iter().map(|item| line(item, zone)).collect(),
        segments: segments::count(&text).count,
        text,
    })
}

fn line(item: &Planned, zone: Zone) -> PreviewLine {
    let said = |at: DateTime<Utc>| Some(when::dated(at, zone));
    let (when, why) = match item.plan {
        Plan::Due(at) if at == item.nominal => (said(at), None),
        Plan::Due(at) if at > item.nominal => (said(at), Some("Later than that, because of quiet hours.".to_owned())),
        Plan::Due(at) => (said(at), Some("Earlier than that, because of quiet hours.".to_owned())),
        Plan::Skipped(why) => (None, Some(why.label().to_owned())),
        Plan::NeedsPerson => (
            None,
            Some("Quiet hours leave no time for it: you are asked to call.".to_owned()),
        ),
    };
    PreviewLine {
        before: before(item.kind),
        when,
        why,
    }
}

fn before(kind: Kind) -> String {
    let span = Duration::hours(i64::from(kind.hours().unwrap_or_default()));
    match (span.num_hours(), span.num_days()) {
        (1, _) => "1 hour before".to_owned(),
        (24, _) => "1 day before".to_owned(),
        (hours, days) if hours % 24 == 0 => format!("{days} days before"),
        (hours, _) => format!("{hours} hours before"),
    }
}
