//! WHAT HAS LEFT ITS USUAL COURSE. What may begin an alert has a business looked at within a minute, from kept counters and from how things
//! stand, so that it does not matter what it was that happened; what is open is looked at until it is over. Of a kind one is open at a time.
//! It stands in the app, and people are told of it once, and of its end if they were told of its beginning. Nothing is held back by it.

mod standing;
mod telling;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use contract::{Page, PageQuery, alerts::AlertView};
use domain::alerts::{FORGOTTEN_AFTER, Kind};
use entity::{alerts::alert, businesses::business};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        events::Recorded,
        paging::{self, Cursor, TimeCursor},
        queue::Job,
        tx::Changed,
    },
};

use standing::{Seen, Standing};

/// What is open is looked at so often.
const AGAIN: Duration = Duration::minutes(5);
/// Looked at in one go.
const SOME: u64 = 50;
/// Businesses of one job.
const TOGETHER: usize = 20;

/// Something has happened that may begin an alert, or end one: all of a minute is looked at together when it is over.
pub(crate) async fn happened(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    // What will be tried again has not failed yet.
    let retried = |event: &Event| matches!(event, Event::MessageFailed(_, how) if how.retrying);
    let whose = heard.iter().filter(|one| !retried(&one.event)).map(|one| one.business_id);
    let whose: BTreeSet<Uuid> = whose.collect();
    let whose: Vec<Uuid> = whose.into_iter().collect();
    let minute = tx.now.timestamp() / 60 + 1;
    let at = chrono::DateTime::from_timestamp(minute * 60, 0).unwrap_or(tx.now);
    for some in whose.chunks(TOGETHER) {
        // Several are together only where one thing happens to all, which is seldom.
        let key = match some {
            [one] => Some(format!("alerts:{one}:{minute}")),
            _ => None,
        };
        let job = Job::LookForAlerts {
            businesses: some.to_vec(),
        };
        tx.enqueue(&job, at, key.as_deref()).await?;
    }
    Ok(())
}

/// Sees whether anything of these businesses has left its usual course, or is back.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn look(s: &Services, businesses: &[Uuid]) -> Result<()> {
    for id in businesses {
        let mut tx = s.begin().await?;
        let b = businesses::of(&mut tx, *id).await?;
        look_at(&mut tx, &b).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn due(now: chrono::DateTime<chrono::Utc>) -> Select<alert::Entity> {
    alert::Entity::find()
        .filter(alert::Column::EndedAt.is_null())
        .filter(alert::Column::LookAt.lte(now))
        .order_by_asc(alert::Column::LookAt)
        .limit(SOME)
}

/// Looks again at what is open.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let whose: BTreeSet<Uuid> = due(s.now()).all(s.read()).await?.iter().map(|row| row.business_id).collect();
    look(s, &whose.into_iter().collect::<Vec<_>>()).await
}

fn open_of(business_id: Uuid) -> Select<alert::Entity> {
    alert::Entity::in_business(business_id).filter(alert::Column::EndedAt.is_null())
}

fn kind_of(row: &alert::Model) -> Result<Kind> {
    row.kind.parse().map_err(|_| Error::broken("an alert of an unknown kind"))
}

async fn look_at(tx: &mut Tx, b: &business::Model) -> Result<()> {
    let rows = open_of(b.id).all(&tx.db).await?;
    let mut open = BTreeMap::new();
    for row in rows {
        open.insert(kind_of(&row)?, row);
    }
    for kind in Kind::ALL {
        let row = open.remove(kind);
        match (standing::of(tx, b, *kind, row.as_ref()).await?, row) {
            (Seen::Is(now), None) => begin(tx, b, *kind, now).await?,
            (Seen::Is(now), Some(row)) => go_on(tx, &row, Some(now)).await?,
            (Seen::IsNot, Some(row)) => end(tx, b, *kind, row).await?,
            (Seen::CannotSay, Some(row)) if tx.now - row.seen_at >= FORGOTTEN_AFTER => end(tx, b, *kind, row).await?,
            (Seen::CannotSay, Some(row)) => go_on(tx, &row, None).await?,
            (Seen::IsNot | Seen::CannotSay, None) => {}
        }
    }
    Ok(())
}

