//! Staff offer times for a visit.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    waitlist::{OfferStatus, OfferTimes, SlotStatus, TimesView},
};
use domain::{
    consent::Purpose,
    letters,
    origin::Origin,
    templates::Kind,
    waitlist::{Mode, Plan},
    when,
    zone::Zone,
};
use entity::{
    appointments::appointment,
    businesses::business,
    contacts::contact,
    messages::message,
    waitlist::{offer, slot},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::Expr};
use uuid::Uuid;

use super::{
    held::{FEW, HOLD, PURPOSE, give_back, place},
    words,
};
use crate::{
    appointments::{self, clocks, filling},
    businesses::{self, locations, types},
    contacts,
    kernel::{
        Actor, Error, Permission, Result, Services, Tx,
        error::{field, problem},
    },
    outbox::ways,
    questions,
    waitlist::{
        link, offering,
        saying::{self, Going, Page, Saying},
        slots::{self, New},
        view::views_of,
    },
};

/// Offers a customer two or three times for a visit of theirs, each held for half an hour from when the text leaves. Times that were offered
/// for it before are given back.
///
/// # Errors
/// `NotFound`; `Invalid` for times that can't be read or are past; `Conflict` for a visit that is over or kept elsewhere, and for a time that
/// is not free; `MayNotSend` with the reason.
pub async fn offer(s: &Services, actor: &Actor, appointment_id: Uuid, cmd: OfferTimes) -> Result<TimesView> {
    actor.may(Permission::WriteAppointments)?;
    if !FEW.contains(&cmd.starts.len()) {
        return Err(field("starts", "Please give two or three times."));
    }
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let (contact, visit) = appointments::locked(&tx, actor.business_id, appointment_id).await?;
    may_move(&visit)?;
    let zone = locations::zone_of(&tx.db, &business, visit.location_id).await?;
    let starts = read(&tx, zone, &visit, &cmd.starts)?;
    if contact.blocked {
        return Err(problem(Code::MayNotSend, contacts::BLOCKED));
    }
    let id = Uuid::now_v7();
    let way = ways::choose(&mut tx, &contact, &intent(id), visit.location_id, Purpose::Transactional).await?;
    let way = way.map_err(|why| problem(Code::MayNotSend, why))?;
    give_back(&mut tx, &actor.who, &visit).await?;
    tx.settle().await?;
    let minutes = length(&tx, &visit).await?;
    for at in &starts {
        is_free(&tx, &visit, zone, *at, minutes).await?;
    }
    let all = hold(&mut tx, actor, &visit, (id, &starts, minutes)).await?;
    let first = Uuid::now_v7();
    let asked = Asked {
        business: &business,
        visit: &visit,
        zone,
        starts: &starts,
        id,
        first,
        until: tx.now + Duration::minutes(HOLD.into()),
        author: Some(actor.author()),
    };
    let text = ask_by(&mut tx, &contact, asked, (way, None)).await?;
    for (place, slot) in all.iter().enumerate() {
        let choice = i32::try_from(place + 1).unwrap_or(1);
        let offer = if choice == 1 { first } else { Uuid::now_v7() };
        insert(&tx, slot, offer, (id, choice), &text).await?;
    }
    tx.settle().await?;
    let ids: Vec<Uuid> = all.iter().map(|slot| slot.id).collect();
    let mut slots = views_of(s, &tx.db, actor.business_id, &ids).await?;
    slots.sort_by_key(|slot| slot.starts_at);
    tx.commit().await?;
    Ok(TimesView {
        id,
        appointment_id,
        message_id: Some(text.id),
        slots,
    })
}

fn may_move(visit: &appointment::Model) -> Result<()> {
    if visit.source == Some(appointment::Source::Calendar) {
        let words = "Another calendar keeps this visit. Please move it there.";
        return Err(problem(Code::Conflict, words));
    }
    if !appointments::status(visit)?.is_open() {
        let words = "This visit is over or cancelled. Undo that first, or make a new visit.";
        return Err(problem(Code::Conflict, words));
    }
    if clocks::undecided(visit) {
        return Err(problem(Code::Conflict, clocks::UNDECIDED));
    }
    Ok(())
}

