//! What a screen shows of many nouns at once. Nothing here writes.

pub mod backlog;
pub mod calendar;
pub mod contact;
pub mod dashboard;
pub mod guide;
pub mod log;
pub mod me;
pub mod notices;
pub mod people;
pub mod reports;
pub mod settings;
pub mod task;
pub mod texts;
pub mod thread;
pub mod today;
pub mod twilio;
pub mod visit;
