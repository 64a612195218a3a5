//! What becomes of requests when something happens: to their visit, to what their customer wants, to their message.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use contract::reviews::Status;
use domain::{origin::Origin, reviews as rules};
use entity::{contacts::contact, messages::message, reviews::review_request};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::{
    asking, guard, planning,
    rules::of,
    state::{self, BY, NO_PLATFORM, NOT_KEPT, skip},
};
use crate::{
    appointments,
    businesses::{self, locations},
    contacts,
    kernel::{
        Event, Result, Tx,
        counters::{Counter, Reviews},
        events::{Failed, Recorded},
        tx::Changed,
    },
    messages,
    outbox::{self, ways},
    review_platforms,
    templates::About,
};

/// Requests of one person that are looked at.
const MOST_OF_ONE: u64 = 50;

/// Visits that were kept, or are not any more.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (Event::AppointmentEnded(visit) | Event::AppointmentReopened(visit) | Event::AppointmentRestored(visit)) = &one.event
        else {
            continue;
        };
        if appointments::status(visit)? == contract::appointments::Status::Completed {
            planning::after(tx, &one.by, visit).await?;
        } else if let Some(row) = state::of_visit(&tx.db, visit.business_id, visit.id).await?
            && row.source == "visit"
        {
            take_back(tx, row, NOT_KEPT).await?;
        }
    }
    Ok(())
}

/// Who wants no more of these is not asked, and the list says so at once.
pub(crate) async fn contacts_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let id = match &one.event {
            Event::ContactOptedOut(contact, _) | Event::ContactBlocked(contact) => contact.id,
            Event::OffersDecided(id) => *id,
            _ => continue,
        };
        let planned = review_request::Entity::narrowed(one.business_id)
            .filter(review_request::Column::ContactId.eq(id))
            .filter(review_request::Column::Status.eq(Status::Planned.as_str()))
            .limit(MOST_OF_ONE)
            .all(&tx.db)
            .await?;
        if planned.is_empty() {
            continue;
        }
        let contact = contacts::locked(tx, one.business_id, id).await?;
        for row in planned {
            if let Some(why) = objection(tx, &contact, &row).await? {
                skip(tx, row, &why).await?;
            }
        }
    }
    Ok(())
}

/// Why nothing can be asked of them by any way, if so.
async fn objection(tx: &mut Tx, contact: &contact::Model, row: &review_request::Model) -> Result<Option<String>> {
    if contact.blocked {
        return Ok(Some(contacts::BLOCKED.to_owned()));
    }
    let Some(platform) = review_platforms::find(&tx.db, row.business_id, row.platform_id).await? else {
        return Ok(Some(NO_PLATFORM.to_owned()));
    };
    Ok(asking::way(tx, contact, row, &platform).await?.err())
}

/// What became of their messages.
pub(crate) async fn messages_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (Event::MessageSent(m)
        | Event::MessageDelivered(m)
        | Event::MessageArrived(m)
        | Event::MessageFailed(m, _)
        | Event::MessageWithdrawn(m)) = &one.event
        else {
            continue;
        };
        if !messages::is_of(m, Origin::Review) {
            continue;
        }
        let Some(row) = of_message(tx, m).await? else { continue };
        match &one.event {
            Event::MessageFailed(_, how) => failed(tx, m, row, how).await?,
            Event::MessageWithdrawn(_) => withdrawn(tx, m, row).await?,
            _ => sent(tx, row).await?,
        }
    }
    Ok(())
}

/// The request whose message this is, as long as no other one has taken its place.
async fn of_message(tx: &Tx, m: &message::Model) -> Result<Option<review_request::Model>> {
    let Some(id) = m.origin_id else { return Ok(None) };
    let row = review_request::Entity::these(m.business_id, [id]).one(&tx.db).await?;
    Ok(row.filter(|row| row.message_id == Some(m.id)))
}

