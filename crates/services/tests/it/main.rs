//! Use cases, each on SQLite and on PostgreSQL, with a simulated Twilio at a socket and a clock that is set.

mod answers;
mod appointments;
mod businesses;
mod channels;
mod clocks;
mod consent;
mod contacts;
mod desk;
mod email;
mod fail_closed;
mod hold;
mod inbox;
mod laws;
mod limits;
mod mails;
mod migrations;
mod numbers;
mod reconcile;
mod reminders;
mod sending;
mod status;
mod unclear;
mod vault;
mod waiting;
mod words;
