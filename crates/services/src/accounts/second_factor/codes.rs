//! Secrets and codes: what an authenticator computes, what it is told by a picture, and recovery codes.

use chrono::{DateTime, Utc};
use contract::security::QrView;
use domain::second_factor::{RECOVERY_LENGTH, RECOVERY_LETTERS, STEP, steps};
use fast_qr::QRBuilder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use uuid::Uuid;

use crate::kernel::{Error, Result};

/// 160 bits, as RFC 4226 asks for; in Base32, as authenticators take them.
pub(super) fn new_secret() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    random(LETTERS, 32)
}

pub(super) fn new_recovery_code() -> String {
    random(RECOVERY_LETTERS, RECOVERY_LENGTH)
}

fn random(letters: &[u8; 32], length: usize) -> String {
    let letter = |_| {
        letters
            .get(rand::random_range(0..letters.len()))
            .map_or('A', |c| char::from(*c))
    };
    (0..length).map(letter).collect()
}

/// A recovery code as it is kept: 80 random bits are too many to be guessed, so a plain hash is enough.
pub(super) fn hash(account_id: Uuid, code: &str) -> String {
    hex::encode(Sha256::digest(format!("{account_id}:{code}")))
}

/// Which of the steps around `now` this code is of.
pub(super) fn step_of(secret: &str, typed: &str, now: DateTime<Utc>) -> Result<Option<i64>> {
    let totp = totp(secret)?;
    let mut found = None;
    // All are computed, whichever it is.
    for step in steps(now) {
        let moment = u64::try_from(step * STEP).unwrap_or_default();
        let same = totp.generate(moment).to_string().as_bytes().ct_eq(typed.as_bytes());
        if bool::from(same) && found.is_none() {
            found = Some(step);
        }
    }
    Ok(found)
}

fn totp(secret: &str) -> Result<Totp> {
    let broken = |cause: String| Error::broken(format!("a second factor's secret: {cause}"));
    let secret = Secret::try_from_base32(secret).map_err(|e| broken(e.to_string()))?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(secret)
        .build()
        .map_err(|e| broken(e.to_string()))
}

/// What the picture says: the secret, and under which name an authenticator keeps it.
pub(super) fn address(secret: &str, email: &str) -> String {
    let email = utf8_percent_encode(email, NON_ALPHANUMERIC);
    format!("otpauth://totp/Showup:{email}?secret={secret}&issuer=Showup")
}

/// The dark squares row by row, each run of them a rectangle.
pub(super) fn qr(text: &str) -> Result<QrView> {
    let code = QRBuilder::new(text)
        .build()
        .map_err(|e| Error::broken(format!("a picture of squares: {e}")))?;
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            let run = (x..code.size).take_while(|x| code[y][*x].value()).count();
            if run > 0 {
                path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            x += run.max(1);
        }
    }
    Ok(QrView {
        size: u32::try_from(code.size).unwrap_or_default(),
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let now = DateTime::from_timestamp(second, 0).expect("a moment");
            assert_eq!(step_of(secret, code, now).expect("a secret"), Some(second / 30), "{code}");
            assert_eq!(step_of(secret, "000000", now).expect("a secret"), None);
        }
    }

    #[test]
    fn a_picture_has_its_three_corners() {
        let address = address(&new_secret(), "olga+x@x.test");
        assert!(address.contains("olga%2Bx%40x%2Etest"), "{address}");
        let qr = qr(&address).expect("a picture");
        assert!(qr.size >= 21 && qr.path.starts_with("M0 0h7v1h-7z"), "{}", qr.path);
    }

    #[test]
    fn secrets_are_read_as_base32_and_differ() {
        let (one, other) = (new_secret(), new_secret());
        assert!(one != other && totp(&one).is_ok());
    }
}
