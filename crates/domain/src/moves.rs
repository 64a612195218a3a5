//! When a customer is told that their visit was moved.

use chrono::{DateTime, Duration, Utc};

/// How long the text about a move waits: a slip that is put right meanwhile tells nobody.
pub const TELL_AFTER: Duration = Duration::minutes(3);

/// Whoever comes so soon, or would have, is told unless staff say otherwise.
const NEAR: Duration = Duration::hours(24);

/// A move, as far as it decides whether its customer is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub now: DateTime<Utc>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The time that the customer knows of: where they were not told of the last one yet, an earlier one.
    pub known: DateTime<Utc>,
    /// They had said that they come.
    pub confirmed: bool,
    /// They were told of the time before this one as of a move, or were about to be.
    pub told_before: bool,
    /// What staff chose, if they did.
    pub tell: Option<bool>,
}

impl Move {
    /// Whether a text is to be sent.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.to != self.known && self.tell.unwrap_or_else(|| self.by_default())
    }

    fn by_default(&self) -> bool {
        let near = |at: DateTime<Utc>| at - self.now < NEAR;
        self.confirmed || self.told_before || near(self.from) || near(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    fn plain(from: i64, to: i64) -> Move {
        Move {
            now: at(0),
            from: at(from),
            to: at(to),
            known: at(from),
            confirmed: false,
            told_before: false,
            tell: None,
        }
    }

    #[test]
    fn who_comes_soon_or_has_confirmed_is_told_and_the_others_are_staffs_to_tell() {
        for (one, tells, why) in [
            (plain(72, 96), false, "days ahead, and nobody has confirmed: staff choose"),
            (plain(72, 23), true, "it would be within a day"),
            (plain(23, 72), true, "it was to be within a day"),
            (plain(24, 48), false, "a whole day ahead"),
            (
                Move {
                    confirmed: true,
                    ..plain(72, 96)
                },
                true,
                "they had said that they come",
            ),
            (
                Move {
                    told_before: true,
                    ..plain(72, 96)
                },
                true,
                "the last they heard is not true any more",
            ),
            (
                Move {
                    tell: Some(false),
                    confirmed: true,
                    ..plain(2, 3)
                },
                false,
                "staff say that they call",
            ),
            (
                Move {
                    tell: Some(true),
                    ..plain(72, 96)
                },
                true,
                "staff chose so",
            ),
            (
                Move {
                    known: at(3),
                    told_before: true,
                    ..plain(2, 3)
                },
                false,
                "it is back where they know it to be",
            ),
            (
                Move {
                    known: at(3),
                    tell: Some(true),
                    ..plain(2, 3)
                },
                false,
                "nor does asking for it make it news",
            ),
        ] {
            assert_eq!(one.tells(), tells, "{why}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_told_what_they_know_or_what_staff_keep_back(from in 1i64..200, to in 1i64..200, known in 1i64..200,
            confirmed: bool, told_before: bool, tell in prop::option::of(any::<bool>())) {
            let one = Move { known: at(known), confirmed, told_before, tell, ..plain(from, to) };
            prop_assert!(!(one.tells() && (to == known || tell == Some(false))));
            if tell == Some(true) {
                prop_assert_eq!(one.tells(), to != known);
            }
        }
    }
}
