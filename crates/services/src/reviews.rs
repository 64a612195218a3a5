//! Asking for reviews: after a visit that was kept, or when a program asks for it; everybody alike, once per visit and once in 180 days per
//! number. Who was not asked stands in the same list, with the reason.
//!
//! A request is a row with the time at which it is looked at next; the clock looks (`asking`), and what it wrote is then on the way that every
//! message takes.

mod asking;
mod guard;
mod listen;
mod opening;
mod planning;
mod rules;
mod state;
mod view;

pub use asking::tick;
pub(crate) use guard::still_wanted;
pub(crate) use listen::{appointments_changed, contacts_changed, messages_changed};
pub use opening::{Opened, open};
pub use planning::{ask, get};
pub use rules::{change_rules, settings};
pub use view::{list, overview};
