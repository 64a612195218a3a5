//! How a text would arrive, before it is kept: with a visit of the business, or with an invented one.

use chrono::{Days, NaiveTime};
use contract::templates::{PreviewTemplate, TemplatePreview, TemplateWarning, TrialVisit};
use domain::{
    segments::{self, Encoding},
    templates::{Channel, Finding, Kind, Values, Variable, Which, fill, lint, with_what_is_known},
    texts::{self, Start, Visit},
    when,
};
use entity::{appointments::appointment, businesses::business, contacts::contact};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{About, MOST_TYPED, meant, values};
use crate::{
    appointments, businesses, contacts,
    kernel::{
        Actor, Permission, Result, Services,
        error::{field, not_found},
    },
    spend,
};

/// Where the link to the customer's page stands in a text that nobody gets.
const LINK: &str = "/v/AbCdEfGhIjKlMnOpQrStUvWx";
/// Visits to come that a text can be tried with.
const MOST_VISITS: u64 = 20;

/// How a text would arrive, what it costs, and what is wrong with it. Nothing is kept.
///
/// # Errors
/// `NotAllowed`; `Invalid` for a text that can't be one, a kind, channel or language that there is none of; `NotFound` for the visit.
pub async fn preview(s: &Services, actor: &Actor, cmd: PreviewTemplate) -> Result<TemplatePreview> {
    actor.may(Permission::ReadTemplates)?;
    let which = meant(&cmd.kind, &cmd.channel, &cmd.language)?;
    if cmd.body.chars().count() > MOST_TYPED {
        return Err(field("body", "This is longer than any text."));
    }
    let business = businesses::get(s.read(), actor.business_id).await?;
    let subject = cmd.subject.as_deref().filter(|subject| !subject.trim().is_empty());
    let body = domain::words::lines(&cmd.body);
    let mut values = around(s, &business, which);
    if let Some(id) = cmd.appointment_id {
        actor.may(Permission::ReadAppointments)?;
        actor.may(Permission::ReadContacts)?;
        let (visit, person) = visit_of(s, actor, id).await?;
        let start = values::start(s.read(), &business, &person, &visit).await?;
        values = begins(values, which, start, visit.for_name.as_deref());
        let about = About {
            business: &business,
            contact: Some(&person),
            visit: Some(&visit),
            slot: None,
        };
        values::look_up(s, s.read(), about, &[Some(&body), subject], &mut values).await?;
    } else {
        values = invented(s, &business, values);
    }
    let text = fill(which.kind, &body, &values);
    let failed = text.as_ref().err().cloned();
    let text = text.unwrap_or_else(|_| with_what_is_known(&body, &values));
    let mut findings = lint(which.kind, which.channel, subject, &body);
    if let Some(why) = failed.filter(|_| !findings.iter().any(|finding| finding.refused)) {
        findings.insert(0, unfilled(&why));
    }
    Ok(TemplatePreview {
        subject: subject.map(|subject| with_what_is_known(subject, &values)),
        ..measured(s, &business, which, text, findings).await?
    })
}

/// Visits to come that a text can be tried with, the soonest first.
///
/// # Errors
/// `NotAllowed`.
pub async fn visits_to_try(s: &Services, actor: &Actor) -> Result<Vec<TrialVisit>> {
    actor.may(Permission::ReadTemplates)?;
    actor.may(Permission::ReadAppointments)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let rows = appointment::Entity::in_business(actor.business_id)
        .filter(appointment::Column::StartsAt.gte(s.now()))
        .order_by_asc(appointment::Column::StartsAt)
        .order_by_asc(appointment::Column::Id)
        .limit(MOST_VISITS)
        .all(s.read())
        .await?;
    let people = contacts::many(
        s,
        s.read(),
        actor.business_id,
        rows.iter().map(|row| row.contact_id).collect(),
    )
    .await?;
    let zone = businesses::zone(&business);
    let label = |row: &appointment::Model| {
        let name = row
            .for_name
            .as_deref()
            .or_else(|| people.get(&row.contact_id).map(|person| person.name.as_str()));
        format!("{} · {}", name.unwrap_or("Somebody"), when::dated(row.starts_at, zone))
    };
    Ok(rows
        .iter()
        .map(|row| TrialVisit {
            id: row.id,
            label: label(row),
        })
        .collect())
}

async fn visit_of(s: &Services, actor: &Actor, id: Uuid) -> Result<(appointment::Model, contact::Model)> {
    let visit = appointments::find(s.read(), actor.business_id, id).await?;
    let mut people = contacts::many(s, s.read(), actor.business_id, vec![visit.contact_id]).await?;
    let person = people.remove(&visit.contact_id).ok_or_else(|| not_found("visit"))?;
    Ok((visit, person))
}

