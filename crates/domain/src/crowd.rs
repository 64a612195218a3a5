//! How often one address may knock at a door that is open to everybody. What is remembered is bounded, however many addresses there are.

use chrono::{DateTime, Duration, Utc};
use std::{collections::HashMap, net::IpAddr};

/// Addresses that are remembered at once.
const MOST: usize = 20_000;

/// So many at once, and one more after each `pause`.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub at_once: u32,
    pub pause: Duration,
}

/// How often each address has knocked of late.
#[derive(Debug)]
pub struct Crowd {
    allowance: Allowance,
    /// When each will have all of its allowance again.
    whole_again: HashMap<u128, DateTime<Utc>>,
}

impl Crowd {
    #[must_use]
    pub fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            whole_again: HashMap::new(),
        }
    }

    /// How long this address has to wait; none: it may come in.
    #[must_use]
    pub fn must_wait(&self, who: IpAddr, now: DateTime<Utc>) -> Option<Duration> {
        let owed = self.owed(who, now) + self.allowance.pause - self.allowance.pause * self.allowance.at_once as i32;
        (owed > Duration::zero()).then_some(owed)
    }

    /// It has come in.
    pub fn note(&mut self, who: IpAddr, now: DateTime<Utc>) {
        // Who has knocked more often than is counted waits no longer for it.
        let most = self.allowance.pause * (self.allowance.at_once as i32 + 1);
        let owed = (self.owed(who, now) + self.allowance.pause).min(most);
        if self.whole_again.len() >= MOST && !self.whole_again.contains_key(&key(who)) {
            self.forget(now);
        }
        self.whole_again.insert(key(who), now + owed);
    }

    fn owed(&self, who: IpAddr, now: DateTime<Utc>) -> Duration {
        let whole = self.whole_again.get(&key(who)).copied().unwrap_or(now);
        (whole - now).max(Duration::zero())
    }

    /// Those that owe nothing any more; where all do, the half that owes less.
    fn forget(&mut self, now: DateTime<Utc>) {
        self.whole_again.retain(|_, whole| *whole > now);
        if self.whole_again.len() >= MOST {
            let mut all: Vec<DateTime<Utc>> = self.whole_again.values().copied().collect();
            let middle = all.len() / 2;
            let (_, middle, _) = all.select_nth_unstable(middle);
            let middle = *middle;
            self.whole_again.retain(|_, whole| *whole > middle);
        }
    }
}

/// An address; of IPv6 the network, for whoever has one address there has as many as they like.
pub(crate) fn key(who: IpAddr) -> u128 {
    match who.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) & !u128::from(u64::MAX) | 1 << 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn crowd() -> Crowd {
        Crowd::new(Allowance {
            at_once: 3,
            pause: Duration::seconds(10),
        })
    }

    #[test]
    fn three_at_once_then_one_every_ten_seconds() {
        let (mut crowd, who) = (crowd(), ip("192.0.2.1"));
        for _ in 0..3 {
            assert_eq!(crowd.must_wait(who, at(0)), None);
            crowd.note(who, at(0));
        }
        assert_eq!(crowd.must_wait(who, at(0)), Some(Duration::seconds(10)));
        assert_eq!(crowd.must_wait(who, at(9)), Some(Duration::seconds(1)));
        assert_eq!(crowd.must_wait(who, at(10)), None);
        crowd.note(who, at(10));
        assert_eq!(crowd.must_wait(who, at(10)), Some(Duration::seconds(10)));
        assert_eq!(crowd.must_wait(ip("192.0.2.2"), at(0)), None, "somebody else");
        for _ in 0..100 {
            crowd.note(who, at(10));
        }
        assert_eq!(crowd.must_wait(who, at(30)), None, "who went on knocking waits no longer");
    }

    #[test]
    fn a_network_of_ipv6_is_one_and_a_v4_address_in_v6_is_itself() {
        let mut crowd = crowd();
        for n in 1..=3 {
            crowd.note(ip(&format!("2001:db8:1:2::{n}")), at(0));
        }
        assert!(crowd.must_wait(ip("2001:db8:1:2:ffff::9"), at(0)).is_some());
        assert_eq!(crowd.must_wait(ip("2001:db8:1:3::1"), at(0)), None);
        for _ in 0..3 {
            crowd.note(ip("192.0.2.1"), at(0));
        }
        assert!(crowd.must_wait(ip("::ffff:192.0.2.1"), at(0)).is_some());
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let mut crowd = crowd();
        let busy = ip("203.0.113.7");
        for _ in 0..4 {
            crowd.note(busy, at(0));
        }
        for n in 0..(MOST as u32 * 2) {
            crowd.note(IpAddr::V4(n.into()), at(0));
            assert!(crowd.whole_again.len() <= MOST);
        }
        assert!(crowd.must_wait(busy, at(0)).is_some(), "who owes most is remembered longest");
    }
}
