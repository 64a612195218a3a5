//! Somebody is to be asked: a row, with the time at which that is decided.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    reviews::{AskForReview, RequestView, Status},
};
use domain::reviews::{self as rules, code};
use entity::{
    appointments::appointment,
    contacts::contact,
    reviews::{review_platform, review_request},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, QueryFilter, Set};
use uuid::Uuid;

use super::{
    rules::of,
    state::{PHONE, count_skipped, of_visit, revive},
    view,
};
use crate::{
    appointments,
    businesses::{self, locations},
    contacts::{self, FromFile},
    kernel::{
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        error::{field, not_found, problem, short},
        tx::Changed,
    },
    review_platforms,
};

const LONGEST_REFERENCE: usize = 200;
/// Most minutes that a program can ask for.
const LATEST: i32 = *rules::DELAY.end();

/// A request to be.
pub(super) struct New<'a> {
    pub contact: &'a contact::Model,
    pub platform: &'a review_platform::Model,
    pub appointment_id: Option<Uuid>,
    pub location_id: Option<Uuid>,
    pub reference: Option<String>,
    pub source: &'static str,
    /// When; or why not.
    pub due: std::result::Result<DateTime<Utc>, &'static str>,
}

/// Asks somebody for a review because a program wants that; by the same rules as after a visit, so it may turn out that they are not asked.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Invalid` per field; `Conflict` where there is no platform, and for a visit that was asked about already under
/// another reference.
pub async fn ask(s: &Services, actor: &Actor, cmd: AskForReview) -> Result<RequestView> {
    actor.may(Permission::WriteReviews)?;
    let delay = cmd.delay_minutes;
    if delay.is_some_and(|minutes| !(0..=LATEST).contains(&minutes)) {
        return Err(field("delay_minutes", "Please give 0 minutes to 7 days."));
    }
    let reference = short("reference", cmd.reference.as_deref().unwrap_or_default(), LONGEST_REFERENCE)?;
    let reference = Some(reference).filter(|reference| !reference.is_empty());
    let mut tx = s.begin().await?;
    let contact = whom(&mut tx, actor, &cmd).await?;
    if let Some(reference) = &reference
        && let Some(known) = by_reference(&tx.db, actor.business_id, reference).await?
    {
        return view::one(s, &tx.db, known).await;
    }
    let visit = match cmd.appointment_id {
        Some(id) => Some(theirs(&tx, &contact, id).await?),
        None => None,
    };
    if let Some(visit) = &visit
        && let Some(known) = of_visit(&tx.db, visit.business_id, visit.id).await?
    {
        if reference.is_some() && known.reference.is_some() {
            return Err(problem(
                Code::Conflict,
                "This visit was asked about already, under another reference.",
            ));
        }
        return view::one(s, &tx.db, known).await;
    }
    let chosen = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    let location_id = chosen.or_else(|| visit.as_ref().and_then(|visit| visit.location_id));
    let platform = platform(&tx, actor, location_id, cmd.platform.as_deref()).await?;
    let usual = of(&tx.db, actor.business_id).await?.delay(None);
    let delay = delay.map_or(usual, |minutes| Duration::minutes(minutes.into()));
    let new = New {
        contact: &contact,
        platform: &platform,
        appointment_id: visit.map(|visit| visit.id),
        location_id,
        reference,
        source: "api",
        due: Ok(tx.now + delay),
    };
    let row = insert(&mut tx, &actor.who, new).await?;
    let shown = view::one(s, &tx.db, row).await?;
    tx.commit().await?;
    Ok(shown)
}

/// One request.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<RequestView> {
    actor.may(Permission::ReadReviews)?;
    let row = review_request::Entity::these(actor.business_id, [id]).one(s.read()).await?;
    view::one(s, s.read(), row.ok_or_else(|| not_found("review request"))?).await
}

/// The contact that is named, or whoever has the number. Somebody new has agreed to nothing by that.
async fn whom(tx: &mut Tx, actor: &Actor, cmd: &AskForReview) -> Result<contact::Model> {
    let named = cmd.name.is_some() || cmd.email.is_some();
    let phone = match (cmd.contact_id, cmd.phone.as_deref()) {
        (Some(id), None) if !named => return contacts::locked(tx, actor.business_id, id).await,
        (Some(_), _) => {
            let words = "Please give contact_id, or name and phone, not both.";
            return Err(field("contact_id", words));
        }
        (None, None) => return Err(field("contact_id", "Please give contact_id, or name and phone.")),
        (None, Some(phone)) => phone,
    };
    actor.may(Permission::WriteContacts)?;
    let country = businesses::of(tx, actor.business_id).await?.country;
    let phone = domain::phone::parse(phone, &country).map_err(|why| field("phone", why.to_string()))?;
    contacts::reserve(tx, actor.business_id, &BTreeSet::from([phone.as_str()])).await?;
    let said = FromFile {
        name: cmd.name.as_deref(),
        phone: &phone,
        email: cmd.email.as_deref(),
        time_zone: None,
        language: None,
        tags: &[],
        notes: None,
        consent: None,
        evidence: "",
        only_new: true,
    };
    Ok(contacts::from_file(tx, actor, &said).await?.contact)
}