fn read(tx: &Tx, zone: Zone, visit: &appointment::Model, typed: &[String]) -> Result<Vec<DateTime<Utc>>> {
    let mut starts = Vec::with_capacity(typed.len());
    for text in typed {
        let at = appointments::time_ahead(tx, zone, text).map_err(|e| field("starts", e.problem().detail))?;
        if at == visit.starts_at {
            return Err(field("starts", "The visit has one of these times already."));
        }
        if starts.contains(&at) {
            return Err(field("starts", "Please give each time once."));
        }
        starts.push(at);
    }
    starts.sort_unstable();
    Ok(starts)
}

async fn length(tx: &Tx, visit: &appointment::Model) -> Result<i32> {
    let minutes = match (visit.ends_at, visit.type_id) {
        (Some(end), _) => (end - visit.starts_at).num_minutes(),
        (None, Some(id)) => types::find(&tx.db, visit.business_id, id)
            .await?
            .map_or(30, |kind| kind.minutes.into()),
        (None, None) => 30,
    };
    Ok(i32::try_from(minutes).unwrap_or(1440).clamp(5, 1440))
}

/// Whom it is with has no other visit then, and nobody else is offered that time.
async fn is_free(tx: &Tx, visit: &appointment::Model, zone: Zone, at: DateTime<Utc>, minutes: i32) -> Result<()> {
    let place = place(visit, zone, at, minutes);
    if filling::is_busy(tx, visit.business_id, &place, &[visit.id]).await? {
        let words = format!("{} has another visit on {}.", visit.staff_label, when::dated(at, zone));
        return Err(problem(Code::Conflict, words));
    }
    let held = slot::Entity::in_business(visit.business_id)
        .filter(Expr::cust("\"status\" IN ('open', 'offering')"))
        .filter(slot::Column::StartsAt.eq(at))
        .filter(slot::Column::StaffLabel.eq(&visit.staff_label))
        .limit(1)
        .one(&tx.db)
        .await?;
    match held.filter(|slot| !slot.staff_label.is_empty() && slot.location_id == visit.location_id) {
        Some(_) => {
            let words = format!(
                "The time on {} is offered to somebody else at the moment.",
                when::dated(at, zone)
            );
            Err(problem(Code::Conflict, words))
        }
        None => Ok(()),
    }
}

async fn hold(
    tx: &mut Tx,
    actor: &Actor,
    visit: &appointment::Model,
    (id, starts, minutes): (Uuid, &[DateTime<Utc>], i32),
) -> Result<Vec<slot::Model>> {
    let mut all = Vec::with_capacity(starts.len());
    for at in starts {
        let new = New {
            business_id: visit.business_id,
            purpose: PURPOSE,
            starts_at: *at,
            minutes,
            type_id: visit.type_id,
            location_id: visit.location_id,
            staff_label: visit.staff_label.clone(),
            plan: Plan {
                mode: Mode::OneByOne,
                hold_minutes: HOLD,
                group_size: 1,
            },
            lead: Duration::zero(),
            source: PURPOSE,
            from_id: Some(visit.id),
            chain_id: None,
            key: format!("times:{id}:{}", at.timestamp()),
        };
        let Some(slot) = slots::open(tx, &actor.who, new).await? else {
            return Err(Error::broken("a time that is held already"));
        };
        let until = offering::deadline(&slot, tx.now);
        let mut row = slot.into_active_model();
        row.status = Set(SlotStatus::Offering.as_str().to_owned());
        row.next_at = Set(Some(until));
        all.push(row.update(&tx.db).await?);
    }
    Ok(all)
}

fn intent(id: Uuid) -> String {
    format!("times:{id}")
}

/// Times of one message, and for which visit.
struct Asked<'a> {
    business: &'a business::Model,
    visit: &'a appointment::Model,
    zone: Zone,
    starts: &'a [DateTime<Utc>],
    id: Uuid,
    /// The offer of the first of them, by which their page is known.
    first: Uuid,
    until: DateTime<Utc>,
    author: Option<String>,
}

