//! Shapes that cross a wire: what a screen, a server function, the REST door or a live stream sends and gets.
//! Serde only; no behaviour beyond small readers. Times are UTC (RFC 3339), ids UUIDv7, phone numbers E.164; views say each
//! number twice, the second time as people of the business's country write it. What a client sends (commands and queries) has no unknown
//! fields: a misspelt one would be a wish that nobody hears.

pub mod accounts;
pub mod appointments;
pub mod businesses;
pub mod contacts;
pub mod conversations;
pub mod live;
pub mod mails;
pub mod messages;
pub mod notices;
pub mod paging;
pub mod problem;
pub mod reports;
pub mod tasks;

pub use paging::{Page, PageQuery};
pub use problem::{Code, FieldError, Pointed, Problem};