async fn theirs(tx: &Tx, contact: &contact::Model, id: Uuid) -> Result<appointment::Model> {
    let visit = appointments::find(&tx.db, contact.business_id, id).await?;
    if visit.contact_id != contact.id {
        return Err(field("appointment_id", "This is the visit of somebody else."));
    }
    Ok(visit)
}

async fn platform(tx: &Tx, actor: &Actor, location_id: Option<Uuid>, asked: Option<&str>) -> Result<review_platform::Model> {
    let found = review_platforms::of(&tx.db, actor.business_id, location_id, asked).await?;
    found.ok_or_else(|| match asked {
        Some(_) => field(
            "platform",
            "There is no such platform. Please give the id or the kind of one of yours.",
        ),
        None => problem(
            Code::Conflict,
            "There is nowhere to write a review yet. Please add a platform first, in Settings, Reviews.",
        ),
    })
}

async fn by_reference(db: &impl ConnectionTrait, business_id: Uuid, reference: &str) -> Result<Option<review_request::Model>> {
    let rows = review_request::Entity::in_business(business_id).filter(review_request::Column::Reference.eq(reference));
    Ok(rows.one(db).await?)
}

/// Writes the row. The caller holds the contact's lock.
pub(super) async fn insert(tx: &mut Tx, by: &Principal, new: New<'_>) -> Result<review_request::Model> {
    let vault = tx.services().vault();
    let (status, reason, due_at, next_at) = match new.due {
        Ok(at) => (Status::Planned, None, at, Some(at)),
        Err(why) => (Status::Skipped, Some(why.to_owned()), tx.now, None),
    };
    let row = review_request::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(new.contact.business_id),
        contact_id: Set(new.contact.id),
        phone: Set(vault.seal(PHONE, &new.contact.phone)),
        phone_key: Set(vault.index(PHONE, &new.contact.phone)),
        platform_id: Set(new.platform.id),
        appointment_id: Set(new.appointment_id),
        location_id: Set(new.location_id),
        reference: Set(new.reference),
        source: Set(new.source.to_owned()),
        status: Set(status.as_str().to_owned()),
        reason: Set(reason),
        due_at: Set(due_at),
        next_at: Set(next_at),
        code: Set(code(rand::random())),
        message_id: Set(None),
        channel: Set(None),
        asked_at: Set(None),
        counted_at: Set(None),
        expires_at: Set(None),
        hits: Set(0),
        machines: Set(0),
        clicks: Set(0),
        opened_at: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await.map_err(|cause| match Error::from(cause) {
        twice if twice.is_duplicate() => problem(
            Code::Conflict,
            "This was asked for at the same moment. Please look at that request.",
        ),
        other => other,
    })?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    match status {
        Status::Skipped => count_skipped(tx, by, &row),
        _ => {
            let event = Event::ReviewPlanned(Arc::new(row.clone()));
            tx.record(row.business_id, by, event);
        }
    }
    Ok(row)
}

/// Plans to ask about a visit that was kept, if there is somewhere to write a review. One that was planned before and given up, because the
/// visit was marked otherwise for a while, is planned again.
pub(super) async fn after(tx: &mut Tx, by: &Principal, visit: &appointment::Model) -> Result<()> {
    let rules = of(&tx.db, visit.business_id).await?;
    let ended_at = visit.ends_at.unwrap_or(visit.starts_at + appointments::past::UNSAID);
    // What a file or a calendar tells of the past is history.
    if rules.stopped || visit.created_at > ended_at {
        return Ok(());
    }
    let delay = rules.delay(visit.type_id.map(|id| id.to_string()).as_deref());
    let due = rules::due(ended_at, tx.now, delay);
    if let Some(known) = of_visit(&tx.db, visit.business_id, visit.id).await? {
        return revive(tx, known, due).await;
    }
    let Some(platform) = review_platforms::of(&tx.db, visit.business_id, visit.location_id, None).await? else {
        return Ok(());
    };
    let contact = contacts::locked(tx, visit.business_id, visit.contact_id).await?;
    if contact.sample {
        return Ok(());
    }
    let new = New {
        contact: &contact,
        platform: &platform,
        appointment_id: Some(visit.id),
        location_id: visit.location_id,
        reference: None,
        source: "visit",
        due,
    };
    insert(tx, by, new).await.map(drop)
}
