//! A person on hold: why, and what staff decide.

use contract::{
    Code,
    contacts::{ContactView, DecideHold, Hold},
};
use domain::consent::{Channel, Source, State};
use entity::{messages::message, tasks::task};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Kind;
use crate::{
    contacts::{self, consent, hold},
    kernel::{Actor, Event, Permission, Result, Services, error::problem},
};

/// Why a contact is on hold, if they are.
pub(crate) async fn of(db: &impl ConnectionTrait, business_id: Uuid, contact: &ContactView) -> Result<Option<Hold>> {
    let Some(since) = contact.held_since else {
        return Ok(None);
    };
    let said = decisive(db, business_id, contact.id).await?.map(|text| text.body);
    Ok(Some(Hold { since, said }))
}

/// The text that put a contact on hold.
async fn decisive(db: &impl ConnectionTrait, business_id: Uuid, contact_id: Uuid) -> Result<Option<message::Model>> {
    let task = task::Entity::in_business(business_id)
        .filter(task::Column::ContactId.eq(contact_id))
        .filter(task::Column::Kind.eq(Kind::OptOut.as_str()))
        .order_by_desc(task::Column::CreatedAt)
        .limit(1)
        .one(db)
        .await?;
    let Some(id) = task.and_then(|task| task.message_id) else {
        return Ok(None);
    };
    let text = message::Entity::in_business(business_id).filter(message::Column::Id.eq(id));
    Ok(text.one(db).await?)
}

/// Staff decide about a person on hold: opted out, or texts go on.
///
/// # Errors
/// `Conflict` when there is nothing to decide; `NotFound`, `NotAllowed`.
pub async fn decide(s: &Services, actor: &Actor, cmd: DecideHold) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = contacts::locked(&tx, actor.business_id, cmd.contact_id).await?;
    if row.held_since.is_none() {
        return Err(problem(
            Code::Conflict,
            "There is nothing to decide any more; somebody was faster.",
        ));
    }
    if cmd.opt_out {
        let text = decisive(&tx.db, actor.business_id, row.id).await?;
        let evidence = text.map_or_else(
            || "Asked for no more texts in their own words; decided by staff".to_owned(),
            |text| {
                let words: String = text.body.chars().take(200).collect();
                let sid = text.provider_sid.unwrap_or_default();
                format!("Text \"{words}\" ({sid}), read by staff as a wish for no more texts")
            },
        );
        let change = consent::Change {
            contact: &row,
            channel: Channel::Sms,
            state: State::OptedOut,
            source: Source::Staff,
            by: &actor.who,
            evidence: &evidence,
            at: tx.now,
        };
        consent::record(&mut tx, change).await?;
    } else {
        hold::end(&mut tx, &row, &actor.who).await?;
    }
    let after = if cmd.opt_out { "opted out" } else { "texts go on" };
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::HoldDecided(row.id),
        Some("on hold"),
        Some(after),
    );
    contacts::finish(tx, actor.business_id, row.id).await
}
