//! Secrets that stand in addresses: too long to be guessed, and kept as a hash.

use sha2::{Digest, Sha256};

/// 36 of these are 214 bits.
const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 36;

/// A new one.
pub(crate) fn token() -> String {
    let letter = |_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    (0..LENGTH).map(letter).collect()
}

/// As it is kept. No slower hash is needed for what nobody guesses.
pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
