//! How fast a number may send, and an account may be called (docs/twilio.md §8): segments are given slots, so that no more than the
//! carriers' rate goes out; how fast an account may go is learned from Twilio's answers ([`Allowance`]).
//!
//! This is GCRA, a leaky bucket that keeps one instant per sender: when it is free again. Reserving moves that instant on, so
//! whoever comes next gets a later slot, and nobody has to wait and ask again.

use chrono::{DateTime, Duration, Utc};
use std::num::NonZeroU32;

mod allowance;

pub use allowance::{Allowance, Leave};

/// Segments per second, in thousandths: a campaign may have 3.75.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// Segments in a thousand seconds.
    pub per_1000_s: NonZeroU32,
}

impl Rate {
    const fn per_second(segments: u32) -> Option<Self> {
        match NonZeroU32::new(segments.saturating_mul(1000)) {
            Some(per_1000_s) => Some(Self { per_1000_s }),
            None => None,
        }
    }

    /// So many in a thousand seconds, at least one.
    #[must_use]
    pub const fn thousandths(per_1000_s: u32) -> Self {
        match NonZeroU32::new(per_1000_s) {
            Some(per_1000_s) => Self { per_1000_s },
            None => Self {
                per_1000_s: NonZeroU32::MIN,
            },
        }
    }

    /// How long so many segments take, rounded up to the microsecond.
    fn time_for(self, segments: u32) -> Duration {
        let micros = (u64::from(segments) * 1_000_000_000).div_ceil(u64::from(self.per_1000_s.get()));
        Duration::microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// What a sender is, and so how fast it may go by default; an installation may know better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// An ordinary number: 1 segment a second.
    LongCode,
    /// 800, 833, 844, 855, 866, 877 or 888 in North America: 3 a second.
    TollFree,
    /// 3 to 6 digits: 100 a second.
    ShortCode,
    /// A WhatsApp sender: 80 messages a second.
    WhatsApp,
    /// A Messaging Service, which queues by itself.
    Service,
}

impl NumberKind {
    /// The usual rate (docs/twilio.md §8); none where Twilio does the pacing.
    #[must_use]
    pub const fn rate(self) -> Option<Rate> {
        match self {
            Self::LongCode => Rate::per_second(1),
            Self::TollFree => Rate::per_second(3),
            Self::ShortCode => Rate::per_second(100),
            Self::WhatsApp => Rate::per_second(80),
            Self::Service => None,
        }
    }
}

/// Kind of a sender: an E.164 number, a short code's digits or a Messaging Service's SID (`MG…`).
#[must_use]
pub fn kind_of(number: &str) -> NumberKind {
    const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];
    if number.starts_with("MG") {
        return NumberKind::Service;
    }
    if number.starts_with(crate::whatsapp::PREFIX) {
        return NumberKind::WhatsApp;
    }
    if (3..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) {
        return NumberKind::ShortCode;
    }
    let area = number.strip_prefix("+1").filter(|n| n.len() == 10).and_then(|n| n.get(..3));
    if area.is_some_and(|a| TOLL_FREE.contains(&a)) {
        NumberKind::TollFree
    } else {
        NumberKind::LongCode
    }
}

/// A reserved place in a sender's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When the message may go; `now` when it may go at once.
    pub at: DateTime<Utc>,
    /// When the sender is free again: what the next reservation is to be given.
    pub next: DateTime<Utc>,
}

