//! What each member has seen. A text is unread for everybody until they have opened its thread themselves.

use contract::{
    conversations::ConversationRow,
    live::{LiveEvent, Seen},
};
use entity::{
    accounts::member,
    conversations::{conversation, conversation_seen},
    messages::message,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
    sea_query::{Expr, Func, OnConflict, Query, SimpleExpr},
};
use std::collections::HashMap;
use uuid::Uuid;

use crate::{
    accounts,
    kernel::{Actor, Permission, Principal, Result, Services, Tx, tx::Changed},
};

/// The account of a person; a key has none.
pub(crate) fn account(actor: &Actor) -> Option<Uuid> {
    match &actor.who {
        Principal::Member { account_id, .. } => Some(*account_id),
        _ => None,
    }
}

/// Marks everything in a conversation as read.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn mark_read(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    let row = super::find(s.read(), actor.business_id, id).await?;
    let Some(last) = row.last_inbound_id else { return Ok(()) };
    let me = account(actor);
    let seen = match me {
        Some(me) => seen_of(s.read(), actor.business_id, me, &[id]).await?.until(id) >= last,
        None => true,
    };
    if row.unread == 0 && seen {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    mark(&mut tx, &row, me, true).await?;
    tx.commit().await
}

/// Marks it as read by this person, or as unread from the customer's last text on.
pub(super) async fn mark(tx: &mut Tx, row: &conversation::Model, me: Option<Uuid>, read: bool) -> Result<()> {
    let Some(last) = row.last_inbound_id else { return Ok(()) };
    if read && row.unread > 0 {
        let mut row = row.clone().into_active_model();
        row.unread = Set(0);
        row.update(&tx.db).await?;
    }
    if let Some(me) = me {
        // Ids tell the order of storing: just before this one is everything that came before it.
        let until = if read {
            last
        } else {
            Uuid::from_u128(last.as_u128().saturating_sub(1))
        };
        see(tx, row, me, until).await?;
        let seen = Seen {
            account_id: me,
            conversation_id: row.id,
            unread: u32::from(!read),
        };
        tx.publish(row.business_id, LiveEvent::Seen(seen));
    }
    tx.mark_changed(row.business_id, Changed::Conversation(row.id));
    Ok(())
}

/// This member has seen the conversation up to here; who is none has nothing to remember.
async fn see(tx: &Tx, row: &conversation::Model, account_id: Uuid, message_id: Uuid) -> Result<()> {
    if !accounts::is_member(&tx.db, row.business_id, account_id).await? {
        return Ok(());
    }
    let seen = conversation_seen::ActiveModel {
        account_id: Set(account_id),
        conversation_id: Set(row.id),
        business_id: Set(row.business_id),
        message_id: Set(message_id),
    };
    let key = [
        conversation_seen::Column::AccountId,
        conversation_seen::Column::ConversationId,
    ];
    let anew = OnConflict::columns(key)
        .update_column(conversation_seen::Column::MessageId)
        .to_owned();
    conversation_seen::Entity::insert(seen)
        .on_conflict(anew)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// How far a member has seen some conversations.
struct SeenUntil {
    /// Those that have no row of their own, up to here.
    rest: Uuid,
    own: HashMap<Uuid, Uuid>,
}

impl SeenUntil {
    fn until(&self, conversation: Uuid) -> Uuid {
        self.own.get(&conversation).copied().unwrap_or(self.rest)
    }
}

async fn seen_of(db: &impl ConnectionTrait, business_id: Uuid, me: Uuid, ids: &[Uuid]) -> Result<SeenUntil> {
    let member = member::Entity::in_business(business_id)
        .filter(member::Column::AccountId.eq(me))
        .one(db)
        .await?;
    let own: Vec<(Uuid, Uuid)> = conversation_seen::Entity::find()
        .filter(conversation_seen::Column::AccountId.eq(me))
        .filter(conversation_seen::Column::ConversationId.is_in(ids.iter().copied()))
        .select_only()
        .columns([
            conversation_seen::Column::ConversationId,
            conversation_seen::Column::MessageId,
        ])
        .into_tuple()
        .all(db)
        .await?;
    Ok(SeenUntil {
        rest: member.and_then(|m| m.seen_message_id).unwrap_or_default(),
        own: own.into_iter().collect(),
    })
}

/// Whether this reader has seen the last text of a conversation.
pub(super) async fn has_seen(db: &impl ConnectionTrait, actor: &Actor, row: &conversation::Model) -> Result<bool> {
    let Some(last) = row.last_inbound_id else { return Ok(true) };
    match account(actor) {
        Some(me) => Ok(seen_of(db, actor.business_id, me, &[row.id]).await?.until(row.id) >= last),
        None => Ok(row.unread == 0),
    }
}

/// Messages among which the first unread one is looked for.
const RECENT: u64 = 200;

/// The first text of the customer that this reader has not seen; if that is long ago, the first among the newest messages. Ids tell the
/// order of storing; a text that came late stands where it was written.
pub(crate) async fn first_unread(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<Option<Uuid>> {
    let Some(me) = account(actor) else { return Ok(None) };
    let until = seen_of(db, actor.business_id, me, &[id]).await?.until(id);
    let newest: Vec<(Uuid, String)> = message::Entity::in_business(actor.business_id)
        .filter(message::Column::ConversationId.eq(id))
        .order_by_desc(message::Column::CreatedAt)
        .order_by_desc(message::Column::Id)
        .limit(RECENT)
        .select_only()
        .columns([message::Column::Id, message::Column::Direction])
        .into_tuple()
        .all(db)
        .await?;
    let mut oldest_first = newest.into_iter().rev();
    let unread = oldest_first.find(|(id, direction)| *id > until && direction == "inbound");
    Ok(unread.map(|(id, _)| id))
}

/// Rows as this reader sees them: what they have opened is not unread, whoever else has not.
pub(crate) async fn for_reader(db: &impl ConnectionTrait, actor: &Actor, rows: &mut [ConversationRow]) -> Result<()> {
    let Some(me) = account(actor).filter(|_| !rows.is_empty()) else {
        return Ok(());
    };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let seen = seen_of(db, actor.business_id, me, &ids).await?;
    for row in rows {
        let unseen = row.last_inbound_id.is_some_and(|last| last > seen.until(row.id));
        row.unread = if unseen { row.unread.max(1) } else { 0 };
    }
    Ok(())
}

/// Whether a conversation's last text is one that this member has not seen.
pub(crate) fn is_unseen(business_id: Uuid, me: Uuid) -> SimpleExpr {
    use conversation::Column as C;
    use sea_orm::ExprTrait;
    let own = Query::select()
        .column((conversation_seen::Entity, conversation_seen::Column::MessageId))
        .from(conversation_seen::Entity)
        .and_where(conversation_seen::Column::AccountId.eq(me))
        .and_where(
            conversation_seen::Column::ConversationId
                .into_expr()
                .equals((conversation::Entity, C::Id)),
        )
        .to_owned();
    let rest = member::Entity::in_business(business_id)
        .filter(member::Column::AccountId.eq(me))
        .select_only()
        .column(member::Column::SeenMessageId)
        .into_query();
    let until = Func::coalesce([
        SimpleExpr::SubQuery(None, Box::new(own.into())),
        SimpleExpr::SubQuery(None, Box::new(rest.into())),
        Expr::value(Uuid::nil()),
    ]);
    C::LastInboundId.into_expr().gt(until)
}
