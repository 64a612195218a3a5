//! THE GROUND FLOOR. What every noun stands on: the transaction, events and who hears them, the clock, the actor, the queue, sealing.
//! It names what can happen and what can change, by id, and imports no noun; what follows from an event is in `listeners`.

pub(crate) mod actor;
pub(crate) mod addresses;
pub(crate) mod audit;
pub(crate) mod batcher;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod counters;
pub mod cursors;
pub mod db;
pub(crate) mod error;
pub(crate) mod events;
pub mod live;
pub mod once;
pub(crate) mod paging;
pub(crate) mod proxies;
pub mod queue;
pub mod rotation;
pub(crate) mod services;
pub(crate) mod tokens;
pub(crate) mod tx;
pub mod vault;
pub mod wake;

pub use self::{
    actor::{Actor, Permission, Principal},
    clock::Clock,
    db::Db,
    error::{Error, Result},
    proxies::Proxies,
    services::{OidcSettings, Services, Settings},
};
pub(crate) use self::{events::Event, tx::Tx};
