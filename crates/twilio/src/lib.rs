//! Twilio's HTTP API for messages and numbers and its webhooks, in Rust types.
//!
//! Each usable without the others:
//! - [`Api`] and its [`Client`]s: create, fetch and list messages; a create ends in one of four [`Outcome`]s.
//! - [`content`] and [`template`]: contents for WhatsApp, their approval, and sending them with their values.
//! - [`senders`]: WhatsApp senders, where they post, what they show, how they are.
//! - [`address`]: a number, a number on WhatsApp, or somebody there without a number.
//! - [`numbers`]: look for a number, buy it, where its texts are posted, how it is registered.
//! - [`signature`]: is this webhook request really from Twilio?
//! - [`forms`]: what an inbound message or a status callback says.
//! - [`errors`]: what an error code means and what to do about it.
//!
//! The crate knows nothing of the product that uses it. Rules are taken from `docs/twilio.md`; section numbers are given where they apply.

pub mod address;
mod client;
pub mod content;
pub mod errors;
pub mod forms;
mod message;
pub mod numbers;
mod outcome;
pub mod senders;
pub mod signature;
pub mod template;
pub mod tls;

pub use client::{AccountSeen, Api, Client, Config, ListQuery, Look, NewMessage, NumberSeen, Page, ReadError, ServiceSeen};
pub use message::Message;
pub use outcome::{Outcome, Taken};
pub use template::NewTemplate;
