//! The waitlist: who waits for a time, times that came free, who is offered them, and who takes them.
//!
//! Locks are taken people first, then slots, each in the order of their ids; an offer is written under the lock of its slot. A customer's
//! transaction touches nobody else's texts: what follows for others is done by `going_on`.

mod acting;
mod answering;
mod asking;
pub(crate) mod entries;
mod going_on;
mod guard;
pub(crate) mod link;
mod listen;
mod matching;
mod not_arrived;
mod offered;
mod offering;
pub mod page;
mod reading;
mod rules;
mod saying;
mod sent;
mod slots;
mod taking;
mod telling;
pub mod times;
mod view;

pub use acting::{add_person, book, offer_time_of, skip};
pub(crate) use answering::answered;
pub(crate) use asking::stay;
pub(crate) use entries::joined;
pub use entries::{add, edit, get, join, leave, list, remove};
pub(crate) use going_on::go_on;
pub use going_on::tick;
pub(crate) use guard::still_wanted;
pub(crate) use listen::{appointments_changed, contacts_changed, entries_changed};
pub use not_arrived::look as look_for_who_has_not_come;
pub(crate) use offered::offered;
pub use rules::{change_rules, rules};
pub(crate) use sent::messages_changed;
pub use slots::{board, close, create, get_slot};
pub(crate) use slots::{free_between, views};
pub(crate) use taking::lock_asked;
pub(crate) use view::views_of;