async fn begin(tx: &mut Tx, b: &business::Model, kind: Kind, now: Standing) -> Result<()> {
    let told = telling::is_news(tx, b.id, kind).await?;
    let row = alert::Model {
        id: Uuid::now_v7(),
        business_id: b.id,
        kind: kind.as_str().to_owned(),
        subject: now.subject,
        words: now.words,
        next_step: now.next_step,
        began_at: tx.now,
        seen_at: tx.now,
        look_at: tx.now + AGAIN,
        told_at: told.then_some(tx.now),
        ended_at: None,
    };
    let once = OnConflict::columns([alert::Column::BusinessId, alert::Column::Kind])
        .target_and_where(Expr::col(alert::Column::EndedAt).is_null())
        .do_nothing()
        .to_owned();
    let written = alert::Entity::insert(written(row.clone()))
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    // Another process has seen it first, and tells of it.
    if written == 0 {
        return Ok(());
    }
    tracing::warn!(business = %b.id, kind = kind.as_str(), "an alert begins");
    tx.mark_changed(b.id, Changed::Notices);
    if told {
        telling::began(tx, b, kind, &row).await?;
    }
    Ok(())
}

fn written(row: alert::Model) -> alert::ActiveModel {
    alert::ActiveModel {
        id: Set(row.id),
        business_id: Set(row.business_id),
        kind: Set(row.kind),
        subject: Set(row.subject),
        words: Set(row.words),
        next_step: Set(row.next_step),
        began_at: Set(row.began_at),
        seen_at: Set(row.seen_at),
        look_at: Set(row.look_at),
        told_at: Set(row.told_at),
        ended_at: Set(row.ended_at),
    }
}

/// It lasts; `now`: it was seen again.
async fn go_on(tx: &mut Tx, row: &alert::Model, now: Option<Standing>) -> Result<()> {
    let mut update = alert::Entity::update_many()
        .col_expr(alert::Column::LookAt, Expr::value(tx.now + AGAIN))
        .filter(alert::Column::Id.eq(row.id));
    if let Some(now) = now {
        if now.words != row.words {
            tx.mark_changed(row.business_id, Changed::Notices);
        }
        update = update
            .col_expr(alert::Column::SeenAt, Expr::value(tx.now))
            .col_expr(alert::Column::Subject, Expr::value(now.subject))
            .col_expr(alert::Column::Words, Expr::value(now.words))
            .col_expr(alert::Column::NextStep, Expr::value(now.next_step));
    }
    update.exec(&tx.db).await?;
    Ok(())
}

async fn end(tx: &mut Tx, b: &business::Model, kind: Kind, row: alert::Model) -> Result<()> {
    let ended = alert::Entity::update_many()
        .col_expr(alert::Column::EndedAt, Expr::value(tx.now))
        .filter(alert::Column::Id.eq(row.id))
        .filter(alert::Column::EndedAt.is_null())
        .exec(&tx.db)
        .await?;
    if ended.rows_affected == 0 {
        return Ok(());
    }
    tx.mark_changed(b.id, Changed::Notices);
    if row.told_at.is_some() {
        telling::ended(tx, b, kind, &row).await?;
    }
    Ok(())
}

/// Alerts of the actor's business, the newest first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a cursor or a limit that can't be.
pub async fn list(s: &Services, actor: &Actor, query: PageQuery) -> Result<Page<AlertView>> {
    actor.may(Permission::ReadMessages)?;
    let size = paging::size(query.limit)?;
    let mut rows = alert::Entity::in_business(actor.business_id)
        .order_by_desc(alert::Column::BeganAt)
        .order_by_desc(alert::Column::Id)
        .limit(size + 1);
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(alert::Column::BeganAt, alert::Column::Id, at, id, true));
    }
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.began_at, row.id));
    Ok(Page {
        data: page.data.into_iter().map(view).collect(),
        next_cursor: page.next_cursor,
    })
}

fn view(row: alert::Model) -> AlertView {
    AlertView {
        id: row.id,
        kind: row.kind,
        text: row.words,
        next_step: row.next_step,
        began_at: row.began_at,
        ended_at: row.ended_at,
    }
}

/// Those that last and have no banner of their own.
pub(crate) async fn without_banner(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<AlertView>> {
    let rows = open_of(business_id)
        .filter(alert::Column::Kind.is_in([Kind::Undelivered, Kind::OptOuts].map(Kind::as_str)))
        .order_by_asc(alert::Column::BeganAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(view).collect())
}
