//! The live stream's log: read it after every wake, from where one was.

use chrono::Duration;
use contract::live::LiveEvent;
use entity::live::live_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{Actor, Result, Services, db::QueuePool, vault};

pub(crate) const CHANNEL: &str = "showup_live";

/// What happened names people and their numbers, so it is sealed.
pub(crate) const PAYLOAD: &str = "live_event.payload";

/// How long the log goes back; a client that was away for longer starts afresh.
pub const KEPT: Duration = Duration::hours(24);

/// Says "look at the log" to every stream of this process.
pub struct Hub(watch::Sender<u64>);

impl Default for Hub {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Hub {
    pub(crate) fn wake(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Subscribe before reading the log, or what comes between is missed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

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
        let payload = vault::open(s, PAYLOAD, &row.payload).await?;
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
pub async fn sweep(s: &Services) -> Result<()> {
    let old = live_event::Column::CreatedAt.lt(s.now() - KEPT);
    live_event::Entity::delete_many().filter(old).exec(&s.db().write).await?;
    Ok(())
}

/// PostgreSQL: hears of commits in other processes, until the connection is lost for good or the task is dropped.
///
/// # Errors
/// When the database can't be listened to.
pub async fn listen(s: &Services) -> Result<()> {
    let QueuePool::Postgres(pool) = s.db().queue_pool() else {
        return std::future::pending().await;
    };
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // What was said while nobody listened.
    s.live().wake();
    loop {
        // `None` means the connection was lost and made anew: something may have been missed, so look in either case.
        listener.try_recv().await?;
        s.live().wake();
    }
}
