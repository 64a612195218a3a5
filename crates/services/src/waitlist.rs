//! The waitlist: who waits for a time, times that came free, who is offered them, and who takes them.
//!
//! Locks are taken people first, then slots, each in the order of their ids; an offer is written under the lock of its slot. A customer's
//! transaction touches nobody else's texts: what follows for others is done by `going_on`.

mod entries;
pub(crate) mod link;
mod reading;
mod rules;
mod slots;
mod view;

pub use entries::{add, edit, get, join, leave, list, remove};
pub(crate) use entries::joined;
pub use rules::{change_rules, rules};
pub use slots::{board, close, create, get_slot};
pub(crate) use view::views_of;