/// Asks by one way. Until when the times are held stays as it is.
async fn ask_by(tx: &mut Tx, contact: &contact::Model, of: Asked<'_>, going: Going) -> Result<message::Model> {
    let language = contacts::language::of(of.business, contact);
    let saying = Saying {
        kind: Kind::OfferTimes,
        about: words::about(of.business, contact, of.visit),
        known: words::known(of.business, (contact, of.visit), of.zone, of.starts, of.until),
        page: Some(Page {
            words: letters::times_button(language),
            url: link::offer_url(tx.services(), of.first).await?,
            in_texts: false,
        }),
        origin: Origin::Offer,
        origin_id: of.id,
        intent: intent(of.id),
        author: of.author,
        appointment_id: Some(of.visit.id),
        useful_until: Some(tx.now + (of.until - tx.now) / 2),
        time_zone: of.visit.time_zone.clone(),
        location_id: of.visit.location_id,
        tried: None,
    };
    let text = saying::say(tx, contact, saying, going).await?;
    let question = questions::New {
        business_id: of.visit.business_id,
        contact_id: contact.id,
        origin: Origin::Offer,
        origin_id: of.id,
        subject_id: of.visit.id,
        token: of.visit.token,
        at: of.starts.first().copied().unwrap_or(of.visit.starts_at),
        time_zone: Some(of.zone.name()),
        name: of.visit.for_name.as_deref(),
        message_id: text.id,
        expires_at: of.until,
    };
    questions::ask(tx, question).await?;
    Ok(text)
}

/// The message of these times is known to have failed: they go another way, if one is left before half of their time is over. The caller
/// holds the locks of the person and the slots.
pub(in crate::waitlist) async fn again(
    tx: &mut Tx,
    contact: &contact::Model,
    failed: &message::Model,
    all: &[(offer::Model, slot::Model)],
) -> Result<bool> {
    let Some((first, slot)) = all.first() else { return Ok(false) };
    let (Some(id), Some(visit)) = (first.times_id, slot.from_id) else {
        return Ok(false);
    };
    let visit = appointments::find(&tx.db, failed.business_id, visit).await?;
    if may_move(&visit).is_err() {
        return Ok(false);
    }
    let Some(way) = ways::instead(tx, contact, failed, visit.location_id).await? else {
        return Ok(false);
    };
    let business = businesses::of(tx, failed.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, visit.location_id).await?;
    let starts: Vec<DateTime<Utc>> = all.iter().map(|(_, slot)| slot.starts_at).collect();
    let channel = way.channel;
    let asked = Asked {
        business: &business,
        visit: &visit,
        zone,
        starts: &starts,
        id,
        first: first.id,
        until: first.expires_at.unwrap_or(tx.now),
        author: failed.author.clone(),
    };
    let text = ask_by(tx, contact, asked, (way, Some(failed.id))).await?;
    offer::Entity::update_many()
        .col_expr(offer::Column::MessageId, Expr::value(text.id))
        .col_expr(offer::Column::Channel, Expr::value(channel.as_str()))
        .filter(offer::Column::BusinessId.eq(failed.business_id))
        .filter(offer::Column::TimesId.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(true)
}

async fn insert(tx: &Tx, slot: &slot::Model, offer: Uuid, (id, choice): (Uuid, i32), text: &message::Model) -> Result<()> {
    let row = offer::ActiveModel {
        id: Set(offer),
        business_id: Set(slot.business_id),
        slot_id: Set(slot.id),
        entry_id: Set(None),
        contact_id: Set(text.contact_id),
        times_id: Set(Some(id)),
        choice: Set(Some(choice)),
        status: Set(OfferStatus::Waiting.as_str().to_owned()),
        channel: Set(text.channel.clone()),
        reason: Set("a time for their visit".to_owned()),
        message_id: Set(Some(text.id)),
        expires_at: Set(Some(offering::deadline(slot, tx.now))),
        sent_at: Set(None),
        answered_at: Set(None),
        owes: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}
