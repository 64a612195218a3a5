//! On hold: somebody seems to have asked for no more texts, in words of their own. Nothing goes out to them until staff have read it
//! and decided; the law counts any wording a reasonable person understands (47 CFR 64.1200(a)(10)).

use contract::contacts::{ContactView, DecideHold, Hold};
use domain::consent::{Source, State};
use entity::{contacts::contact, messages::message, tasks::task};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{consent, finish, locked, tell};
use crate::{Actor, Permission, Result, Services, Tx, audit, error::problem, messages, tasks};

/// Why nothing goes out to them; for bubbles, banners and the API.
pub(crate) const REASON: &str = "This person seems to have asked for no more texts. Staff must decide first.";

/// Puts the sender of `inbound` on hold and asks a person to decide.
pub(crate) async fn begin(tx: &mut Tx, who: &contact::Model, inbound: &message::Model) -> Result<()> {
    set(tx, who, Some(tx.now)).await?;
    let task = tasks::New {
        business_id: who.business_id,
        kind: tasks::Kind::OptOut,
        title: "Did they ask for no more texts? Nothing goes out to them until you decide.".to_owned(),
        key: format!("hold:{}", inbound.id),
        contact_id: Some(who.id),
        conversation_id: Some(inbound.conversation_id),
        appointment_id: None,
        message_id: Some(inbound.id),
    };
    tasks::raise(tx, task).await
}

/// A STOP was acknowledged that we can't act on yet: nothing goes out until we can. By number and without reading anything, because
/// reading may be what fails.
pub(crate) async fn meanwhile(tx: &mut Tx, business_id: Uuid, phone: &str) -> Result<()> {
    contact::Entity::update_many()
        .col_expr(contact::Column::HeldSince, Expr::value(tx.now))
        .filter(contact::Column::BusinessId.eq(business_id))
        .filter(contact::Column::PhoneKey.is_in(tx.services().vault().indexes(super::PHONE, phone)))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn set(tx: &mut Tx, who: &contact::Model, since: Option<chrono::DateTime<chrono::Utc>>) -> Result<()> {
    contact::Entity::update_many()
        .col_expr(contact::Column::HeldSince, Expr::value(since))
        .col_expr(contact::Column::UpdatedAt, Expr::value(tx.now))
        .filter(contact::Column::Id.eq(who.id))
        .exec(&tx.db)
        .await?;
    tell(tx, who.business_id, who.id).await
}

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
        .filter(task::Column::Kind.eq(tasks::Kind::OptOut.as_str()))
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

/// The question is settled: by staff, or by the customer's own STOP or START. What waited may go, if it still may.
pub(crate) async fn end(tx: &mut Tx, who: &contact::Model, by: &str) -> Result<()> {
    if who.held_since.is_none() {
        return Ok(());
    }
    set(tx, who, None).await?;
    // The ledger names an actor with their id behind it; a task, like a bubble, without.
    let name = by.rsplit_once(" (").map_or(by, |(name, _)| name);
    tasks::settle_of_contact(tx, who.business_id, who.id, tasks::Kind::OptOut, name).await?;
    messages::look_again(tx, who.business_id, Some(who.id)).await
}

/// Staff decide about a person on hold: opted out, or texts go on.
///
/// # Errors
/// `Conflict` when there is nothing to decide; `NotFound`, `NotAllowed`.
pub async fn decide(s: &Services, actor: &Actor, cmd: DecideHold) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, cmd.contact_id).await?;
    if row.held_since.is_none() {
        return Err(problem(
            contract::Code::Conflict,
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
            state: State::OptedOut,
            source: Source::Staff,
            actor: &actor.label(),
            evidence: &evidence,
            at: tx.now,
        };
        consent::record(&mut tx, change).await?;
    } else {
        end(&mut tx, &row, &actor.label()).await?;
    }
    let change = audit::Change {
        business_id: actor.business_id,
        actor: &actor.label(),
        action: "contact.hold_decided",
        entity: "contact",
        entity_id: row.id,
        before: Some("on hold"),
        after: Some(if cmd.opt_out { "opted out" } else { "texts go on" }),
    };
    audit::record(&tx, change).await?;
    finish(tx, actor.business_id, cmd.contact_id).await
}
