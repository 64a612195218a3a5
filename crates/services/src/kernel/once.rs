//! A request that a program may repeat because it does not know what came of it. That it was done is written in the transaction that does
//! it, whichever use case that is: [`Once::scope`] tells [`Services::begin`](super::Services) of it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use contract::{Code, Problem};
use entity::integrations::api_repeat;
use futures::future::BoxFuture;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set,
    sea_query::{Expr, OnConflict},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::Result;

tokio::task_local! {
    static ONCE: Option<Once>;
}

/// Cheap to clone; the same for all who work on one request.
#[derive(Clone)]
pub struct Once(Arc<Inner>);

struct Inner {
    id: Uuid,
    business_id: Uuid,
    api_key_id: Uuid,
    name: String,
    body: Mutex<Sha256>,
    done: AtomicBool,
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Once({})", self.0.id)
    }
}

impl PartialEq for Once {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Once {
    /// Of a key of the API; `name` is what makes two requests the same.
    pub fn new(business_id: Uuid, api_key_id: Uuid, name: String) -> Self {
        Self(Arc::new(Inner {
            id: Uuid::now_v7(),
            business_id,
            api_key_id,
            name,
            body: Mutex::new(Sha256::new()),
            done: AtomicBool::new(false),
        }))
    }

    /// A piece of what is sent was read.
    pub fn reads(&self, piece: &[u8]) {
        self.0.body.lock().unwrap_or_else(PoisonError::into_inner).update(piece);
    }

    /// What was read until now.
    pub fn body(&self) -> String {
        hex::encode(self.0.body.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize())
    }

    /// Every transaction that begins in this work is this request's.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        ONCE.scope(Some(self.clone()), work).await
    }

    /// The request that is at work here.
    pub(crate) fn current() -> Option<Self> {
        ONCE.try_with(Clone::clone).ok().flatten()
    }

    /// Whether something was committed in its name.
    pub fn is_done(&self) -> bool {
        self.0.done.load(Ordering::Acquire)
    }

    pub(crate) fn set_done(&self) {
        self.0.done.store(true, Ordering::Release);
    }

    /// What no other request has, of whatever key.
    pub fn whole_name(&self) -> String {
        format!("{} {}", self.0.api_key_id, self.0.name)
    }

    pub(crate) fn id(&self) -> Uuid {
        self.0.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn api_key_id(&self) -> Uuid {
        self.0.api_key_id
    }
}

/// Work in several transactions, each of which does no harm if it is done again: that it was done is written with its answer alone. Else the
/// first of them would count as the whole.
pub fn in_pieces<'a, T>(work: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(ONCE.scope(None, work))
}

/// A name of one length, which tells nothing.
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// That the same is at work, or was a moment ago: who asks again hears what came of it.
pub fn at_work() -> Problem {
    Problem {
        retry_after: Some(1),
        ..Problem::new(
            Code::Conflict,
            "A request with this Idempotency-Key is still at work. Repeat it in a moment to hear what came of it.",
        )
    }
}

/// Waits for whoever writes the same.
pub(crate) async fn write(db: &impl ConnectionTrait, once: &Once, now: DateTime<Utc>) -> Result<()> {
    let row = api_repeat::ActiveModel {
        id: Set(once.0.id),
        business_id: Set(once.0.business_id),
        api_key_id: Set(once.0.api_key_id),
        name: Set(once.0.name.clone()),
        made: Set(None),
        body: Set(None),
        status: Set(None),
        content_type: Set(None),
        answer: Set(None),
        created_at: Set(now),
    };
    let mut first = OnConflict::columns([api_repeat::Column::ApiKeyId, api_repeat::Column::Name]);
    let written = api_repeat::Entity::insert(row)
        .on_conflict(first.do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    if written == 0 { Err(at_work().into()) } else { Ok(()) }
}

/// Notes what came of it, unless that is known.
pub(crate) async fn made(db: &impl ConnectionTrait, once: &Once, id: Uuid) -> Result<()> {
    api_repeat::Entity::update_many()
        .col_expr(api_repeat::Column::Made, Expr::value(id))
        .filter(api_repeat::Column::Id.eq(once.0.id))
        .filter(api_repeat::Column::Made.is_null())
        .exec(db)
        .await?;
    Ok(())
}
