//! What a request with an `Idempotency-Key` was answered, for whoever asks the same again within a day. That it was done is written with
//! what it does (`kernel::once`); the answer is kept when it is known.

use chrono::Duration;
use entity::integrations::api_repeat;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::kernel::{
    Result, Services,
    once::{self, Once},
};

/// The sealed column, as `vault::SEALED` calls it.
const ANSWER: &str = "api_repeat.answer";

/// How long an answer is kept.
const KEPT: Duration = Duration::hours(24);

/// A request whose answer is not there after so long has lost it: the process was stopped between the two.
const AT_WORK: Duration = Duration::seconds(10);

/// Rows removed at once.
const BATCH: u64 = 1_000;

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

/// What is known of a request that may be a repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is new.
    Nothing,
    /// It was answered so; `body` is a hash of what was sent.
    Answered { answer: Answer, body: String },
    /// Another process works on it.
    AtWork,
    /// It was done, and nobody knows any more what it was answered; with the id of what came of it.
    Done(Option<uuid::Uuid>),
}

/// Looks whether the same was asked before.
///
/// # Errors
/// When the database does not answer.
pub async fn before(s: &Services, once: &Once) -> Result<Before> {
    let found = api_repeat::Entity::find()
        .filter(api_repeat::Column::ApiKeyId.eq(once.api_key_id()))
        .filter(api_repeat::Column::Name.eq(once.name()))
        .one(s.read())
        .await?;
    let Some(row) = found else { return Ok(Before::Nothing) };
    if s.now() - row.created_at >= KEPT {
        api_repeat::Entity::delete_by_id(row.id).exec(&s.db().write).await?;
        return Ok(Before::Nothing);
    }
    match (row.status, row.answer, row.body) {
        (Some(status), Some(sealed), Some(body)) => {
            let answer = Answer {
                status: u16::try_from(status).unwrap_or(500),
                content_type: row.content_type.unwrap_or_default(),
                text: s.vault().open(ANSWER, &sealed).await?,
            };
            Ok(Before::Answered { answer, body })
        }
        // Of SQLite this process is the only one, and it knows what it is at.
        _ if s.db().is_postgres() && s.now() - row.created_at < AT_WORK => Ok(Before::AtWork),
        _ => Ok(Before::Done(row.made)),
    }
}

/// Keeps what a request was answered, even though nothing may have been written in its name: then it had nothing to write.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(s: &Services, once: &Once, answer: &Answer) -> Result<()> {
    let db = &s.db().write;
    if !once.is_done() {
        once::write(db, once, s.now()).await?;
        once.set_done();
    }
    let row = api_repeat::ActiveModel {
        id: Set(once.id()),
        body: Set(Some(once.body())),
        status: Set(Some(answer.status.into())),
        content_type: Set(Some(answer.content_type.clone())),
        answer: Set(Some(s.vault().seal(ANSWER, &answer.text))),
        ..Default::default()
    };
    api_repeat::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Forgets what is older than a day.
///
/// # Errors
/// When the database does not answer; the next round looks again.
pub async fn prune(s: &Services) -> Result<()> {
    loop {
        let old: Vec<uuid::Uuid> = api_repeat::Entity::find()
            .filter(api_repeat::Column::CreatedAt.lte(s.now() - KEPT))
            .select_only()
            .column(api_repeat::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(s.read())
            .await?;
        if old.is_empty() {
            return Ok(());
        }
        api_repeat::Entity::delete_many()
            .filter(api_repeat::Column::Id.is_in(old))
            .exec(&s.db().write)
            .await?;
    }
}
