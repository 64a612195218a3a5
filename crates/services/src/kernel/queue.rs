//! The queue (apalis). Jobs wake the work, our own rows are the truth: payloads carry ids only, and a job that comes twice or finds its
//! work done does nothing. Texts that wait to be sent need no job: `sending` takes them from their own table. What a job does is in `jobs`. Retries are
//! delayed rows of our own: apalis would keep a worker waiting for them.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use uuid::Uuid;

use super::{
    error::{Error, Result},
    services::Services,
};

/// The one queue's name in apalis' tables.
pub const QUEUE: &str = "showup";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Look a message with an unclear outcome up at the provider.
    Resolve { message_id: Uuid },
    /// Try again to act on an inbound text that was stored but not understood by our own logic.
    Receive { provider_sid: String },
    /// Notify the people of these businesses of a breaker that holds their texts back.
    NotifyOfBreaker { scope: String, businesses: Vec<Uuid> },
    /// Write to the owners and admins of these businesses how a breaker stands that concerns them all.
    TellOfBreaker { scope: String, businesses: Vec<Uuid> },
    /// See whether something of these businesses has left its usual course, or is back.
    LookForAlerts { businesses: Vec<Uuid> },
    /// Go on with what somebody does to many conversations, or undoes.
    Batch { batch_id: Uuid },
    /// Read a calendar and follow it.
    ReadCalendar { source_id: Uuid },
    /// Look up whether a number that was being bought is there.
    LookUpPurchase { request_id: Uuid },
    /// Go on with a wording that is handed in, or look how it stands.
    CheckTwin { template_id: Uuid },
    /// Ask Twilio how a WhatsApp sender stands.
    CheckSender { number_id: Uuid },
    /// Ask Twilio how a number is registered.
    CheckRegistration { number_id: Uuid },
    /// Look up whose password is to be reset, if anybody's.
    ForgottenPassword { reset_id: Uuid },
    /// Take from somebody who has left a business what was theirs to do.
    PassOn { business_id: Uuid, account_id: Uuid },
    /// See whether a business is ready to text.
    SelfTest { business_id: Uuid },
    /// See what there is to do about a time that is free, or was.
    Waitlist { slot_id: Uuid },
    /// See whether a test of two texts is to end.
    Experiment { experiment_id: Uuid },
    /// Go on with the rows of a file.
    Import { import_id: Uuid },
    /// Go on with closing a business's conversations that have been quiet for so many days, from here.
    CloseQuiet {
        business_id: Uuid,
        days: i32,
        from: Option<(DateTime<Utc>, Uuid)>,
    },
}

/// The single place that writes into apalis' table: a row in the caller's transaction, due at `run_at` (whole seconds).
/// A second job with the same `key` is not added.
pub async fn enqueue(db: &impl ConnectionTrait, job: &Job, run_at: DateTime<Utc>, key: Option<&str>) -> Result<()> {
    let payload = serde_json::to_vec(job).map_err(|e| Error::broken(e.to_string()))?;
    let id = Ulid::new().to_string();
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, metadata, idempotency_key) \
             VALUES ($1, $2, $3, 'Pending', 0, 1, to_timestamp($4), 0, '', $5) ON CONFLICT DO NOTHING"
        }
        _ => {
            "INSERT INTO Jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, metadata, idempotency_key) \
             VALUES (?, ?, ?, 'Pending', 0, 1, ?, 0, '{}', ?) ON CONFLICT (job_type, idempotency_key) DO NOTHING"
        }
    };
    let values = [
        id.into(),
        QUEUE.into(),
        payload.into(),
        whole_seconds(run_at).into(),
        key.map(str::to_owned).into(),
    ];
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

/// Rounded up, so that a job is not popped before its time.
fn whole_seconds(at: DateTime<Utc>) -> i64 {
    at.timestamp() + i64::from(at.timestamp_subsec_millis() > 0)
}

/// Deletes finished jobs and workers that are gone; apalis keeps both for ever.
pub async fn prune(s: &Services) -> Result<()> {
    let db = &s.db().write;
    let statements: [&str; 2] = if s.db().is_postgres() {
        [
            "DELETE FROM apalis.jobs WHERE status IN ('Done', 'Killed', 'Failed') AND done_at < now() - interval '1 hour'",
            "DELETE FROM apalis.workers w WHERE last_seen < now() - interval '1 day' \
             AND NOT EXISTS (SELECT 1 FROM apalis.jobs j WHERE j.lock_by = w.id)",
        ]
    } else {
        [
            "DELETE FROM Jobs WHERE status IN ('Done', 'Killed', 'Failed') AND done_at < unixepoch() - 3600",
            "DELETE FROM Workers WHERE last_seen < unixepoch() - 86400 \
             AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.lock_by = Workers.id)",
        ]
    };
    for sql in statements {
        db.execute_unprepared(sql).await?;
    }
    Ok(())
}
