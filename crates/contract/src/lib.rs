//! Shapes that cross a wire: what a screen, a server function, the REST door or a live stream sends and gets.
//! Serde only; no behaviour beyond small readers. Times are UTC (RFC 3339), ids UUIDv7, phone numbers E.164; views say each
//! number twice, the second time as people of the business's country write it. What a client sends (commands and queries) has no unknown
//! fields: a misspelt one would be a wish that nobody hears.

pub mod accounts;
pub mod alerts;
pub mod appointment_types;
pub mod appointments;
pub mod attendance;
pub mod audit;
pub mod businesses;
pub mod calendar;
pub mod calendars;
pub mod contacts;
pub mod conversations;
pub mod experiments;
pub mod feeds;
pub mod filters;
pub mod imports;
pub mod integrations;
pub mod live;
pub mod mails;
pub mod merging;
pub mod messages;
pub mod notices;
pub mod notifications;
pub mod numbers;
pub mod paging;
pub mod platform;
pub mod problem;
pub mod quick_replies;
pub mod reports;
pub mod reviews;
pub mod search;
pub mod security;
pub mod selftest;
pub mod setup;
pub mod task_form;
pub mod tasks;
pub mod templates;
pub mod today;
pub mod triggers;
pub mod waitlist;
pub mod webhooks;
pub mod whatsapp;

pub use paging::{Page, PageQuery};
pub use problem::{Code, FieldError, Pointed, Problem};
