//! What texts cost by Twilio's own word.

use entity::messages::message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    kernel::{Result, Tx, tx::Changed},
    spend,
};

/// Twilio's own price of a message replaces our estimate, in the message and in the month's sum.
pub(super) async fn settle(tx: &mut Tx, m: &message::Model, price: Option<&(i64, String)>) -> Result<()> {
    let Some((cost, unit)) = price else {
        return Ok(());
    };
    let cost = *cost;
    if m.price_final && m.price == Some(cost) {
        return Ok(());
    }
    message::Entity::update_many()
        .col_expr(message::Column::Price, Expr::value(cost))
        .col_expr(message::Column::PriceUnit, Expr::value(unit.clone()))
        .col_expr(message::Column::PriceFinal, Expr::value(true))
        .filter(message::Column::Id.eq(m.id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(m.business_id, Changed::Message(m.id));
    // An account billed in another currency keeps the estimate in its sums: we know no exchange rates.
    if unit == spend::UNIT {
        let before = if m.price_unit.as_deref() == Some(spend::UNIT) {
            m.price.unwrap_or(0)
        } else {
            0
        };
        spend::add(tx, m.business_id, m.sent_at.unwrap_or(m.created_at), cost - before).await?;
    }
    Ok(())
}