/// Reserves a slot for a message of so many segments.
///
/// `next` is [`Slot::next`] of the sender's last reservation, none when there was none. `ahead` is how far the sender may run ahead
/// of its pace: with two seconds at one a second, two segments go at once after a rest, before the third has to wait. Over any
/// stretch of time no more goes out than the rate allows in it, plus the rate times `ahead`, plus one message.
#[must_use]
pub fn reserve(next: Option<DateTime<Utc>>, now: DateTime<Utc>, segments: u32, rate: Rate, ahead: Duration) -> Slot {
    let free = next.map_or(now, |next| next.max(now));
    let early = free.checked_sub_signed(ahead).unwrap_or(now);
    Slot {
        at: early.max(now),
        next: free
            .checked_add_signed(rate.time_for(segments))
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::long_code("+15550100142", NumberKind::LongCode)]
    #[case::abroad("+46701234567", NumberKind::LongCode)]
    #[case::toll_free("+18335550142", NumberKind::TollFree)]
    #[case::not_toll_free("+18225550142", NumberKind::LongCode)]
    #[case::toll_free_digits_abroad("+48005550142", NumberKind::LongCode)]
    #[case::short_code("12345", NumberKind::ShortCode)]
    #[case::short_code_of_three("123", NumberKind::ShortCode)]
    #[case::service("MG0123456789abcdef0123456789abcdef", NumberKind::Service)]
    #[case::nothing("", NumberKind::LongCode)]
    fn a_number_shows_what_it_is(#[case] number: &str, #[case] kind: NumberKind) {
        assert_eq!(kind_of(number), kind);
    }

    #[test]
    fn usual_rates_are_per_second() {
        let rates = [
            NumberKind::LongCode,
            NumberKind::TollFree,
            NumberKind::ShortCode,
            NumberKind::Service,
        ]
        .map(|kind| kind.rate().map(|rate| rate.per_1000_s.get()));
        assert_eq!(rates, [Some(1000), Some(3000), Some(100_000), None]);
    }

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("in range")
    }

    #[test]
    fn slots_follow_one_another_at_the_sender_s_pace() {
        let rate = NumberKind::LongCode.rate().expect("it has one");
        let first = reserve(None, at(0), 2, rate, Duration::zero());
        assert_eq!(
            first,
            Slot {
                at: at(0),
                next: at(2000)
            }
        );
        let second = reserve(Some(first.next), at(500), 1, rate, Duration::zero());
        assert_eq!(
            second,
            Slot {
                at: at(2000),
                next: at(3000)
            }
        );
        let ahead = reserve(Some(first.next), at(500), 1, rate, Duration::seconds(1));
        assert_eq!(
            ahead,
            Slot {
                at: at(1000),
                next: at(3000)
            }
        );
        let rested = reserve(Some(second.next), at(9000), 1, rate, Duration::zero());
        assert_eq!(
            rested,
            Slot {
                at: at(9000),
                next: at(10_000)
            }
        );
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let slow = Rate {
            per_1000_s: NonZeroU32::MIN,
        };
        let slot = reserve(Some(DateTime::<Utc>::MAX_UTC), at(0), u32::MAX, slow, Duration::MAX);
        assert_eq!(slot.next, DateTime::<Utc>::MAX_UTC);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_its_share(
            messages in prop::collection::vec((0i64..3000, 1u32..8), 1..60),
            per_1000_s in 200u32..20_000,
            ahead_ms in 0i64..5000,
        ) {
            let rate = Rate { per_1000_s: NonZeroU32::new(per_1000_s).expect("not zero") };
            let ahead = Duration::milliseconds(ahead_ms);
            let (mut now, mut next) = (at(0), None);
            let mut sent: Vec<(DateTime<Utc>, u32)> = Vec::new();
            for (wait_ms, segments) in messages {
                now += Duration::milliseconds(wait_ms);
                let slot = reserve(next, now, segments, rate, ahead);
                prop_assert!(slot.at >= now);
                prop_assert!(sent.last().is_none_or(|(last, _)| *last <= slot.at), "in order");
                next = Some(slot.next);
                sent.push((slot.at, segments));
            }
            for (i, (from, _)) in sent.iter().enumerate() {
                for j in i..sent.len() {
                    let sum: u32 = sent[i..=j].iter().map(|(_, n)| n).sum();
                    let most = sent[i..=j].iter().map(|(_, n)| *n).max().unwrap_or_default();
                    let window = sent[j].0 - *from + ahead;
                    // A microsecond per message for the rounding up.
                    prop_assert!(rate.time_for(sum - most) <= window + Duration::microseconds(60), "{sum} within {window}");
                }
            }
        }
    }
}
