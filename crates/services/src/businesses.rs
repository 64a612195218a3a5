//! A business and its settings.

pub mod customers_page;
pub mod first_steps;
pub(crate) mod keeping;
pub mod language;
pub mod locations;
pub mod reminding;
pub mod rules;
pub mod sending;
pub mod staff;
pub mod suspension;
pub mod types;
pub mod ways;

use std::collections::HashMap;

use chrono::Duration;
use contract::{
    Code,
    businesses::{AssignRule, CountryView, UpdateBusiness},
};
use domain::{
    consent::Purpose,
    countries::{self, Country},
    language::Language,
    quiet::QuietHours,
    words,
    zone::Zone,
};
use entity::businesses::business;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    error::{field, problem, short},
};

/// Why nothing leaves a business that is suspended.
pub(crate) const SUSPENDED: &str =
    "This business is suspended by whoever runs this installation: no text leaves until it is resumed. What comes in is kept.";

/// Texts per business and hour, unless said otherwise.
const HOURLY_LIMIT: i32 = 100;

pub(crate) struct New<'a> {
    pub name: &'a str,
    pub contact_line: &'a str,
    pub time_zone: Option<&'a str>,
    pub country: Option<Country>,
    pub hourly_limit: Option<i32>,
}

/// Creates a business without members or a number, for examples. Its country is that of its zone.
///
/// # Errors
/// `Invalid` for a bad name.
pub async fn create(
    s: &Services,
    name: &str,
    contact_line: &str,
    time_zone: Option<&str>,
    hourly_limit: Option<i32>,
) -> Result<business::Model> {
    let tx = s.begin().await?;
    let row = insert(
        &tx,
        New {
            name,
            contact_line,
            time_zone,
            country: time_zone.and_then(countries::of_zone),
            hourly_limit,
        },
    )
    .await?;
    tx.commit().await?;
    Ok(row)
}

pub(crate) async fn insert(tx: &Tx, new: New<'_>) -> Result<business::Model> {
    let name = short("name", new.name, 100)?;
    if name.is_empty() {
        return Err(field("name", "A business needs a name."));
    }
    // A browser's guess that we don't know must not stop somebody from signing up.
    let time_zone = new.time_zone.filter(|z| Zone::named(z).is_some()).unwrap_or("UTC");
    let quiet = QuietHours::default();
    let row = business::ActiveModel {
        id: Set(Uuid::now_v7()),
        slug: Set(free_slug(tx, &name).await?),
        name: Set(name),
        contact_line: Set(new.contact_line.to_owned()),
        time_zone: Set(time_zone.to_owned()),
        // Empty: not known.
        country: Set(new.country.map_or("", |c| c.code).to_owned()),
        quiet_start: Set(quiet.start_min.into()),
        quiet_end: Set(quiet.end_min.into()),
        cadence: Set("48,24".to_owned()),
        hourly_limit: Set(new.hourly_limit.unwrap_or(HOURLY_LIMIT)),
        monthly_budget: Set(None),
        state_hours: Set(false),
        complete_after: Set(None),
        customers_cancel: Set(false),
        waitlist_form: Set(false),
        text_links: Set(false),
        channels: Set(domain::fallback::words(&domain::fallback::USUAL)),
        learn_channels: Set(false),
        confirm_offers: Set(false),
        replan_at: Set(None),
        replan_id: Set(None),
        suspended_at: Set(None),
        suspended_why: Set(None),
        guide_hidden_at: Set(None),
        language: Set(Language::default().as_str().to_owned()),
        short_texts: Set(true),
        assign_rule: Set(AssignRule::Off.as_str().to_owned()),
        close_after_days: Set(Some(rules::CLOSE_AFTER_DAYS)),
        close_next_at: Set(Some(tx.now)),
        texts_to: Set(Some(String::new())),
        keep_days: Set(None),
        removed_at: Set(None),
        removed_id: Set(None),
        remove_next_at: Set(None),
        texts_id: Set(None),
        ledger_seq: Set(0),
        ledger_hash: Set(domain::consent::GENESIS.to_owned()),
        created_at: Set(tx.now),
    };
    Ok(row.insert(&tx.db).await?)
}

/// The country that somebody chose; none if they did not.
///
/// # Errors
/// `Invalid` for one that is not on the list.
pub(crate) fn said_country(code: &str) -> Result<Option<Country>> {
    if words::is_blank(code) {
        return Ok(None);
    }
    let found = countries::find(code);
    let found = found.ok_or_else(|| {
        field(
            "country",
            "This is not a country we know. Give two letters like IT, MX, IN, GB or US.",
        )
    })?;
    Ok(Some(found))
}

