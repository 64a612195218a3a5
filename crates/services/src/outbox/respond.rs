//! Automatic answers to what a customer has just texted.

use chrono::{DateTime, Duration, Utc};
use domain::{
    consent::{Channel, State},
    origin::Origin,
    phone::Address,
    whatsapp::known_by,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    enqueue::{New, enqueue},
    sender::{sender, whatsapp},
};
use crate::{
    businesses, channels,
    contacts::consent,
    kernel::{Result, Tx},
    messages::THEIRS,
    tasks,
};

/// Most automatic answers to one person within [`ANSWERS_WITHIN`], of whatever kind. Twilio confirms a STOP by itself, so no answer that
/// the law asks for is among them but the first to a HELP.
const MOST_ANSWERS: u64 = 3;
const ANSWERS_WITHIN: Duration = Duration::hours(1);

/// The latest automatic answers to one person, up to as many as they get. The origin is a literal, so that SQLite uses the index over them.
pub(crate) fn answers_since(business_id: Uuid, contact_id: Uuid, since: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::in_business(business_id)
        .filter(Expr::cust("\"origin\" = 'automatic'"))
        .filter(message::Column::ContactId.eq(contact_id))
        .filter(message::Column::CreatedAt.gt(since))
        .limit(MOST_ANSWERS)
}

/// A phone that goes on asking (a machine, perhaps, that answers our answers) gets no more of them; a person looks, once.
async fn enough(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    let task = tasks::New {
        title: format!(
            "This number was answered automatically {MOST_ANSWERS} times within an hour and goes on. It gets no more such answers for now: \
             please read, and call if somebody needs you."
        ),
        key: format!("answers:{}", contact.id),
        ..tasks::clarify(inbound, String::new())
    };
    tasks::raise_unless_done_since(tx, task, tx.now - ANSWERS_WITHIN).await
}

/// Answers a customer's text by itself (HELP, a correction). Where that may not be or can't be, a person is asked to.
pub(crate) async fn respond(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    what: &str,
    body: String,
) -> Result<()> {
    let services = tx.services().clone();
    // Who asked is answered, also at a further number.
    let theirs = services.vault().open(THEIRS, &inbound.theirs).await?;
    let asker = contact::Model {
        phone: known_by(&theirs).to_owned(),
        ..contact.clone()
    };
    let channel = channels::of(inbound).unwrap_or_default();
    let business = businesses::of(tx, contact.business_id).await?;
    let reachable = match channel {
        Channel::WhatsApp => whatsapp(&services, &tx.db, contact).await?.is_some(),
        Channel::Sms | Channel::Email => {
            Address::of(&contact.phone).objection().is_none()
                && businesses::sending::not_texted(&business, &asker.phone).is_none()
                && sender(&services, &tx.db, contact.business_id, Some(contact.id), None)
                    .await?
                    .is_some()
        }
    };
    let allowed = !contact.blocked
        && contact.held_since.is_none()
        && consent::state_on(&tx.db, contact.id, channel).await? != State::OptedOut;
    if !(allowed && reachable) {
        let title = "A customer wrote and could not be answered automatically. Please read and call.".to_owned();
        return tasks::ask_to_read(tx, inbound, title).await;
    }
    let answered = answers_since(contact.business_id, contact.id, tx.now - ANSWERS_WITHIN);
    let answered: Vec<Uuid> = answered
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if answered.len() as u64 >= MOST_ANSWERS {
        return enough(tx, contact, inbound).await;
    }
    let new = New {
        origin: Origin::Automatic,
        origin_id: None,
        channel,
        subject: None,
        body,
        correlation_id: Some(format!("{what}:{}", inbound.id)),
        author: None,
        appointment_id: None,
        useful_until: None,
        delay: None,
        time_zone: None,
        location_id: None,
    };
    enqueue(tx, if channel == Channel::Sms { &asker } else { contact }, new).await?;
    Ok(())
}

/// Tells who has opted out that they have, where nobody else does: once, to the address that they said it from. Where that can't be, the
/// thread shows all the same that they get nothing more.
pub(crate) async fn say_goodbye(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model, body: String) -> Result<()> {
    let services = tx.services().clone();
    if contact.blocked || contact.sample || whatsapp(&services, &tx.db, contact).await?.is_none() {
        return Ok(());
    }
    let new = New {
        origin: Origin::OptedOut,
        origin_id: None,
        channel: channels::of(inbound).unwrap_or_default(),
        subject: None,
        body,
        correlation_id: Some(format!("opted_out:{}", inbound.id)),
        author: None,
        appointment_id: None,
        useful_until: None,
        delay: None,
        time_zone: None,
        location_id: None,
    };
    enqueue(tx, contact, new).await?;
    Ok(())
}
