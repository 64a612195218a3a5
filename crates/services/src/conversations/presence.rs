//! Who has a conversation before their eyes, and who is writing there, so that two never answer one customer blindly.
//!
//! A browser says so again and again. That is one row per person and conversation, written anew; the stream is told only when somebody
//! comes, begins or stops writing, or goes. Whoever falls silent is swept away by the clock, in whichever process works.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use contract::conversations::{Doing, Presence, Present};
use entity::conversations::presence;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{find, seen};
use crate::{
    accounts,
    kernel::{Actor, Permission, Result, Services, Tx, tx::Changed},
};

/// Who has said nothing for so long is gone.
const SILENCE: Duration = Duration::seconds(25);

/// Who has pressed no key for so long is not writing any more.
const PAUSE: Duration = Duration::seconds(5);

/// Most conversations that one person is shown at: who opens more is shown at the latest.
const MOST_AT_ONCE: usize = 20;

/// Most people shown at one conversation, and most rows of a business that a page begins with.
const MOST_SHOWN: usize = 20;
const MOST_OF_BUSINESS: u64 = 500;

/// Somebody is at a conversation, writes there, or leaves it. Said again and again; what has no account (a key) is nobody's eyes.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn say(s: &Services, actor: &Actor, conversation_id: Uuid, doing: Doing) -> Result<()> {
    actor.may(match doing {
        Doing::Writing => Permission::SendMessages,
        Doing::Viewing | Doing::Leaving => Permission::ReadMessages,
    })?;
    let Some(account_id) = seen::account(actor) else {
        return Ok(());
    };
    if doing != Doing::Leaving && still(s, actor.business_id, account_id, conversation_id, doing).await? {
        return Ok(());
    }
    find(s.read(), actor.business_id, conversation_id).await?;
    let mut tx = s.begin().await?;
    if doing == Doing::Leaving {
        let gone = presence::Entity::delete_by_id((account_id, conversation_id))
            .exec(&tx.db)
            .await?;
        if gone.rows_affected == 0 {
            return Ok(());
        }
    } else {
        crowd_out(&mut tx, account_id, conversation_id).await?;
        write(&tx, actor.business_id, account_id, conversation_id, doing).await?;
    }
    tx.mark_changed(actor.business_id, Changed::Presence(conversation_id));
    tx.commit().await
}

/// A heartbeat of somebody who does what they did is a time in a row, and no news.
async fn still(s: &Services, business_id: Uuid, account_id: Uuid, conversation_id: Uuid, doing: Doing) -> Result<bool> {
    let now = s.now();
    let writes = presence::Column::WritingAt.gt(now - PAUSE);
    let writes_not = presence::Column::WritingAt.is_null();
    let same = if doing == Doing::Writing { writes } else { writes_not };
    let row = Condition::all()
        .add(presence::Column::AccountId.eq(account_id))
        .add(presence::Column::ConversationId.eq(conversation_id))
        .add(presence::Column::BusinessId.eq(business_id))
        .add(presence::Column::SeenAt.gt(now - SILENCE))
        .add(same);
    let mut beat = presence::Entity::update_many()
        .col_expr(presence::Column::SeenAt, Expr::value(now))
        .filter(row);
    if doing == Doing::Writing {
        beat = beat.col_expr(presence::Column::WritingAt, Expr::value(now));
    }
    Ok(beat.exec(&s.db().write).await?.rows_affected > 0)
}

