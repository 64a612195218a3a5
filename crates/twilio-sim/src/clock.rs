//! The simulator's own time.

use chrono::{DateTime, Utc};

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator imitates a service outside, which has a clock of its own"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// As Twilio writes times: RFC 2822, whole seconds, two-digit day.
pub(crate) fn rfc2822(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
