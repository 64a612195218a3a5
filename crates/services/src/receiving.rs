//! What customers text us: stored before it is acknowledged, once per SID, and never lost to an error of ours (`receive`); whose it is
//! (`route`); what it does (`handle`).

mod answer;
mod handle;
mod receive;
pub mod returned;
mod route;
mod saying;

pub(crate) use receive::{InboundBatch, forget, receive_again, take, unprocessed};
pub use receive::{Received, receive};
#[cfg(test)]
pub(crate) use route::last_senders;
