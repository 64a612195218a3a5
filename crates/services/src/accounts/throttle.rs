//! How often somebody may guess at passwords and codes: by account, by address, and by device where somebody has signed in before, which
//! waits for nobody else's guesses. Each process counts for itself, and forgets when it ends.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::Duration;
use contract::{Code, Problem};
use domain::guessing::{Guesses, Key, Rule, of_address};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::{Result, Services};

/// An account's password: five wrong ones cost nothing, and nobody waits longer than a minute.
const PASSWORDS: Rule = Rule {
    free: 5,
    first: Duration::seconds(1),
    longest: Duration::minutes(1),
    forgiven: Duration::hours(24),
};

/// All accounts from one address: many people share one.
const ADDRESSES: Rule = Rule {
    free: 30,
    first: Duration::seconds(1),
    longest: Duration::minutes(1),
    forgiven: Duration::hours(1),
};

/// An account's codes: there are a million only, and three of them are right.
const CODES: Rule = Rule {
    free: 5,
    first: Duration::seconds(2),
    longest: Duration::minutes(15),
    forgiven: Duration::hours(24),
};

pub(crate) struct Throttle {
    passwords: Mutex<Guesses>,
    addresses: Mutex<Guesses>,
    codes: Mutex<Guesses>,
}

impl Default for Throttle {
    fn default() -> Self {
        let of = |rule| Mutex::new(Guesses::new(rule));
        Self {
            passwords: of(PASSWORDS),
            addresses: of(ADDRESSES),
            codes: of(CODES),
        }
    }
}

/// Whose secret is guessed at. A device that is known waits for itself alone.
pub(super) enum Whose<'a> {
    /// Whether there is an account of this address or not.
    Email(&'a str),
    Account(Uuid),
    Device(Uuid),
    /// Who is signed in and is asked once more.
    SignedIn(Uuid),
}

impl Whose<'_> {
    fn key(&self) -> Key {
        let (kind, name) = match self {
            Whose::Email(email) => ("email", (*email).to_owned()),
            Whose::Account(id) => ("account", id.to_string()),
            Whose::Device(id) => ("device", id.to_string()),
            Whose::SignedIn(id) => ("signed in", id.to_string()),
        };
        let hash = Sha256::digest(format!("{kind}:{name}"));
        let (first, _) = hash.split_at(16);
        first.iter().fold(0, |key, byte| key << 8 | Key::from(*byte))
    }
}

/// A try that was let in and is not known to be right yet.
pub(super) struct Try {
    key: Key,
    address: Option<Key>,
    guesses: fn(&Throttle) -> &Mutex<Guesses>,
}

/// Begins to try a password.
///
/// # Errors
/// `TooMany`, in the same words whether there is such an account or not.
pub(super) fn password(s: &Services, whose: &Whose<'_>, address: Option<IpAddr>) -> Result<Try> {
    begin(s, whose, address, |throttle| &throttle.passwords)
}

/// Begins to try a code.
///
/// # Errors
/// `TooMany`.
pub(super) fn code(s: &Services, whose: &Whose<'_>) -> Result<Try> {
    begin(s, whose, None, |throttle| &throttle.codes)
}

fn begin(s: &Services, whose: &Whose<'_>, address: Option<IpAddr>, guesses: fn(&Throttle) -> &Mutex<Guesses>) -> Result<Try> {
    let (throttle, now) = (s.of::<Throttle>(), s.now());
    let address = address.map(of_address).filter(|_| !matches!(whose, Whose::Device(_)));
    // The address first: who waits for it has not tried the account.
    if let Some(address) = address {
        with(&throttle.addresses, |all| all.begin(address, now)).map_err(wait)?;
    }
    let key = whose.key();
    with(guesses(throttle), |all| all.begin(key, now)).map_err(|left| {
        if let Some(address) = address {
            with(&throttle.addresses, |all| all.one_right(address));
        }
        wait(left)
    })?;
    Ok(Try { key, address, guesses })
}

/// Somebody has proved by mail that this address is theirs: what others guessed at its password is forgotten.
pub(super) fn forget(s: &Services, email: &str) {
    with(&s.of::<Throttle>().passwords, |all| all.right(Whose::Email(email).key()));
}

impl Try {
    /// It was right.
    pub(super) fn right(self, s: &Services) {
        let throttle = s.of::<Throttle>();
        with((self.guesses)(throttle), |all| all.right(self.key));
        if let Some(address) = self.address {
            with(&throttle.addresses, |all| all.one_right(address));
        }
    }
}

/// Nothing that could panic is done while it is held, and what is counted is whole after each step.
fn with<T>(guesses: &Mutex<Guesses>, work: impl FnOnce(&mut Guesses) -> T) -> T {
    work(&mut guesses.lock().unwrap_or_else(PoisonError::into_inner))
}

fn wait(left: Duration) -> crate::kernel::Error {
    let seconds = u16::try_from(left.num_seconds()).unwrap_or_default() + 1;
    let words = match seconds {
        1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    };
    let said = format!("That was tried too often. Please wait {words} and try again.");
    Problem {
        retry_after: Some(seconds),
        ..Problem::new(Code::TooMany, said)
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_kinds_differ() {
        let id = Uuid::from_u128(7);
        let keys = [Whose::Account(id), Whose::Device(id), Whose::SignedIn(id)].map(|whose| whose.key());
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        assert_eq!(Whose::Email("a@x.test").key(), Whose::Email("a@x.test").key());
    }
}
