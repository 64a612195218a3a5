use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{clock::Clock, db::Db, proxies::Proxies, vault::Vault, wake::Wake};

/// What this installation was told about the world outside.
#[derive(Clone)]
pub struct Settings {
    /// Where Twilio and browsers reach us, without a trailing slash; callback URLs and signatures are built from it.
    pub public_url: String,
    /// Sender for businesses that have no number of their own, E.164.
    pub default_from: Option<String>,
    /// Most texts a second for the whole account; none means that Twilio's own answers set the pace.
    pub account_per_second: Option<u32>,
    /// Time between two readings of a calendar, and the least between two that lack an event before it counts as gone.
    pub calendars_every: chrono::Duration,
    /// Calendars at private addresses are read, too.
    pub private_calendars: bool,
    /// Webhooks go to private addresses, too, and without https.
    pub private_webhooks: bool,
    /// Requests that a key of the API may make in a minute.
    pub api_per_minute: u32,
    /// Proxies that say who asks.
    pub proxies: Proxies,
    /// Where people may sign in beside their password.
    pub oidc: Option<OidcSettings>,
}

/// An OpenID Connect issuer, and who we are to it.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, exactly as it calls itself.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// What its button says.
    pub name: String,
}

/// Everything a use case needs; the one value in axum state, Leptos context and job data. Cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>, Clock, Mode);

/// What may be done with the services.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    All,
    /// For somebody who only looks: whatever a use case forgets to ask, nothing is written.
    Looking,
}

struct Inner {
    db: Db,
    /// The same, without a way to write.
    shut: Db,
    settings: Settings,
    live: Wake,
    outbox: Wake,
    queue: Wake,
    vault: Vault,
    nouns: Extensions,
}

/// What nouns keep in memory while the process runs, one value of a type.
#[derive(Default)]
pub(crate) struct Extensions(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Extensions {
    pub(crate) fn with<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
        self
    }

    fn get<T: Any>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl Services {
    pub(crate) fn new(db: Db, clock: Clock, settings: Settings, vault: Vault, nouns: Extensions) -> Self {
        let inner = Inner {
            shut: db.shut(),
            db,
            settings,
            live: Wake::default(),
            outbox: Wake::default(),
            queue: Wake::default(),
            vault,
            nouns,
        };
        Self(Arc::new(inner), clock, Mode::All)
    }

    /// The same at another time: what was done then.
    pub(crate) fn at(&self, clock: Clock) -> Self {
        Self(Arc::clone(&self.0), clock, self.2)
    }

    /// The same for somebody who only looks: no transaction begins, and nothing else is written either.
    #[must_use]
    pub fn for_looking(&self) -> Self {
        Self(Arc::clone(&self.0), self.1.clone(), Mode::Looking)
    }

    /// Whether nothing can be written by these.
    pub fn only_looks(&self) -> bool {
        self.2 == Mode::Looking
    }

    /// Now, to the millisecond, which is what both databases keep.
    pub fn now(&self) -> DateTime<Utc> {
        self.1.now()
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub fn db(&self) -> &Db {
        match self.2 {
            Mode::All => &self.0.db,
            Mode::Looking => &self.0.shut,
        }
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

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// What a noun keeps in memory.
    ///
    /// # Panics
    /// When `Services::open` was not told of it; a test opens and asks for all.
    pub(crate) fn of<T: Any + Send + Sync>(&self) -> &T {
        let found = self.0.nouns.get();
        found.unwrap_or_else(|| panic!("{} is missing in Services::open", type_name::<T>()))
    }

    /// For reading outside a transaction.
    pub(crate) fn read(&self) -> &sea_orm::DatabaseConnection {
        &self.0.db.read
    }
}