/// So many hours into the day after tomorrow.
fn hour(s: &Services, business: &business::Model, hour: u32) -> Start {
    let zone = businesses::zone(business);
    let today = s.now().with_timezone(&zone).date_naive();
    let day = today.checked_add_days(Days::new(2)).unwrap_or(today);
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    Start {
        at: when::local_to_utc(day.and_time(time), zone),
        place: zone,
        customer: zone,
    }
}

/// What is told beside a visit: invented whatever the visit.
fn around(s: &Services, business: &business::Model, which: Which) -> Values {
    let two = [("Leo", 15, 101), ("Mia", 16, 102)].map(|(name, at, token)| Visit {
        start: hour(s, business, at),
        name: Some(name.to_owned()),
        token,
    });
    let listed = if which.kind == Kind::WhichVisit {
        texts::which(which.language, &business.name, &two)
    } else {
        texts::many(which.language, &business.name, &two, false)
    };
    let later = Start {
        at: hour(s, business, 15).at + chrono::Duration::days(7),
        ..hour(s, business, 15)
    };
    let listed = listed
        .with(Variable::Until, &hour(s, business, 14).until(which.language))
        .with(Variable::Released, &later.date(which.language))
        .with(Variable::Times, &times(which, hour(s, business, 9), hour(s, business, 16)))
        .with(Variable::Code, "123456");
    let free = texts::Offer {
        kind: None,
        name: None,
        start: hour(s, business, 15),
        token: None,
    };
    let free = texts::offer(which.language, &business.name, &free, None);
    let listed = listed.with(Variable::Slot, free.get(Variable::Slot));
    begins(listed, which, hour(s, business, 15), None)
}

/// A visit of nobody.
fn invented(s: &Services, business: &business::Model, values: Values) -> Values {
    values
        .with(Variable::Name, "Maya")
        .with(Variable::Contact, business.contact_line.trim().trim_end_matches('.'))
        .with(Variable::Type, "cleaning")
        .with(Variable::Staff, "Dr. Lee")
        .with(Variable::Location, "Main Street")
        .with(Variable::Price, "80")
        .with(Variable::Link, &format!("{}{LINK}", s.settings().public_url))
}

/// "1 Tue Jan 5, 9:00 AM; 2 Tue Jan 5, 4:00 PM".
fn times(which: Which, first: Start, second: Start) -> String {
    format!("1 {}; 2 {}", first.short(which.language), second.short(which.language))
}

/// When a visit is, and what it is called: `name` is whom it is for, where that is not who has the phone.
fn begins(values: Values, which: Which, start: Start, name: Option<&str>) -> Values {
    values
        .with(Variable::Visit, &texts::visit(which.language, name))
        .with(Variable::When, &start.short(which.language))
        .with(Variable::Date, &start.day(which.language))
        .with(Variable::Time, &start.time(which.language))
}

fn unfilled(why: &str) -> Finding {
    Finding {
        code: "unfilled",
        detail: format!("With this visit it can’t be sent: {why}."),
        refused: false,
        of_subject: false,
    }
}

async fn measured(
    s: &Services,
    business: &business::Model,
    which: Which,
    text: String,
    findings: Vec<Finding>,
) -> Result<TemplatePreview> {
    let warnings = findings.into_iter().map(|finding| TemplateWarning {
        code: finding.code.to_owned(),
        detail: finding.detail,
        refused: finding.refused,
    });
    let mut shown = TemplatePreview {
        characters: u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
        encoding: word(segments::count(&text).encoding).to_owned(),
        warnings: warnings.collect(),
        text,
        ..TemplatePreview::default()
    };
    if which.channel != Channel::Sms {
        return Ok(shown);
    }
    shown.segments_as_written = segments::count(&shown.text).count;
    shown.text = businesses::language::as_sent(business, shown.text);
    let sent = segments::count(&shown.text);
    shown.segments = sent.count;
    shown.encoding = word(sent.encoding).to_owned();
    shown.characters = u32::try_from(shown.text.chars().count()).unwrap_or(u32::MAX);
    if shown.segments > 1 {
        shown.warnings.push(parts(shown.segments));
    }
    shown.cost_micros = Some(spend::to_country(s.read(), Some(&business.country), sent.count).await?);
    Ok(shown)
}

fn parts(count: u32) -> TemplateWarning {
    TemplateWarning {
        code: "several_parts".to_owned(),
        detail: format!("This text goes out in {count} parts, each of which is paid for."),
        refused: false,
    }
}

const fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    }
}
