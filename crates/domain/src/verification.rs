//! Whether a phone is somebody's: a code is texted to it and typed back. Whoever asks, and whoever types, may be anybody: both are bounded,
//! so that nobody's phone is flooded, and so that a code is not found by trying.

use chrono::{DateTime, Duration, Utc};

/// Codes there are: six digits.
pub const CODES: u32 = 1_000_000;

/// How long a code is good for.
pub const GOOD_FOR: Duration = Duration::minutes(10);

/// Codes that may be typed for one that was sent, the right one among them.
pub const TRIES: i32 = 5;

/// The least time between two codes to one number.
pub const PAUSE: Duration = Duration::minutes(1);

/// Most codes to one number within [`DAY`].
pub const A_DAY: usize = 5;

/// Most codes that are asked for at one business within [`HOUR`] and within [`DAY`]: a form that is open to everybody must not spend a
/// business's money without end.
pub const OF_A_BUSINESS: [(Duration, u64); 2] = [(HOUR, 40), (DAY, 200)];

pub const HOUR: Duration = Duration::hours(1);
pub const DAY: Duration = Duration::hours(24);

const DIGITS: usize = 6;

/// A code as it is texted, from any number: `004217`.
#[must_use]
pub fn code(number: u32) -> String {
    format!("{:0DIGITS$}", number % CODES)
}

/// The code that somebody typed, however they parted its digits; none where it can't be one.
#[must_use]
pub fn read(typed: &str) -> Option<String> {
    if typed.chars().count() > 4 * DIGITS {
        return None;
    }
    let mut digits = String::with_capacity(DIGITS);
    for c in typed.chars() {
        match c {
            // A phone's keyboard may write the digits of its own language.
            '0'..='9' => digits.push(c),
            '\u{660}'..='\u{669}' => digits.push(char::from(b'0' + (c as u32 - 0x660) as u8)),
            '-' | '.' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    (digits.len() == DIGITS).then_some(digits)
}

/// A code that was sent, as far as that decides whether it may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub at: DateTime<Utc>,
    pub tries: i32,
}

/// Whether a code may still be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// Its time is over.
    Over,
    /// It was tried too often.
    Spent,
}

impl Sent {
    #[must_use]
    pub fn standing(self, now: DateTime<Utc>) -> Standing {
        if now >= self.at + GOOD_FOR {
            Standing::Over
        } else if self.tries >= TRIES {
            Standing::Spent
        } else {
            Standing::Open
        }
    }

    /// Tries that are left.
    #[must_use]
    pub fn left(self) -> i32 {
        (TRIES - self.tries).max(0)
    }
}

/// Whether one more code may go to a number that has had these, whichever business asks.
///
/// # Errors
/// When it may.
pub fn may_ask(before: &[DateTime<Utc>], now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
    let mut recent: Vec<DateTime<Utc>> = before.iter().copied().filter(|at| *at > now - DAY).collect();
    recent.sort_unstable();
    let after_pause = recent.last().map(|last| *last + PAUSE);
    let first_of_five = recent.len().checked_sub(A_DAY).and_then(|at| recent.get(at));
    let after_day = first_of_five.map(|first| *first + DAY);
    match after_pause.max(after_day).filter(|at| *at > now) {
        Some(at) => Err(at),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
    }

    #[rstest]
    #[case("123456", Some("123456"))]
    #[case(" 123 456 ", Some("123456"))]
    #[case("123-456", Some("123456"))]
    #[case("1.2.3.4.5.6", Some("123456"))]
    #[case("000000", Some("000000"))]
    #[case("٠١٢٣٤٥", Some("012345"))]
    #[case("12345", None)]
    #[case("1234567", None)]
    #[case("", None)]
    #[case("12345x", None)]
    #[case("G-123456", None)]
    #[case("+123456", None)]
    #[case("１２３４５６", None)]
    #[case("1                                   23456", None)]
    fn codes_are_read_as_people_type_them(#[case] typed: &str, #[case] code: Option<&str>) {
        assert_eq!(read(typed).as_deref(), code);
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_five_tries() {
        let sent = |tries| Sent { at: at(0), tries };
        assert_eq!(sent(0).standing(at(0)), Standing::Open);
        assert_eq!(sent(4).standing(at(599)), Standing::Open);
        assert_eq!(sent(5).standing(at(1)), Standing::Spent);
        assert_eq!(sent(0).standing(at(600)), Standing::Over);
        assert_eq!(sent(9).standing(at(600)), Standing::Over);
        assert_eq!((sent(0).left(), sent(4).left(), sent(9).left()), (5, 1, 0));
    }

    #[rstest]
    #[case::never_asked(&[], 0, Ok(()))]
    #[case::just_now(&[0], 0, Err(60))]
    #[case::a_second_too_early(&[0], 59, Err(60))]
    #[case::a_minute_later(&[0], 60, Ok(()))]
    #[case::five_today(&[0, 60, 120, 180, 240], 3600, Err(86_400))]
    #[case::the_first_was_yesterday(&[0, 60, 120, 180, 240], 86_400, Ok(()))]
    #[case::but_the_second_counts(&[0, 60, 120, 180, 240, 86_400], 86_430, Err(86_460))]
    #[case::in_any_order(&[240, 0, 180, 60, 120], 3600, Err(86_400))]
    fn how_often_a_number_is_texted(#[case] before: &[i64], #[case] now: i64, #[case] may: Result<(), i64>) {
        let before: Vec<_> = before.iter().map(|s| at(*s)).collect();
        assert_eq!(may_ask(&before, at(now)), may.map_err(at));
    }

    proptest! {
        #[test]
        fn however_often_somebody_asks_a_phone_gets_five_a_day(pauses in prop::collection::vec(0_i64..4_000, 1..200)) {
            let (mut now, mut sent) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                if may_ask(&sent, at(now)).is_ok() {
                    sent.push(at(now));
                }
            }
            for (index, one) in sent.iter().enumerate() {
                let within = sent[index..].iter().filter(|other| **other - *one < DAY).count();
                prop_assert!(within <= A_DAY, "{within}");
            }
            prop_assert!(sent.windows(2).all(|two| two[1] - two[0] >= PAUSE));
        }

        #[test]
        fn every_code_is_read_as_it_was_written(number: u32) {
            let code = code(number);
            prop_assert_eq!(code.len(), DIGITS);
            prop_assert_eq!(read(&code), Some(code));
        }
    }
}