/// A business whose country is not known is in that of its number (E.164). One that is known stays: it was said by somebody.
pub(crate) async fn learn_country(tx: &mut Tx, id: Uuid, number: &str) -> Result<()> {
    let before = get(&tx.db, id).await?;
    let Some(country) = countries::evident(Some(number), None).filter(|_| before.country.is_empty()) else {
        return Ok(());
    };
    let mut row = before.into_active_model();
    row.country = Set(country.code.to_owned());
    row.update(&tx.db).await?;
    let by = Principal::System("a new number");
    tx.record_change(
        id,
        &by,
        Event::BusinessChanged,
        Some(json!({ "country": "" })),
        Some(json!({ "country": country.code })),
    );
    Ok(())
}

/// The code of the country a time zone lies in, if it lies in one: to begin with in a form.
#[must_use]
pub fn country_of_zone(zone: &str) -> Option<String> {
    countries::of_zone(zone).map(|c| c.code.to_owned())
}

/// Countries that a business can be in, by name.
#[must_use]
pub fn all_countries() -> Vec<CountryView> {
    let all = countries::all().iter();
    all.map(|c| CountryView {
        code: c.code.to_owned(),
        name: c.name.to_owned(),
    })
    .collect()
}

/// The name in kebab-case, with a number behind it if that is taken.
async fn free_slug(tx: &Tx, name: &str) -> Result<String> {
    let base = domain::slug::slug(name);
    for n in 1..=200 {
        let slug = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        if business::Entity::find()
            .filter(business::Column::Slug.eq(&slug))
            .one(&tx.db)
            .await?
            .is_none()
        {
            return Ok(slug);
        }
    }
    Ok(format!("{base}-{}", Uuid::now_v7().simple()))
}

pub async fn by_slug(s: &Services, slug: &str) -> Result<business::Model> {
    let row = business::Entity::find()
        .filter(business::Column::Slug.eq(slug))
        .one(s.read())
        .await?;
    row.ok_or_else(|| problem(Code::NotFound, format!("There is no business \"{slug}\".")))
}

pub async fn slug(s: &Services, id: Uuid) -> Result<String> {
    Ok(get(&s.db().write, id).await?.slug)
}

pub(crate) async fn get(db: &impl ConnectionTrait, id: Uuid) -> Result<business::Model> {
    business::Entity::find_by_id(id)
        .one(db)
        .await?
        .ok_or_else(|| problem(Code::NotFound, "This business does not exist any more."))
}

/// The same to change it: nobody else does meanwhile.
async fn locked(tx: &Tx, id: Uuid) -> Result<business::Model> {
    let row = business::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| problem(Code::NotFound, "This business does not exist any more."))
}

/// A business's settings, read once per transaction. Its ledger's head is not to be taken from here.
pub(crate) async fn of(tx: &mut Tx, id: Uuid) -> Result<business::Model> {
    if let Some(known) = tx.memo::<HashMap<Uuid, business::Model>>().get(&id) {
        return Ok(known.clone());
    }
    let row = get(&tx.db, id).await?;
    tx.memo::<HashMap<Uuid, business::Model>>().insert(id, row.clone());
    Ok(row)
}

