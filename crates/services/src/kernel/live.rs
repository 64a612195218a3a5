//! The live stream's log: read it after every wake, from where one was.

use chrono::Duration;
use contract::live::LiveEvent;
use entity::live::live_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{actor::Actor, db::QueuePool, error::Result, services::Services};

const LIVE: &str = "showup_live";
const OUTBOX: &str = "showup_outbox";

/// What happened names people and their numbers, so it is sealed.
pub(crate) const PAYLOAD: &str = "live_event.payload";

/// Streams look at the log this often, even if nobody has said that there is something new.
const LOOK: std::time::Duration = std::time::Duration::from_secs(10);

/// How long the log goes back; a client that was away for longer starts afresh.
pub const KEPT: Duration = Duration::hours(24);

/// A stretch of the log.
pub struct Batch {
    /// Id and event, in order.
    pub events: Vec<(i64, LiveEvent)>,
    /// The log no longer reaches back that far: reload instead.
    pub resync: bool,
}

/// Up to 200 events of the actor's business after `after`.
pub async fn after(s: &Services, actor: &Actor, after: i64) -> Result<Batch> {
    let log = || live_event::Entity::in_business(actor.business_id);
    let reaches = after == 0
        || log()
            .filter(live_event::Column::Id.lte(after))
            .limit(1)
            .one(s.read())
            .await?
            .is_some();
    let rows = log()
        .filter(live_event::Column::Id.gt(after))
        .order_by_asc(live_event::Column::Id)
        .limit(200)
        .all(s.read())
        .await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let payload = s.vault().open(PAYLOAD, &row.payload).await?;
        // What another version wrote and this one can't read is left out.
        if let Ok(event) = serde_json::from_str(&payload) {
            events.push((row.id, event));
        }
    }
    Ok(Batch {
        events,
        resync: !reaches,
    })
}

/// The newest event's id in this business, 0 when there is none. Read it before the data of a page.
pub async fn cursor(s: &Services, business_id: Uuid) -> Result<i64> {
    let newest: Option<i64> = live_event::Entity::in_business(business_id)
        .select_only()
        .column(live_event::Column::Id)
        .order_by_desc(live_event::Column::Id)
        .limit(1)
        .into_tuple()
        .one(s.read())
        .await?;
    Ok(newest.unwrap_or(0))
}

/// Forgets what is older than `KEPT`.
pub async fn prune(s: &Services) -> Result<()> {
    let old = live_event::Column::CreatedAt.lt(s.now() - KEPT);
    live_event::Entity::delete_many().filter(old).exec(&s.db().write).await?;
    Ok(())
}

/// PostgreSQL: hears of commits in other processes and tells them of ours, until the connection is lost or the task is dropped.
/// Notified after the commit, not in it: PostgreSQL lets transactions with a notification commit only one after another.
///
/// # Errors
/// When the database can't be listened to.
pub async fn listen(s: &Services) -> Result<()> {
    let QueuePool::Postgres(pool) = s.db().queue_pool() else {
        return std::future::pending().await;
    };
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
    listener.listen_all([LIVE, OUTBOX]).await?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    tokio::try_join!(
        hear(s, listener, &name),
        pass_on(pool, LIVE, s.live().own(), &name),
        pass_on(pool, OUTBOX, s.outbox().own(), &name),
        look_anyway(s),
    )?;
    Ok(())
}

/// Who commits and dies before saying so leaves events that nobody was told of.
async fn look_anyway(s: &Services) -> Result<()> {
    loop {
        tokio::time::sleep(LOOK).await;
        s.live().wake();
    }
}

async fn hear(s: &Services, mut listener: sqlx::postgres::PgListener, name: &str) -> Result<()> {
    // What was said while nobody listened.
    s.live().wake();
    loop {
        match listener.try_recv().await? {
            Some(note) if note.payload() == name => {}
            Some(note) if note.channel() == OUTBOX => s.outbox().wake(),
            Some(_) => s.live().wake(),
            // The connection was lost and made anew: something may have been missed.
            None => {
                s.live().wake();
                s.outbox().wake();
            }
        }
    }
}

/// Many commits close together are one notification. The first is for what was committed while nobody could pass it on.
async fn pass_on(pool: &sqlx::PgPool, channel: &str, mut own: tokio::sync::watch::Receiver<u64>, name: &str) -> Result<()> {
    loop {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(channel)
            .bind(name)
            .execute(pool)
            .await?;
        if own.changed().await.is_err() {
            return Ok(());
        }
    }
}
