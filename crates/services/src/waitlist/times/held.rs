//! Times that are held for one person, and how that ends.

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{OfferStatus, SlotStatus};
use domain::zone::Zone;
use entity::{
    appointments::appointment,
    questions::question,
    waitlist::{offer, slot},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use crate::{
    appointments::filling::Place,
    contacts, conversations,
    kernel::{Principal, Result, Services, Tx},
    outbox, questions, tasks,
    waitlist::{
        offering::{self, become_},
        slots, telling,
    },
};

/// How long they are held, in minutes.
pub(super) const HOLD: i32 = 30;
/// So many are offered at once.
pub(super) const FEW: std::ops::RangeInclusive<usize> = 2..=3;
pub(super) const PURPOSE: &str = "times";
pub(super) const BY: Principal = Principal::System("the waitlist");

pub(super) fn place(visit: &appointment::Model, zone: Zone, at: DateTime<Utc>, minutes: i32) -> Place {
    Place {
        starts_at: at,
        ends_at: at + Duration::minutes(minutes.into()),
        zone,
        location_id: visit.location_id,
        staff_label: visit.staff_label.clone(),
        type_id: visit.type_id,
    }
}

/// Times that were offered for this visit and not answered are free again.
pub(super) async fn give_back(tx: &mut Tx, by: &Principal, visit: &appointment::Model) -> Result<()> {
    let rows = slot::Entity::find()
        .filter(slot::Column::FromId.eq(visit.id))
        .filter(slot::Column::Purpose.eq(PURPOSE))
        .filter(slot::Column::Status.is_in([SlotStatus::Open, SlotStatus::Offering].map(SlotStatus::as_str)))
        .order_by_asc(slot::Column::Id)
        .limit(20)
        .all(&tx.db)
        .await?;
    for slot in slots::locked_all(tx, visit.business_id, rows.iter().map(|slot| slot.id)).await? {
        for offer in offering::open_of(&tx.db, &slot).await? {
            end_offer(tx, offer, OfferStatus::Withdrawn).await?;
        }
        slots::end(tx, by, slot, SlotStatus::Closed).await?;
    }
    Ok(())
}

/// The offer of one of the times is over, and with it, as they end together, what asked about them.
pub(super) async fn end_offer(tx: &mut Tx, offer: offer::Model, becomes: OfferStatus) -> Result<()> {
    let (business_id, asked, text) = (offer.business_id, offer.times_id, offer.message_id);
    become_(tx, offer, becomes, |_| {}).await?;
    if let Some(asked) = asked {
        questions::set_expiry(tx, business_id, &[asked], tx.now).await?;
    }
    match text {
        Some(text) => outbox::cancel(tx, business_id, text, "These times are not offered any more.").await,
        None => Ok(()),
    }
}

/// The times of one text, by their numbers.
pub(super) async fn of(tx: &Tx, question: &question::Model) -> Result<Vec<offer::Model>> {
    let rows = offer::Entity::find()
        .filter(offer::Column::BusinessId.eq(question.business_id))
        .filter(offer::Column::TimesId.eq(question.origin_id))
        .order_by_asc(offer::Column::Choice)
        .limit(3);
    Ok(rows.all(&tx.db).await?)
}

pub(super) fn key(times_id: Uuid) -> String {
    format!("times:{times_id}")
}

/// One of the times is held no longer, or its text never left: it is free again, and somebody looks after the customer.
pub(in crate::waitlist) async fn go_on(s: &Services, slot: &slot::Model) -> Result<()> {
    let offers = offering::open_of(s.read(), slot).await?;
    let all = offer::Entity::narrowed(slot.business_id).filter(offer::Column::SlotId.eq(slot.id));
    let Some(one) = all.limit(1).one(s.read()).await? else {
        return Ok(());
    };
    let mut tx = s.begin().await?;
    contacts::locked(&tx, slot.business_id, one.contact_id).await?;
    let row = slots::locked(&tx, slot.business_id, slot.id).await?;
    if !slots::status(&row).is_free() {
        return Ok(());
    }
    let ended = |offer: &offer::Model| offer.expires_at.is_some_and(|until| until <= s.now());
    if let Some(next) = offers
        .iter()
        .filter(|offer| !ended(offer))
        .filter_map(|offer| offer.expires_at)
        .max()
    {
        let next = if telling::is_owed(&tx, &row).await? { tx.now } else { next };
        let mut row = row.into_active_model();
        row.next_at = Set(Some(next));
        row.update(&tx.db).await?;
        return tx.commit().await;
    }
    for offer in offering::open_of(&tx.db, &row).await? {
        let becomes = if offer.sent_at.is_some() {
            OfferStatus::Expired
        } else {
            OfferStatus::Withdrawn
        };
        end_offer(&mut tx, offer, becomes).await?;
    }
    if let (Some(times), Some(visit)) = (one.times_id, row.from_id) {
        let conversation = conversations::of_contact(&tx.db, slot.business_id, one.contact_id).await?;
        let task = tasks::New {
            business_id: slot.business_id,
            kind: tasks::Kind::Reschedule,
            title: "Find another time: they have not chosen one of those that were offered.".to_owned(),
            key: key(times),
            contact_id: Some(one.contact_id),
            conversation_id: conversation.map(|thread| thread.id),
            appointment_id: Some(visit),
            message_id: None,
        };
        tasks::raise(&mut tx, task).await?;
    }
    slots::end(&mut tx, &BY, row, SlotStatus::Expired).await?;
    tx.commit().await
}
