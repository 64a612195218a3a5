//! Shapes that cross a wire: what a screen, a server function, the REST door or a live stream sends and gets.
//! Serde only; no behaviour beyond small readers. Times are UTC (RFC 3339), ids UUIDv7, phone numbers E.164.

pub mod accounts;
pub mod appointments;
pub mod businesses;
pub mod contacts;
pub mod conversations;
pub mod live;
pub mod messages;
pub mod notices;
pub mod paging;
pub mod problem;
pub mod reports;
pub mod tasks;

pub use paging::Page;
pub use problem::{Code, FieldError, Problem};
