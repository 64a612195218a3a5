//! USE CASES. One public async function per sentence the product says. This room owns transactions, the clock, the actor,
//! live events and the queue; doors call it, one call per request.

pub mod accounts;
mod actor;
pub mod appointments;
mod audit;
mod batcher;
pub mod businesses;
mod clock;
pub mod contacts;
pub mod conversations;
pub mod db;
mod error;
pub mod integrations;
pub mod live;
pub mod messages;
pub mod notices;
pub mod numbers;
mod paging;
#[cfg(test)]
mod plans;
pub mod queue;
pub mod reminders;
pub mod reports;
pub mod seed;
pub mod tasks;
mod tx;
pub mod vault;
pub mod wake;

use std::sync::Arc;

pub use actor::{Actor, Permission, Who};
use chrono::{DateTime, Utc};
pub use clock::Clock;
pub use db::Db;
pub use error::{Error, Result};
use numbers::connections;
pub use numbers::connections::Credentials;
pub use twilio::signature::SharedKey;
pub(crate) use tx::Tx;
use wake::Wake;

/// What this installation was told about the world outside.
#[derive(Clone)]
pub struct Settings {
    /// Where Twilio and browsers reach us, without a trailing slash; callback URLs and signatures are built from it.
    pub public_url: String,
    /// Sender for businesses that have no number of their own, E.164.
    pub default_from: Option<String>,
    /// Most texts a second for the whole account; none means that Twilio's own answers set the pace.
    pub account_per_second: Option<u32>,
    /// The installation's own Twilio account, for businesses that have none of theirs.
    pub account: Option<Credentials>,
}

/// Everything a use case needs; the one value in axum state, Leptos context and job data. Cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    connections: connections::Connections,
    settings: Settings,
    live: Wake,
    outbox: Wake,
    queue: Wake,
    inbound: messages::InboundBatch,
    writing: messages::Writing,
    looks: contacts::Looks,
    results: messages::ResultBatch,
    statuses: messages::StatusBatch,
    passwords: tokio::sync::Semaphore,
    vault: vault::Vault,
    searches: contacts::search::Cache,
}

impl Services {
    /// Loads the keys and Twilio accounts of a database that is up to date. The first time after an upgrade from a version without
    /// encryption, this encrypts what is there.
    ///
    /// # Errors
    /// When the database does not answer or was encrypted with another secret.
    pub async fn open(db: Db, clock: Clock, twilio: twilio::Api, settings: Settings, master: vault::Master) -> Result<Self> {
        let groups = if db.is_postgres() { 2 } else { 1 };
        let s = Self(Arc::new(Inner {
            vault: vault::Vault::load(&db, master, clock.now()).await?,
            searches: contacts::search::Cache::default(),
            db,
            clock,
            connections: connections::Connections::new(twilio, settings.account.clone()),
            settings,
            live: Wake::default(),
            outbox: Wake::default(),
            queue: Wake::default(),
            inbound: messages::InboundBatch::new(groups),
            writing: messages::Writing::new(groups),
            looks: contacts::Looks::new(1),
            results: messages::ResultBatch::new(groups),
            statuses: messages::StatusBatch::new(groups),
            // argon2 takes a core and 19 MiB for a moment; two at a time leave the machine to everybody else.
            passwords: tokio::sync::Semaphore::new(2),
        }));
        vault::rotation::upgrade(&s).await?;
        connections::refresh(&s).await?;
        Ok(s)
    }

    /// Now, to the millisecond, which is what both databases keep.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Notified when there is something new for live streams.
    pub fn live(&self) -> &Wake {
        &self.0.live
    }

    /// Notified when texts wait to be sent.
    pub fn outbox(&self) -> &Wake {
        &self.0.outbox
    }

    /// Notified when there are jobs in the queue.
    pub fn queue(&self) -> &Wake {
        &self.0.queue
    }

    pub(crate) fn inbound(&self) -> &messages::InboundBatch {
        &self.0.inbound
    }

    pub(crate) fn writing(&self) -> &messages::Writing {
        &self.0.writing
    }

    pub(crate) fn looks(&self) -> &contacts::Looks {
        &self.0.looks
    }

    pub(crate) fn results(&self) -> &messages::ResultBatch {
        &self.0.results
    }

    pub(crate) fn statuses(&self) -> &messages::StatusBatch {
        &self.0.statuses
    }

    pub(crate) fn vault(&self) -> &vault::Vault {
        &self.0.vault
    }

    pub(crate) fn searches(&self) -> &contacts::search::Cache {
        &self.0.searches
    }

    pub(crate) fn connections(&self) -> &connections::Connections {
        &self.0.connections
    }

    pub(crate) fn passwords(&self) -> &tokio::sync::Semaphore {
        &self.0.passwords
    }

    /// For reading outside a transaction.
    pub(crate) fn read(&self) -> &sea_orm::DatabaseConnection {
        &self.0.db.read
    }
}