/// What it texts says something else from now on: what is remembered of its texts is old.
pub(crate) async fn texts_changed(tx: &Tx, id: Uuid) -> Result<()> {
    business::Entity::update_many()
        .col_expr(business::Column::TextsId, sea_orm::sea_query::Expr::value(Uuid::now_v7()))
        .filter(business::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The zone of a business; UTC should the stored name ever be unknown.
pub(crate) fn zone(b: &business::Model) -> Zone {
    Zone::named(&b.time_zone).unwrap_or(Zone::UTC)
}

/// The names of all zones that are places, in order.
pub fn zone_names() -> Vec<String> {
    Zone::names().into_iter().map(str::to_owned).collect()
}

/// The rules of the zones that pages of the actor's business tell times in, its own first: five years back and five ahead.
///
/// # Errors
/// When the database does not answer.
pub async fn zones(s: &Services, actor: &Actor) -> Result<Vec<Zone>> {
    let b = get(s.read(), actor.business_id).await?;
    let (now, years) = (s.now(), Duration::days(5 * 366));
    let mut zones = vec![zone(&b)];
    for place in locations::list(s, actor).await? {
        let own = place.time_zone.as_deref().and_then(Zone::named);
        zones.extend(own.filter(|own| !zones.contains(own)));
    }
    Ok(zones.into_iter().map(|zone| zone.between(now - years, now + years)).collect())
}

pub(crate) fn quiet(b: &business::Model) -> QuietHours {
    QuietHours {
        start_min: b.quiet_start.clamp(0, 1439) as u16,
        end_min: b.quiet_end.clamp(0, 1439) as u16,
    }
}

/// The hours in which a machine may not text this number: the business's own, and its US state's where the business wants that.
pub(crate) fn quiet_for(b: &business::Model, phone: &str) -> domain::quiet::Windows {
    domain::quiet::for_contact(quiet(b), phone, b.state_hours)
}

/// The same for what is sent for a purpose: the hours of a state are law for what nobody needs.
pub(crate) fn quiet_of(b: &business::Model, phone: &str, purpose: Purpose) -> domain::quiet::Windows {
    domain::quiet::for_contact(quiet(b), phone, b.state_hours || purpose == Purpose::Promotional)
}

pub(crate) fn cadence(b: &business::Model) -> Vec<u16> {
    hours(&b.cadence)
}

/// Hours before an appointment as they are kept, like `48,24`.
pub(crate) fn hours(kept: &str) -> Vec<u16> {
    kept.split(',').filter_map(|h| h.trim().parse().ok()).collect()
}

/// Whether this actor may arrange what appointments are made of: owners and admins, and keys that write appointments.
///
/// # Errors
/// `NotAllowed`, saying who could.
fn may_manage(actor: &Actor) -> Result<()> {
    match actor.who {
        Principal::ApiKey { .. } => actor.may(Permission::WriteAppointments),
        _ => actor.may(Permission::ManageBusiness),
    }
}

/// An id and its place in a list.
type Place = (Uuid, i32);

/// A list with one of them moved up or down, as far as it goes: whose places are other ones now.
fn arranged(all: &[Place], id: Uuid, up: bool) -> Vec<Place> {
    let mut ids: Vec<Uuid> = all.iter().map(|(id, _)| *id).collect();
    if let Some(at) = ids.iter().position(|one| *one == id) {
        let to = if up {
            at.saturating_sub(1)
        } else {
            (at + 1).min(ids.len() - 1)
        };
        ids.swap(at, to);
    }
    let placed = ids.into_iter().zip(0..);
    placed.filter(|one| !all.contains(one)).collect()
}

/// Changes the settings that texts to customers are made of.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for an empty name, an unknown zone or country.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateBusiness) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (name, contact_line) = (words::line(&cmd.name), words::line(&cmd.contact_line));
    let odd = |text: &str, most: usize| !(1..=most).contains(&text.chars().count());
    if odd(&name, 100) {
        return Err(field(
            "name",
            "Please give the name your customers know, up to 100 characters.",
        ));
    }
    if odd(&contact_line, 120) {
        return Err(field(
            "contact_line",
            "Customers who text HELP get this line: a phone number or an e-mail address, up to 120 characters.",
        ));
    }
    if Zone::named(&cmd.time_zone).is_none() {
        return Err(field(
            "time_zone",
            "This is not a time zone we know. Examples: Europe/Stockholm, America/New_York.",
        ));
    }
    let country = said_country(&cmd.country)?;
    let mut tx = s.begin().await?;
    let before = get(&tx.db, actor.business_id).await?;
    let facts = |b: &business::Model| json!({ "name": b.name, "contact_line": b.contact_line, "time_zone": b.time_zone, "country": b.country });
    let (was, showed) = (facts(&before), zone(&before));
    let mut row = before.into_active_model();
    row.name = Set(name);
    row.contact_line = Set(contact_line);
    row.time_zone = Set(cmd.time_zone.clone());
    if let Some(country) = country {
        row.country = Set(country.code.to_owned());
    }
    let after = row.update(&tx.db).await.map_err(Error::from)?;
    tx.record_change(after.id, &actor.who, Event::BusinessChanged, Some(was), Some(facts(&after)));
    if zone(&after) != showed {
        tx.record(after.id, &actor.who, Event::ZoneChanged { location: None });
    }
    tx.commit().await
}

/// Hours after their end at which visits that nobody has marked count as kept; none: somebody is asked.
///
/// # Errors
/// `NotAllowed`.
pub async fn completion(s: &Services, actor: &Actor) -> Result<Option<i32>> {
    actor.may(Permission::ReadAppointments)?;
    Ok(get(s.read(), actor.business_id).await?.complete_after)
}

/// Chooses that; empty: somebody is asked.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for anything but 1 to 72 hours.
pub async fn set_completion(s: &Services, actor: &Actor, typed: &str) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let typed = typed.trim();
    let hours = (!typed.is_empty()).then(|| typed.parse::<i32>().ok().filter(|hours| (1..=72).contains(hours)));
    if hours == Some(None) {
        return Err(field(
            "complete_after",
            "Please choose a number of hours from 1 to 72, or none.",
        ));
    }
    let mut tx = s.begin().await?;
    let before = get(&tx.db, actor.business_id).await?;
    let was = before.complete_after;
    let mut row = before.into_active_model();
    row.complete_after = Set(hours.flatten());
    let after = row.update(&tx.db).await?;
    let is = after.complete_after;
    let facts = |hours: Option<i32>| json!({ "count_as_attended_after_hours": hours });
    tx.record_change(
        after.id,
        &actor.who,
        Event::VisitRulesChanged,
        Some(facts(was)),
        Some(facts(is)),
    );
    tx.commit().await
}
