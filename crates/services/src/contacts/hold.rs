//! On hold: somebody seems to have asked for no more texts, in words of their own. Nothing goes out to them until staff have read it
//! and decided; the law counts any wording a reasonable person understands (47 CFR 64.1200(a)(10)).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::Expr};
use uuid::Uuid;

use crate::kernel::{Event, Principal, Result, Tx, tx::Changed};

/// Why nothing goes out to them; for bubbles, banners and the API.
pub(crate) const REASON: &str = "This person seems to have asked for no more texts. Staff must decide first.";

/// Puts the sender of `inbound` on hold and asks a person to decide.
pub(crate) async fn begin(tx: &mut Tx, who: &contact::Model, inbound: &message::Model) -> Result<()> {
    set(tx, who, Some(tx.now)).await?;
    tx.record(
        who.business_id,
        &Principal::Customer,
        Event::HoldBegan(Arc::new(inbound.clone())),
    );
    Ok(())
}

/// A STOP was acknowledged that we can't act on yet: nothing goes out until we can. By number and without reading anything, because
/// reading may be what fails. Of a further number it is for whoever has it now.
pub(crate) async fn meanwhile(tx: &mut Tx, business_id: Uuid, phone: &str) -> Result<()> {
    let holders = || super::with_keys(business_id, tx.services().vault().indexes(super::PHONE, phone));
    let now_theirs = contact::Entity::find()
        .filter(holders())
        .filter(contact::Column::MergedInto.is_not_null())
        .select_only()
        .column(contact::Column::MergedInto)
        .into_query();
    for whose in [holders(), Condition::all().add(contact::Column::Id.in_subquery(now_theirs))] {
        contact::Entity::update_many()
            .col_expr(contact::Column::HeldSince, Expr::value(tx.now))
            .filter(whose)
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

async fn set(tx: &mut Tx, who: &contact::Model, since: Option<DateTime<Utc>>) -> Result<()> {
    contact::Entity::update_many()
        .col_expr(contact::Column::HeldSince, Expr::value(since))
        .col_expr(contact::Column::UpdatedAt, Expr::value(tx.now))
        .filter(contact::Column::Id.eq(who.id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(who.business_id, Changed::Contact(who.id));
    Ok(())
}

/// The question is settled: by staff, or by the customer's own STOP or START. What waited may go, if it still may.
pub(crate) async fn end(tx: &mut Tx, who: &contact::Model, by: &Principal) -> Result<()> {
    if who.held_since.is_none() {
        return Ok(());
    }
    set(tx, who, None).await?;
    tx.record(who.business_id, by, Event::HoldEnded(Arc::new(who.clone())));
    Ok(())
}
