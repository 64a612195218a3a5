//! USE CASES. One public async function per sentence the product says; doors call them, one call per request.
//!
//! The rooms stand on floors, and import downward only (`script/lint` holds them to it):
//!
//! - `kernel`: transactions, events, the clock, the actor, the queue, sealing; it knows no noun.
//! - nouns, low to high: `accounts`, `businesses`, `spend`, `reports` (what happened on each day), `figures` (what texts and visits count as), `integrations`, `contacts`, `appointments`, `preferences` (what customers say of how they are reached), `feeds`, `conversations`, `messages`,
//!   `tasks`; `exports` and `imports` (files of people and visits); `audit` (who changed what, to be read); `review_platforms` (where customers write reviews); `channels`, `numbers`, `mails` (to staff) and `notifications`; `templates` (what customers are told, in whose words), `experiments` (two texts tried against each other) and `twins` (what WhatsApp has approved of it); `selftest` (whether a business is ready); `alerts` (what has left its usual course); then what messages go through: `delivery`, `outbox`, `sending`;
//!   `verification` (whose phone it is, by a code that is texted to it);
//!   `quick_replies`; `triggers`, by which another program has a text sent; `questions` that are open to be answered;
//!   `confirming`, which asks whether somebody wants offers;
//!   `moves` of visits, which customers are told of, and `reminders`: both ask them;
//!   `waitlist`, which fills times that come free, and asks, too; `waitlist_form`, by which anybody joins it;
//!   `reviews`, which asks for them after visits; `attendance` (who comes, as far as it is known);
//!   `webhooks`, by which programs of others are told what happens;
//!   `calendars`, which book what others keep; `visit_page`, which a visit's customer opens without signing in;
//!   `receiving`, which answers; `reconcile`, which compares;
//!   `retention`, which removes what texts said.
//! - tops: `merging` (two people who are one), `search` (people, messages and visits at once), `filters` (what the
//!   inbox is narrowed by), `samples` (people to try things with), `pages` (what a screen shows of many nouns),
//!   `monthly` (the month's report by mail), `platform` (all businesses, for whoever runs the installation), `doctor` (what the installation itself looks like),
//!   `listeners` (what follows from an event), `guards` (whether a message is still wanted), `jobs`, `setup`, `seed`, and
//!   this file, which wires them.

pub mod accounts;
pub mod alerts;
pub mod appointments;
pub mod attendance;
pub mod audit;
pub mod businesses;
pub mod calendars;
pub mod channels;
mod confirming;
pub mod contacts;
pub mod conversations;
pub mod delivery;
pub mod doctor;
pub mod experiments;
pub mod exports;
pub mod feeds;
pub mod figures;
pub mod filters;
mod guards;
pub mod imports;
pub mod integrations;
pub mod jobs;
mod kernel;
mod listeners;
pub mod mails;
pub mod merging;
pub mod messages;
pub mod monthly;
pub mod moves;
pub mod notifications;
pub mod numbers;
pub mod outbox;
pub mod pages;
pub mod platform;
pub mod preferences;
#[cfg(test)]
mod query_plans;
mod questions;
pub mod quick_replies;
pub mod receiving;
pub mod reconcile;
pub mod reminders;
pub mod reports;
pub mod retention;
pub mod review_platforms;
pub mod reviews;
pub mod samples;
pub mod search;
pub mod seed;
pub mod selftest;
pub mod sending;
pub mod setup;
mod spend;
pub mod tasks;
pub mod templates;
pub mod triggers;
pub mod twins;
mod verification;
pub mod visit_page;
pub mod waitlist;
pub mod waitlist_form;
pub mod webhooks;

use channels::connections::{self, Connections};
use kernel::{services::Extensions, tx::Wiring};

pub use channels::{connections::Credentials, email::Email};
pub use kernel::{
    Actor, Clock, Db, Error, OidcSettings, Permission, Principal, Proxies, Result, Services, Settings, cursors, db, live, once,
    queue, rotation, vault, wake,
};
pub use spend::set_price;
pub use twilio::signature::SharedKey;

static WIRING: Wiring = Wiring {
    listeners: listeners::LISTENERS,
    guard: guards::still_wanted,
    views: listeners::views,
    count: |tx, counts| Box::pin(listeners::count(tx, counts)),
    recount: |tx, changed| Box::pin(figures::changed(tx, changed)),
};

/// Twilio: where it is, and the installation's own account, for businesses that have none of theirs.
pub struct Twilio {
    pub api: twilio::Api,
    pub account: Option<Credentials>,
}

impl Services {
    /// `email`: the mail server, if mail is to be sent. Loads the keys and Twilio accounts of a database that is up to date. The first time after an upgrade from a version without
    /// encryption, this encrypts what is there.
    ///
    /// # Errors
    /// When the database does not answer or was encrypted with another secret.
    pub async fn open(
        db: Db,
        clock: Clock,
        twilio: Twilio,
        email: Option<Email>,
        settings: Settings,
        master: vault::Master,
    ) -> Result<Self> {
        // As many groups at work as the database takes transactions that write.
        let groups = if db.is_postgres() { 2 } else { 1 };
        let vault = vault::Vault::load(&db, master, clock.now()).await?;
        let nouns = Extensions::default()
            .with(&WIRING)
            .with(accounts::Passwords::default())
            .with(accounts::Throttle::default())
            .with(
                settings
                    .oidc
                    .clone()
                    .map(|oidc| accounts::oidc::Issuer::new(oidc, &settings.public_url)),
            )
            .with(appointments::link::Signing::default())
            .with(contacts::Looks::new(1))
            .with(contacts::search::Cache::default())
            .with(templates::Cache::default())
            .with(Connections::new(twilio.api, twilio.account))
            .with(verification::Addresses::default())
            .with(channels::push::Push::new(&settings.public_url))
            .with(calendars::Fetcher::new(settings.private_calendars))
            .with(webhooks::Caller::new(settings.private_webhooks))
            .with(email)
            .with(selftest::Front::new())
            .with(delivery::StatusBatch::new(groups))
            .with(outbox::Writing::new(groups))
            .with(sending::ResultBatch::new(groups))
            .with(receiving::InboundBatch::new(groups));
        let s = Self::new(db, clock, settings, vault, nouns);
        rotation::upgrade(&s).await?;
        connections::refresh(&s).await?;
        notifications::prepare(&s).await?;
        appointments::link::prepare(&s).await?;
        Ok(s)
    }
}
