//! A business and its settings.

use contract::{
    Code,
    businesses::{BusinessView, UpdateBusiness},
};
use domain::quiet::{QuietHours, parse_zone};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use crate::{Actor, Error, Permission, Result, Services, Tx, audit, error::field, error::problem, numbers};

/// SE3: texts per business and hour, unless said otherwise.
const HOURLY_LIMIT: i32 = 100;

pub(crate) struct New<'a> {
    pub name: &'a str,
    pub contact_line: &'a str,
    pub time_zone: Option<&'a str>,
    pub country: Option<&'a str>,
    pub hourly_limit: Option<i32>,
}

/// Creates a business without members, for the command line; its number becomes the active default sender.
///
/// # Errors
/// `Invalid` for a bad name, zone or number; `Conflict` if the number is somebody else's.
pub async fn create(
    s: &Services,
    name: &str,
    contact_line: &str,
    time_zone: Option<&str>,
    hourly_limit: Option<i32>,
) -> Result<BusinessView> {
    let tx = s.begin().await?;
    let row = insert(
        &tx,
        New {
            name,
            contact_line,
            time_zone,
            country: None,
            hourly_limit,
        },
    )
    .await?;
    tx.commit().await?;
    view(s, &s.db().write, row.id).await
}

pub(crate) async fn insert(tx: &Tx, new: New<'_>) -> Result<business::Model> {
    if new.name.trim().is_empty() {
        return Err(field("name", "A business needs a name."));
    }
    // A browser's guess that we don't know must not stop somebody from signing up.
    let time_zone = new.time_zone.filter(|z| parse_zone(z).is_some()).unwrap_or("UTC");
    let country = new
        .country
        .filter(|c| c.len() == 2 && c.chars().all(|c| c.is_ascii_alphabetic()))
        .unwrap_or("US");
    let quiet = QuietHours::default();
    let row = business::ActiveModel {
        id: Set(Uuid::now_v7()),
        slug: Set(free_slug(tx, new.name).await?),
        name: Set(new.name.trim().to_owned()),
        contact_line: Set(new.contact_line.to_owned()),
        time_zone: Set(time_zone.to_owned()),
        country: Set(country.to_ascii_uppercase()),
        quiet_start: Set(quiet.start_min.into()),
        quiet_end: Set(quiet.end_min.into()),
        cadence: Set("48,24".to_owned()),
        hourly_limit: Set(new.hourly_limit.unwrap_or(HOURLY_LIMIT)),
        monthly_budget: Set(None),
        state_hours: Set(false),
        ledger_seq: Set(0),
        ledger_hash: Set(domain::consent::GENESIS.to_owned()),
        created_at: Set(tx.now),
    };
    Ok(row.insert(&tx.db).await?)
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

/// The zone of a business; UTC should the stored name ever be unknown.
pub(crate) fn zone(b: &business::Model) -> chrono_tz::Tz {
    parse_zone(&b.time_zone).unwrap_or(chrono_tz::Tz::UTC)
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

pub(crate) fn cadence(b: &business::Model) -> Vec<u16> {
    b.cadence.split(',').filter_map(|h| h.trim().parse().ok()).collect()
}

pub(crate) async fn view(s: &Services, db: &impl ConnectionTrait, id: Uuid) -> Result<BusinessView> {
    let b = get(db, id).await?;
    let hours = quiet(&b);
    let url = &s.settings().public_url;
    Ok(BusinessView {
        id,
        cadence: cadence(&b),
        sender: numbers::sender(s, db, id, None).await?,
        webhook_inbound: format!("{url}/webhooks/twilio/inbound"),
        webhook_status: format!("{url}/webhooks/twilio/status"),
        slug: b.slug,
        name: b.name,
        contact_line: b.contact_line,
        time_zone: b.time_zone,
        country: b.country,
        quiet_start: hours.start_min,
        quiet_end: hours.end_min,
    })
}

/// Changes the settings that texts to customers are made of.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for an empty name or an unknown zone.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateBusiness) -> Result<BusinessView> {
    actor.may(Permission::ManageBusiness)?;
    let odd =
        |text: &str, most: usize| text.trim().is_empty() || text.chars().count() > most || text.chars().any(char::is_control);
    if odd(&cmd.name, 100) {
        return Err(field(
            "name",
            "Please give the name your customers know, up to 100 characters.",
        ));
    }
    if odd(&cmd.contact_line, 120) {
        return Err(field(
            "contact_line",
            "Customers who text HELP get this line: a phone number or an e-mail address, up to 120 characters.",
        ));
    }
    if parse_zone(&cmd.time_zone).is_none() {
        return Err(field(
            "time_zone",
            "This is not a time zone we know. Examples: Europe/Stockholm, America/New_York.",
        ));
    }
    let tx = s.begin().await?;
    let before = get(&tx.db, actor.business_id).await?;
    let was = (before.name.clone(), before.contact_line.clone(), before.time_zone.clone());
    let mut row = before.into_active_model();
    row.name = Set(cmd.name.trim().to_owned());
    row.contact_line = Set(cmd.contact_line.trim().to_owned());
    row.time_zone = Set(cmd.time_zone.clone());
    let after = row.update(&tx.db).await.map_err(Error::from)?;
    let change = audit::Change {
        business_id: actor.business_id,
        actor: &actor.label(),
        action: "business.updated",
        entity: "business",
        entity_id: after.id,
        before: Some(was),
        after: Some((after.name, after.contact_line, after.time_zone)),
    };
    audit::record(&tx, change).await?;
    tx.commit().await?;
    view(s, &s.db().write, actor.business_id).await
}
