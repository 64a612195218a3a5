//! The rules of Showup: what may be sent, to whom, when, and what an answer means.
//!
//! Everything here is pure. There is no IO and no clock: whoever asks passes `now`. Instants are UTC
//! inside; a `Zone` argument names the zone of the person who will read or be woken by the result.
//! The crate builds for the browser too, so a screen and the server can never disagree about a rule.
//!
//! The cases behind most rules are in `vectors/*.json`, each with the reason it is there.

pub mod alerts;
pub mod api_key;
pub mod attendance;
pub mod audit;
pub mod breaker;
pub mod browser;
pub mod calendar;
pub mod calendars;
pub mod choice;
pub mod consent;
#[cfg(feature = "phone")]
pub mod countries;
pub mod crowd;
pub mod delivery;
#[cfg(feature = "phone")]
pub mod destinations;
pub mod experiments;
pub mod fallback;
pub mod figures;
pub mod filters;
pub mod guessing;
pub mod hours;
#[cfg(feature = "ics")]
pub mod ics;
#[cfg(feature = "imports")]
pub mod imports;
pub mod inbound;
pub mod language;
pub mod later;
pub mod letters;
pub mod members;
pub mod merge;
pub mod moves;
pub mod offer_page;
pub mod optout;
pub mod origin;
pub mod outcome;
pub mod permissions;
pub mod phone;
pub mod preferences;
pub mod prices;
pub mod quiet;
pub mod quota;
pub mod rate_limit;
pub mod registration;
pub mod reminders;
pub mod retention;
pub mod reviews;
pub mod search;
pub mod second_factor;
pub mod segments;
pub mod selftest;
pub mod series;
pub mod slug;
pub mod snooze;
pub mod template;
pub mod templates;
pub mod texts;
pub mod triggers;
pub mod verification;
pub mod visit_page;
pub mod waitlist;
pub mod waitlist_form;
pub mod webhooks;
pub mod whatsapp;
pub mod when;
pub mod words;
pub mod zone;

pub use words::UnknownWord;
