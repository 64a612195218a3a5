//! Codes of an authenticator: which are taken, and what is said of those that are not. A code belongs to a step of 30 seconds.

use chrono::{DateTime, Utc};

/// Seconds of a step (RFC 6238).
pub const STEP: i64 = 30;

/// Steps before and after the present one whose codes are taken: clocks differ, and people take time to type.
pub const NEAR: i64 = 1;

/// Steps whose codes are recognised, so that a clock that is wrong can be called so. Few, because each is one more to guess.
pub const FAR: i64 = 6;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// A device is trusted for so many days.
pub const TRUSTED_DAYS: i64 = 30;

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;

/// What is written into a field for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Six digits, as an authenticator shows them.
    Code(String),
    /// A recovery code, as it is kept.
    Recovery(String),
}

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is one of this step, and taken.
    Right(i64),
    /// It was taken before, or a newer one was.
    Used,
    /// It was right, or will be: the authenticator's clock is off by so many seconds, ahead if more than none.
    ClockOff(i64),
    Wrong,
}

/// Which step a moment belongs to.
#[must_use]
pub fn step(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP)
}

/// Steps whose codes are looked at, the nearest first.
pub fn steps(now: DateTime<Utc>) -> impl Iterator<Item = i64> {
    let here = step(now);
    std::iter::once(here).chain((1..=FAR).flat_map(move |n| [here - n, here + n]))
}

/// What to do with a code of the step `found`, if it is of any that was looked at. `last`: the newest step of which a code was taken.
#[must_use]
pub fn judge(now: DateTime<Utc>, found: Option<i64>, last: i64) -> Verdict {
    let Some(found) = found else { return Verdict::Wrong };
    let off = found - step(now);
    if off.abs() > NEAR {
        Verdict::ClockOff(off * STEP)
    } else if found <= last {
        Verdict::Used
    } else {
        Verdict::Right(found)
    }
}

/// What was typed: spaces and dashes are how people read codes, and letters may be small.
#[must_use]
pub fn read(text: &str) -> Option<Typed> {
    // More than a recovery code takes is none.
    if text.len() > 64 {
        return None;
    }
    let kept: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let kept = kept.to_ascii_uppercase();
    if kept.len() == DIGITS && kept.bytes().all(|c| c.is_ascii_digit()) {
        Some(Typed::Code(kept))
    } else if kept.len() == RECOVERY_LENGTH && kept.bytes().all(|c| RECOVERY_LETTERS.contains(&c)) {
        Some(Typed::Recovery(kept))
    } else {
        None
    }
}

/// Letters of a recovery code: 32 that nobody takes for another. Sixteen of them are 80 bits.
pub const RECOVERY_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
pub const RECOVERY_LENGTH: usize = 16;

/// A recovery code as it is shown: in fours.
#[must_use]
pub fn shown(recovery: &str) -> String {
    let letters: Vec<char> = recovery.chars().collect();
    let fours: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
    fours.join("-")
}

/// Why a code is not taken, in words for who has typed it.
#[must_use]
pub fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Right(_) => String::new(),
        Verdict::Used => "This code was used already. Please wait for the next one.".to_owned(),
        Verdict::ClockOff(seconds) => {
            let minutes = (seconds.abs() + 30) / 60;
            let much = if minutes <= 1 {
                "a minute".to_owned()
            } else {
                format!("{minutes} minutes")
            };
            let way = if seconds > 0 { "ahead" } else { "behind" };
            format!(
                "The clock of your authenticator seems to be about {much} {way}. Set the time of that device to automatic, and try the next code."
            )
        }
        Verdict::Wrong => "This code is not right. Please type the six digits that your authenticator shows now.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(30 * 60_000_000 + seconds, 0).expect("an instant")
    }

    #[rstest]
    #[case::this_one(0, 0, Verdict::Right(60_000_000))]
    #[case::the_one_before(0, -1, Verdict::Right(59_999_999))]
    #[case::the_next(29, 1, Verdict::Right(60_000_001))]
    #[case::two_before(0, -2, Verdict::ClockOff(-60))]
    #[case::two_minutes_ahead(0, 4, Verdict::ClockOff(120))]
    fn one_step_before_and_after_is_taken(#[case] second: i64, #[case] off: i64, #[case] verdict: Verdict) {
        assert_eq!(judge(at(second), Some(60_000_000 + off), 0), verdict);
    }

    #[test]
    fn nothing_is_taken_twice_nor_after_a_newer_one() {
        let now = 60_000_000;
        assert_eq!(judge(at(0), Some(now), now), Verdict::Used);
        assert_eq!(judge(at(0), Some(now - 1), now), Verdict::Used);
        assert_eq!(judge(at(0), Some(now + 1), now), Verdict::Right(now + 1));
        assert_eq!(judge(at(0), None, 0), Verdict::Wrong);
    }

    #[test]
    fn the_nearest_steps_are_looked_at_first() {
        let here = step(at(0));
        let all: Vec<i64> = steps(at(0)).map(|step| step - here).collect();
        assert_eq!(all, [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6]);
    }

    #[rstest]
    #[case("123456", Some(Typed::Code("123456".to_owned())))]
    #[case(" 123 456 ", Some(Typed::Code("123456".to_owned())))]
    #[case("abcd-efgh-jklm-2345", Some(Typed::Recovery("ABCDEFGHJKLM2345".to_owned())))]
    #[case("12345", None)]
    #[case("1234567", None)]
    #[case("", None)]
    #[case("ABCD-EFGH-JKLM-1045", None)]
    #[case("１２３４５６", None)]
    fn what_people_type_is_read(#[case] text: &str, #[case] typed: Option<Typed>) {
        assert_eq!(read(text), typed);
        assert_eq!(read(&"1".repeat(1_000)), None);
    }

    #[test]
    fn a_recovery_code_that_is_shown_is_read_again() {
        let code: String = RECOVERY_LETTERS
            .iter()
            .take(RECOVERY_LENGTH)
            .map(|c| char::from(*c))
            .collect();
        assert_eq!(shown(&code), "ABCD-EFGH-JKLM-NPQR");
        assert_eq!(read(&shown(&code)), Some(Typed::Recovery(code)));
    }

    #[test]
    fn words_speak_of_the_clock() {
        let ahead = words(Verdict::ClockOff(120));
        assert!(ahead.contains("clock") && ahead.contains("2 minutes ahead"), "{ahead}");
        assert!(words(Verdict::ClockOff(-60)).contains("a minute behind"));
        assert!(words(Verdict::Used).contains("used already"));
    }
}