async fn write(tx: &Tx, business_id: Uuid, account_id: Uuid, conversation_id: Uuid, doing: Doing) -> Result<()> {
    let row = presence::ActiveModel {
        account_id: Set(account_id),
        conversation_id: Set(conversation_id),
        business_id: Set(business_id),
        seen_at: Set(tx.now),
        writing_at: Set((doing == Doing::Writing).then_some(tx.now)),
    };
    let anew = OnConflict::columns([presence::Column::AccountId, presence::Column::ConversationId])
        .update_columns([presence::Column::SeenAt, presence::Column::WritingAt])
        .to_owned();
    presence::Entity::insert(row)
        .on_conflict(anew)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Makes room for one more conversation of this person.
async fn crowd_out(tx: &mut Tx, account_id: Uuid, conversation_id: Uuid) -> Result<()> {
    let others = presence::Entity::find()
        .filter(presence::Column::AccountId.eq(account_id))
        .filter(presence::Column::ConversationId.ne(conversation_id))
        .all(&tx.db)
        .await?;
    let mut others: Vec<presence::Model> = others;
    others.sort_by_key(|row| std::cmp::Reverse(row.seen_at));
    for row in others.into_iter().skip(MOST_AT_ONCE - 1) {
        presence::Entity::delete_by_id((row.account_id, row.conversation_id))
            .exec(&tx.db)
            .await?;
        tx.mark_changed(row.business_id, Changed::Presence(row.conversation_id));
    }
    Ok(())
}

/// Who is at any conversation of the actor's business now; a page begins with it.
///
/// # Errors
/// `NotAllowed`.
pub async fn now(s: &Services, actor: &Actor) -> Result<Vec<Presence>> {
    actor.may(Permission::ReadMessages)?;
    let rows = presence::Entity::in_business(actor.business_id)
        .filter(presence::Column::SeenAt.gt(s.now() - SILENCE))
        .limit(MOST_OF_BUSINESS)
        .all(s.read())
        .await?;
    shown(s.read(), rows, s.now()).await
}

/// Who is at these conversations: one answer for each of them, though nobody be there.
pub(crate) async fn of(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Presence>> {
    let rows = presence::Entity::in_business(business_id)
        .filter(presence::Column::ConversationId.is_in(ids.iter().copied()))
        .filter(presence::Column::SeenAt.gt(now - SILENCE))
        .order_by_desc(presence::Column::SeenAt)
        .all(db)
        .await?;
    let mut there = shown(db, rows, now).await?;
    for id in ids {
        if there.iter().all(|one| one.conversation_id != *id) {
            there.push(Presence {
                conversation_id: *id,
                people: Vec::new(),
            });
        }
    }
    Ok(there)
}

async fn shown(db: &impl ConnectionTrait, rows: Vec<presence::Model>, now: DateTime<Utc>) -> Result<Vec<Presence>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names = accounts::names(db, rows.iter().map(|row| row.account_id)).await?;
    let mut at: HashMap<Uuid, Vec<Present>> = HashMap::new();
    for row in rows {
        let Some(name) = names.get(&row.account_id) else { continue };
        at.entry(row.conversation_id).or_default().push(Present {
            account_id: row.account_id,
            name: name.clone(),
            writing: row.writing_at.is_some_and(|at| at > now - PAUSE),
        });
    }
    let all = at.into_iter().map(|(conversation_id, mut people)| {
        people.sort_by(|a, b| (&a.name, a.account_id).cmp(&(&b.name, b.account_id)));
        people.truncate(MOST_SHOWN);
        Presence { conversation_id, people }
    });
    Ok(all.collect())
}

/// Those who have fallen silent.
pub(crate) fn silent(now: DateTime<Utc>) -> Select<presence::Entity> {
    presence::Entity::find()
        .filter(presence::Column::SeenAt.lte(now - SILENCE))
        .limit(200)
}

/// Those who have stopped writing without saying so.
pub(crate) fn paused(now: DateTime<Utc>) -> Select<presence::Entity> {
    presence::Entity::find()
        .filter(presence::Column::WritingAt.is_not_null())
        .filter(presence::Column::WritingAt.lte(now - PAUSE))
        .limit(200)
}

/// Takes away who has gone without a word, and tells the others.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn sweep(s: &Services) -> Result<()> {
    let gone = silent(s.now()).all(s.read()).await?;
    let done = paused(s.now()).all(s.read()).await?;
    if gone.is_empty() && done.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    // Who said something meanwhile stays.
    for row in gone {
        let taken = presence::Entity::delete_by_id((row.account_id, row.conversation_id))
            .filter(presence::Column::SeenAt.lte(tx.now - SILENCE))
            .exec(&tx.db)
            .await?;
        if taken.rows_affected > 0 {
            tx.mark_changed(row.business_id, Changed::Presence(row.conversation_id));
        }
    }
    for row in done {
        let none: Option<DateTime<Utc>> = None;
        let stopped = presence::Entity::update_many()
            .col_expr(presence::Column::WritingAt, Expr::value(none))
            .filter(presence::Column::AccountId.eq(row.account_id))
            .filter(presence::Column::ConversationId.eq(row.conversation_id))
            .filter(presence::Column::WritingAt.lte(tx.now - PAUSE))
            .exec(&tx.db)
            .await?;
        if stopped.rows_affected > 0 {
            tx.mark_changed(row.business_id, Changed::Presence(row.conversation_id));
        }
    }
    tx.commit().await
}
