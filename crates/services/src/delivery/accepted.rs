//! What the provider took: by the answer to our call, or found in its log.

use contract::live::LiveEvent;
use domain::{outcome::Accepted, phone::mask};
use entity::{
    contacts::contact,
    messages::{message, message_attempt},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{state, status};
use crate::{
    contacts::consent,
    conversations,
    kernel::{Result, Tx},
    messages::{locked, shown},
};

/// The provider has these messages: their SIDs are ours now, and callbacks that came too early are heard. `people` are theirs, locked.
pub(crate) async fn all_accepted<'a>(
    tx: &mut Tx,
    taken: Vec<(message::Model, &Accepted)>,
    people: impl IntoIterator<Item = &'a contact::Model>,
) -> Result<()> {
    message_attempt::Entity::update_many()
        .col_expr(message_attempt::Column::FinishedAt, Expr::value(tx.now))
        .col_expr(message_attempt::Column::Outcome, Expr::value("accepted"))
        .col_expr(message_attempt::Column::HttpStatus, Expr::value(201))
        .filter(message_attempt::Column::MessageId.is_in(taken.iter().map(|(m, _)| m.id)))
        .filter(message_attempt::Column::FinishedAt.is_null())
        .exec(&tx.db)
        .await?;
    let mut ended = Vec::new();
    for (m, answer) in &taken {
        metrics::counter!("showup_messages_total", "step" => "accepted").increment(1);
        tracing::info!(message = %m.id, step = "accepted", to = %mask(&m.theirs), attempt = m.attempts, "text");
        state::known(tx, m, "the network").await?;
        if answer.status.is_some_and(state::is_last_word) {
            ended.push((m.business_id, m.id, *answer));
        }
    }
    let rows = state::accept(tx, taken).await?;
    for row in &rows {
        tx.publish(row.business_id, LiveEvent::Message(shown(row.clone())));
    }
    let threads = conversations::update_previews(tx, &rows).await?;
    let ids: Vec<Uuid> = rows.iter().map(|m| m.contact_id).collect();
    let states = consent::states_of(&tx.db, &ids).await?;
    conversations::show_all(tx, threads, people, &states).await?;
    status::apply_early_statuses(tx, &rows).await?;
    for (business_id, id, answer) in ended {
        // What became of it follows the same way as by a callback: words, task, consent, another try. Read anew: early callbacks may
        // have said so already.
        if let Some((_, row)) = locked(tx, business_id, id).await? {
            Box::pin(status::apply_accepted(tx, row, answer)).await?;
        }
    }
    Ok(())
}

/// One message that was found at the provider after all.
pub(crate) async fn accepted(tx: &mut Tx, m: message::Model, answer: &Accepted) -> Result<()> {
    all_accepted(tx, vec![(m, answer)], []).await
}
