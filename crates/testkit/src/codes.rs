//! An authenticator, as somebody has it on their phone.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret};

/// What an authenticator shows at `now` that was told this secret, as a page shows it.
///
/// # Panics
/// When that is no secret.
pub fn code(secret: &str, now: DateTime<Utc>) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).expect("Base32");
    let totp = Builder::new().with_secret(secret).build().expect("a secret of 160 bits");
    totp.generate(u64::try_from(now.timestamp()).expect("after 1970")).to_string()
}
