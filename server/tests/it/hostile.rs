//! What a provider, a network and customers do at their worst (docs/twilio.md §12), told from outside: webhooks signed as Twilio signs
//! them, the API, and what the simulated phones got in the end. Nothing here knows of tables or functions inside.

mod answers;
mod consent;
mod crash;
mod inbound;
mod outcomes;
mod reminders;
mod signature;
mod statuses;

pub const ANN: &str = "+14155550171";
pub const BEN: &str = "+14155550172";
