//! What becomes of a message of ours. `state` is the only room that writes a message's state, by `domain::delivery::next`; the others
//! bring it news: `status` what the provider says later, `accepted` what it took, `unknown` what nobody knows, `retry` another try, `otherwise` one by another wording.

pub(crate) mod accepted;
pub(crate) mod delay;
pub(crate) mod otherwise;
pub(crate) mod retry;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod unknown;

use chrono::{DateTime, Utc};
use domain::{delivery::Status, outcome::Class, phone::Address};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use crate::{
    channels, conversations,
    kernel::{Result, Services, Tx},
    messages::THEIRS,
};

pub(crate) use status::StatusBatch;
pub use status::{About, status_changed};
pub use unknown::settle;

/// Why texts can't reach this contact at all: they have no number, or the last text showed it and nothing has come from there since (a
/// landline, say).
pub(crate) async fn unreachable(tx: &Tx, contact: &contact::Model) -> Result<Option<String>> {
    if let Some(why) = Address::of(&contact.phone).objection() {
        return Ok(Some(why.to_owned()));
    }
    let thread = conversations::of_contact(&tx.db, contact.business_id, contact.id).await?;
    let Some(last) = thread.and_then(|thread| thread.last_message_id) else {
        return Ok(None);
    };
    let last = message::Entity::in_business(contact.business_id).filter(message::Column::Id.eq(last));
    let Some(last) = last.one(&tx.db).await? else {
        return Ok(None);
    };
    let same = tx.services().vault().indexes(THEIRS, &contact.phone);
    let same_number = last.theirs_key.as_ref().is_some_and(|key| same.contains(key));
    let Some(code) = last.error_code.filter(|_| same_number) else {
        return Ok(None);
    };
    let why = channels::failure(&last, Some(code), "");
    let bad = why.class == Class::BadAddress;
    Ok(bad.then(|| format!("The last text could not reach this number: {}", why.words)))
}

/// Does one thing to each of these messages, by business and id; how many they are. One that can't be done must not keep the others waiting; where nothing works, it ends.
pub(crate) async fn one_by_one<W: Future<Output = Result<()>>>(
    s: &Services,
    which: Select<message::Entity>,
    work: impl Fn(Uuid, Uuid) -> W,
) -> Result<usize> {
    let rows: Vec<(Uuid, Uuid)> = which
        .select_only()
        .columns([message::Column::BusinessId, message::Column::Id])
        .into_tuple()
        .all(s.read())
        .await?;
    let (found, mut failed) = (rows.len(), 0);
    for (business_id, id) in rows {
        if let Err(cause) = Box::pin(work(business_id, id)).await {
            tracing::error!(message = %id, %cause, "a message could not be seen to; it is looked at again");
            failed += 1;
            if failed == MOST_FAILURES {
                return Err(cause);
            }
        }
    }
    Ok(found)
}

/// After so many the fault is not in the message.
const MOST_FAILURES: usize = 10;

/// Messages in one state that have been due since `before`, oldest first. The state is a literal: SQLite uses an index over a part of
/// the rows only if it can see that the query asks for no others.
pub(crate) fn in_state(status: Status, due: message::Column, before: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
        .filter(due.lte(before))
        .order_by_asc(due)
}
