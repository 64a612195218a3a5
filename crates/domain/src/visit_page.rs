//! The page of a visit that its customer opens by a link, without signing in: the link's secret, how long it opens, and the page's words.

mod words;

pub use words::{ALL, ENGLISH, SPANISH, Words};

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// How long after its visit a link opens.
pub const OPENS_FOR: Duration = Duration::days(30);

/// What is signed, so that no other signature of ours with the same key is one of these.
const PURPOSE: &[u8] = b"showup/visit/1";
const OF_PERSON: &[u8] = b"showup/person/1";
const OF_OFFER: &[u8] = b"showup/offer/1";

/// Letters of a link: nothing that ends an address in a text, or that is broken at the end of a line.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 22;

/// Links of earlier revisions that are told from forged ones. Who has revoked more often is told the same of older ones as of forged ones.
const REMEMBERED: i32 = 50;

/// The secret part of a link: where its visit's id begins, and the first half of a signature over the whole id. It is never stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token {
    begins: u64,
    seal: [u8; 8],
}

/// What a link is to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It opens its page.
    Good,
    /// It did once.
    Revoked,
    /// It is none of this visit's.
    Forged,
}

impl Token {
    /// The link of a visit. `revision` grows when its links are revoked.
    #[must_use]
    pub fn new(key: &[u8; 32], visit: u128, revision: i32) -> Self {
        Self::sealed(visit, signed(key, PURPOSE, visit, revision))
    }

    /// The link by which somebody says how they are reached. It never ends: who can't stop what they get has other ways to complain.
    #[must_use]
    pub fn of_person(key: &[u8; 32], contact: u128) -> Self {
        Self::sealed(contact, signed(key, OF_PERSON, contact, 0))
    }

    /// Whether this is that link of this person.
    #[must_use]
    pub fn is_of_person(&self, key: &[u8; 32], contact: u128) -> bool {
        signed(key, OF_PERSON, contact, 0).verify_truncated_left(&self.seal).is_ok()
    }

    /// The link by which somebody answers what they were offered.
    #[must_use]
    pub fn of_offer(key: &[u8; 32], offer: u128) -> Self {
        Self::sealed(offer, signed(key, OF_OFFER, offer, 0))
    }

    /// Whether this is that link of this offer.
    #[must_use]
    pub fn is_of_offer(&self, key: &[u8; 32], offer: u128) -> bool {
        signed(key, OF_OFFER, offer, 0).verify_truncated_left(&self.seal).is_ok()
    }

    fn sealed(id: u128, mac: Hmac<Sha256>) -> Self {
        let mut seal = [0; 8];
        for (to, from) in seal.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        Self {
            begins: (id >> 64) as u64,
            seal,
        }
    }

    /// Reads what stands in an address. Every token is written in one way alone.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let mut number = 0_u128;
        for letter in text.bytes() {
            let digit = LETTERS.iter().position(|known| *known == letter)?;
            number = number.checked_mul(62)?.checked_add(digit as u128)?;
        }
        Some(Self {
            begins: (number >> 64) as u64,
            seal: (number as u64).to_be_bytes(),
        })
    }

    /// Between which ids, both included, its visit's lies. Those made within the same millisecond may lie there, too.
    #[must_use]
    pub fn ids(&self) -> (u128, u128) {
        let first = u128::from(self.begins) << 64;
        (first, first | u128::from(u64::MAX))
    }

    /// What this is to a visit whose links have this revision by now.
    #[must_use]
    pub fn standing(&self, key: &[u8; 32], visit: u128, revision: i32) -> Standing {
        // In the same time for every wrong one.
        let fits = |revision| {
            signed(key, PURPOSE, visit, revision)
                .verify_truncated_left(&self.seal)
                .is_ok()
        };
        if fits(revision) {
            return Standing::Good;
        }
        let earlier = revision.saturating_sub(REMEMBERED).max(0)..revision;
        if earlier.into_iter().any(fits) {
            Standing::Revoked
        } else {
            Standing::Forged
        }
    }
}

fn signed(key: &[u8; 32], purpose: &[u8], id: u128, revision: i32) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(purpose);
    mac.update(&id.to_be_bytes());
    mac.update(&revision.to_be_bytes());
    mac
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = u128::from(self.begins) << 64 | u128::from(u64::from_be_bytes(self.seal));
        let mut letters = [b'0'; LENGTH];
        for letter in letters.iter_mut().rev() {
            *letter = LETTERS[(number % 62) as usize];
            number /= 62;
        }
        f.write_str(&String::from_utf8_lossy(&letters))
    }
}