/// It has left; what a network says of it later is no second time.
async fn sent(tx: &mut Tx, row: review_request::Model) -> Result<()> {
    let before = [Status::Queued, Status::Failed].map(Status::as_str);
    if !before.contains(&row.status.as_str()) {
        return Ok(());
    }
    let (now, counts) = (tx.now, row.counted_at.is_none());
    let mut row = row.into_active_model();
    row.status = Set(Status::Sent.as_str().to_owned());
    row.reason = Set(None);
    row.asked_at = Set(Some(now));
    row.expires_at = Set(Some(now + rules::OPENS_FOR));
    row.updated_at = Set(now);
    if counts {
        row.counted_at = Set(Some(now));
    }
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    if counts {
        tx.count(row.business_id, Counter::Review(Reviews::Asked));
        tx.record(row.business_id, &BY, Event::ReviewAsked(Arc::new(row.clone())));
    }
    Ok(())
}

/// The same goes another way, if one is left.
async fn failed(tx: &mut Tx, m: &message::Model, row: review_request::Model, how: &Failed) -> Result<()> {
    if guard::still_wanted(&tx.db, &[m]).await?.is_empty() {
        let contact = contacts::locked(tx, m.business_id, m.contact_id).await?;
        let platform = review_platforms::find(&tx.db, row.business_id, row.platform_id).await?;
        let has_link = match &platform {
            Some(platform) => review_platforms::link(&tx.services().clone(), platform).await?.is_some(),
            None => false,
        };
        if has_link && let (Some(platform), Some(way)) = (platform, ways::instead(tx, &contact, m, row.location_id).await?) {
            let business = businesses::of(tx, m.business_id).await?;
            let visit = match row.appointment_id {
                Some(id) => Some(appointments::find(&tx.db, row.business_id, id).await?),
                None => None,
            };
            let about = About {
                visit: visit.as_ref(),
                ..About::to(&business, &contact)
            };
            let until = m.useful_until.unwrap_or(tx.now + Duration::hours(1));
            return asking::send(tx, row, about, (&platform, way, Some(m.id)), until).await;
        }
    }
    if how.retrying {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.status = Set(Status::Failed.as_str().to_owned());
    row.reason = Set(Some(how.why.clone()));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    Ok(())
}

/// Its message was taken back before it left: who may still be asked is asked in the next hours for that, unless it took too long.
async fn withdrawn(tx: &mut Tx, m: &message::Model, row: review_request::Model) -> Result<()> {
    if row.status != Status::Queued.as_str() {
        return Ok(());
    }
    // It was to go in the place of one that has arrived after all: that asks.
    if let Some(first) = ways::arrived_before(&tx.db, m).await? {
        let mut row = row.into_active_model();
        row.message_id = Set(Some(first.id));
        row.channel = Set(Some(first.channel));
        let row = row.update(&tx.db).await?;
        return sent(tx, row).await;
    }
    let why = m.error.clone().unwrap_or_default();
    let contact = contacts::locked(tx, m.business_id, m.contact_id).await?;
    let wanted = guard::still_wanted(&tx.db, &[m]).await?.is_empty() && !contact.sample;
    let may = wanted && objection(tx, &contact, &row).await?.is_none();
    let tomorrow = next_hours(tx, &contact, &row).await?;
    if !may || tomorrow > row.due_at + rules::WAITS_AT_MOST {
        return skip(tx, row, &why).await;
    }
    let mut row = row.into_active_model();
    row.status = Set(Status::Planned.as_str().to_owned());
    row.reason = Set(Some(why));
    row.next_at = Set(Some(tomorrow));
    row.asked_at = Set(None);
    row.expires_at = Set(None);
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    Ok(())
}

/// When the hours for asking begin next.
async fn next_hours(tx: &mut Tx, contact: &contact::Model, row: &review_request::Model) -> Result<DateTime<Utc>> {
    let rules = of(&tx.db, row.business_id).await?;
    let business = businesses::of(tx, row.business_id).await?;
    let place = locations::zone_of(&tx.db, &business, row.location_id).await?;
    let zone = contacts::own_zone(contact).unwrap_or(place);
    Ok(rules.open_from(rules.open_until(tx.now, zone), zone))
}

/// A request whose cause is gone: what waits to be sent is taken back, too.
async fn take_back(tx: &mut Tx, row: review_request::Model, why: &str) -> Result<()> {
    if row.status == Status::Planned.as_str() {
        return skip(tx, row, why).await;
    }
    match row.message_id.filter(|_| row.status == Status::Queued.as_str()) {
        Some(message) => outbox::cancel(tx, row.business_id, message, why).await,
        None => Ok(()),
    }
}