/// It opens somebody's page, so it stands in no log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Whether the time of a visit's links is over; `ends_at`: when the visit ends, or begins where no end is known.
#[must_use]
pub fn is_over(ends_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now >= ends_at + OPENS_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 32] = [7; 32];
    const VISIT: u128 = 0x0193_f0a1_b2c3_7abc_8def_0123_4567_89ab;

    #[test]
    fn a_link_is_written_in_22_letters_and_read_again() {
        let token = Token::new(&KEY, VISIT, 0);
        let text = token.to_string();
        assert_eq!(text.len(), LENGTH, "{text}");
        assert!(text.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{text}");
        let read = Token::read(&text).expect("what we wrote");
        assert!(read == token);
        assert_eq!(read.standing(&KEY, VISIT, 0), Standing::Good);
        let (first, last) = read.ids();
        assert!((first..=last).contains(&VISIT));
        assert_eq!(format!("{token:?}"), "Token", "no log shows it");
    }

    #[test]
    fn what_is_no_link_is_not_read() {
        for text in [
            "",
            "short",
            "zzzzzzzzzzzzzzzzzzzzzz",
            "0123456789012345678901234",
            "012345678901234567890-",
            "01234567890123456789é",
        ] {
            assert!(Token::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_revoked_link_is_told_from_a_forged_one() {
        let old = Token::new(&KEY, VISIT, 2);
        assert_eq!(old.standing(&KEY, VISIT, 3), Standing::Revoked);
        assert_eq!(old.standing(&KEY, VISIT, 2 + REMEMBERED), Standing::Revoked);
        assert_eq!(old.standing(&KEY, VISIT, 3 + REMEMBERED), Standing::Forged, "long ago");
        assert_eq!(old.standing(&KEY, VISIT, 1), Standing::Forged, "not given out yet");
        assert_eq!(old.standing(&[8; 32], VISIT, 2), Standing::Forged, "another installation's");
    }

    #[test]
    fn it_opens_for_thirty_days() {
        let end: DateTime<Utc> = "2027-01-05T21:00:00Z".parse().expect("an instant");
        assert!(!is_over(end, end - Duration::days(400)));
        assert!(!is_over(end, end + OPENS_FOR - Duration::milliseconds(1)));
        assert!(is_over(end, end + OPENS_FOR));
    }

    #[test]
    fn a_persons_link_is_theirs_alone_and_opens_no_visit() {
        let theirs = Token::of_person(&KEY, VISIT);
        assert!(theirs.is_of_person(&KEY, VISIT));
        assert!(!theirs.is_of_person(&KEY, VISIT + 1) && !theirs.is_of_person(&[8; 32], VISIT));
        assert_eq!(theirs.standing(&KEY, VISIT, 0), Standing::Forged);
        assert!(!Token::new(&KEY, VISIT, 0).is_of_person(&KEY, VISIT));
    }

    proptest! {
        #[test]
        fn no_letter_can_be_changed(visit: u128, revision in 0_i32..1000, at in 0..LENGTH, by in 1..62_usize) {
            let token = Token::new(&KEY, visit, revision);
            let mut letters: Vec<u8> = token.to_string().into_bytes();
            let digit = LETTERS.iter().position(|known| *known == letters[at]).expect("a letter of ours");
            letters[at] = LETTERS[(digit + by) % 62];
            let forged = Token::read(&String::from_utf8_lossy(&letters));
            let standing = forged.map_or(Standing::Forged, |forged| forged.standing(&KEY, visit, revision));
            // Where only the visit's beginning differs, the seal still fits this one; but it is looked for among others.
            let found = forged.is_some_and(|forged| (forged.ids().0..=forged.ids().1).contains(&visit));
            prop_assert!(standing != Standing::Good || !found);
        }

        #[test]
        fn one_visits_link_opens_no_other(visit: u128, other: u128, revision in 0_i32..9) {
            prop_assume!(visit != other);
            prop_assert_eq!(Token::new(&KEY, visit, revision).standing(&KEY, other, revision), Standing::Forged);
        }

        #[test]
        fn whatever_is_asked_for_nothing_breaks(text in "\\PC{0,40}") {
            if let Some(token) = Token::read(&text) {
                prop_assert_eq!(token.to_string(), text);
            }
        }
    }
}
