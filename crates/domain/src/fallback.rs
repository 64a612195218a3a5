//! By which way somebody is told something, and what is tried when that did not work.
//!
//! The rule in words. Everybody has an order of ways: their own, else their business's. What is to be said goes the first way that is open:
//! an address is known, it is not known to be dead, and its consent is given. The next way is tried only if all that were tried before are
//! *known to have failed*: refused, given up by the network, come back, or not arrived by a person's word. What may still arrive is waited
//! for, however long that takes; of what nobody knows the outcome it is found out first. Not having been read in time is no failure: the
//! message is there, and the same by another way would be two for one. Nothing is tried after an opt-out, which ends what is wanted and not
//! a way, and nothing once it is of no use any more. Each way is tried once.

use crate::consent::Channel;

/// The ways of a business that has said nothing.
pub const USUAL: [Channel; 3] = [Channel::Sms, Channel::WhatsApp, Channel::Email];

/// What became of something that went one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits, is under way, has arrived, or nobody knows.
    Open,
    /// Known to have failed.
    Failed,
    /// Taken back before it left.
    Withdrawn,
    /// It failed because they want nothing more.
    OptedOut,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<C> {
    /// Say it this way.
    By(C),
    /// It is on its way, or there.
    Stay,
    /// Nothing more is tried.
    Ended,
    /// No way is left.
    Nothing,
}

/// Which way is next. `order`: the ways, best first; `open`: whether one can be used; `tried`: what became of those that were, of each the
/// last; `useful`: whether it still makes sense.
pub fn next<C: Copy + PartialEq>(order: &[C], open: impl Fn(C) -> bool, tried: &[(C, Fate)], useful: bool) -> Next<C> {
    if tried.iter().any(|(_, fate)| *fate == Fate::Open) {
        return Next::Stay;
    }
    if !useful || tried.iter().any(|(_, fate)| *fate == Fate::OptedOut) {
        return Next::Ended;
    }
    let failed = |way: C| tried.iter().any(|(by, fate)| *by == way && *fate == Fate::Failed);
    let left = order.iter().copied().find(|way| !failed(*way) && open(*way));
    left.map_or(Next::Nothing, Next::By)
}

/// The order that holds for somebody: their own, else their business's. A way that this version does not know is left out.
#[must_use]
pub fn order(own: Option<&str>, business: &str) -> Vec<Channel> {
    let read = |stored: &str| -> Vec<Channel> { stored.split(',').filter_map(|word| word.parse().ok()).collect() };
    let own = own.map(read).filter(|ways| !ways.is_empty());
    let mut ways = own.unwrap_or_else(|| read(business));
    if ways.is_empty() {
        ways.extend(USUAL);
    }
    ways
}

/// An order as it is kept.
#[must_use]
pub fn words(order: &[Channel]) -> String {
    order.iter().map(|way| way.as_str()).collect::<Vec<_>>().join(",")
}

/// What one way's message of something is called: never two of one way. Texts are called as they were when there was no other way.
#[must_use]
pub fn correlation(intent: &str, way: Channel) -> String {
    match way {
        Channel::Sms => intent.to_owned(),
        other => format!("{intent}:{other}"),
    }
}

/// What this message is one way's of.
#[must_use]
pub fn intent(correlation: &str, way: Channel) -> &str {
    let end = match way {
        Channel::Sms => return correlation,
        other => other.as_str(),
    };
    let cut = correlation.strip_suffix(end).and_then(|rest| rest.strip_suffix(':'));
    cut.unwrap_or(correlation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THREE: [char; 3] = ['s', 'w', 'e'];

    #[test]
    fn the_first_way_that_is_open_is_taken_and_the_next_only_after_a_failure() {
        use Fate::{Failed, Open, OptedOut, Withdrawn};
        for (open, tried, useful, expected) in [
            ("swe", vec![], true, Next::By('s')),
            ("we", vec![], true, Next::By('w')),
            ("", vec![], true, Next::Nothing),
            ("swe", vec![('s', Open)], true, Next::Stay),
            ("swe", vec![('s', Failed)], true, Next::By('w')),
            ("se", vec![('s', Failed)], true, Next::By('e')),
            ("swe", vec![('s', Failed), ('w', Open)], true, Next::Stay),
            ("swe", vec![('s', Failed), ('w', Failed)], true, Next::By('e')),
            ("swe", vec![('s', Failed), ('w', Failed), ('e', Failed)], true, Next::Nothing),
            // Who has changed their mind about the order is not told twice.
            ("swe", vec![('e', Open)], true, Next::Stay),
            ("swe", vec![('s', Withdrawn)], true, Next::By('s')),
            ("swe", vec![('s', OptedOut)], true, Next::Ended),
            ("swe", vec![('s', Failed), ('w', OptedOut)], true, Next::Ended),
            ("swe", vec![('s', Failed)], false, Next::Ended),
        ] {
            let got = next(&THREE, |way| open.contains(way), &tried, useful);
            assert_eq!(got, expected, "{open} {tried:?} {useful}");
        }
    }

    #[test]
    fn an_order_is_ones_own_or_the_business_s() {
        use Channel::{Email, Sms, WhatsApp};
        for (own, business, expected) in [
            (None, "sms,email", vec![Sms, Email]),
            (Some("email,sms"), "sms,email", vec![Email, Sms]),
            (Some("email"), "sms,email", vec![Email]),
            (Some("pigeon"), "email", vec![Email]),
            (Some(""), "", vec![Sms, WhatsApp, Email]),
        ] {
            assert_eq!(order(own, business), expected, "{own:?} {business}");
        }
    }

    #[test]
    fn each_way_of_one_thing_has_a_name_of_its_own() {
        for way in Channel::ALL {
            assert_eq!(intent(&correlation("reminder:7:24h", *way), *way), "reminder:7:24h");
        }
        assert_ne!(correlation("x", Channel::Sms), correlation("x", Channel::Email));
        assert_eq!(intent("x", Channel::Email), "x");
    }

    /// What can become of a message, as time goes by.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Ask,
        Fails(u8),
        Arrives(u8),
        Withdrawn(u8),
        OptsOut(u8),
        Closes(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let way = 0..3_u8;
        prop_oneof![
            3 => Just(Step::Ask),
            3 => way.clone().prop_map(Step::Fails),
            1 => way.clone().prop_map(Step::Arrives),
            1 => way.clone().prop_map(Step::Withdrawn),
            1 => way.clone().prop_map(Step::OptsOut),
            1 => way.prop_map(Step::Closes),
        ]
    }

    proptest! {
        /// Three ways that fail at random: nobody is ever reached by two of them for one thing, unless the first is known to have failed; nor
        /// twice by one that may have left; nor by any after an opt-out.
        #[test]
        fn nobody_is_told_twice(steps in proptest::collection::vec(step(), 1..60), order in Just(THREE.to_vec()).prop_shuffle()) {
            let mut tried: Vec<(char, Fate)> = Vec::new();
            let mut arrived: Vec<char> = Vec::new();
            let mut closed: Vec<char> = Vec::new();
            let mut stopped = false;
            for step in steps {
                let change = |tried: &mut Vec<(char, Fate)>, way: u8, to: Fate| {
                    let way = THREE[usize::from(way)];
                    let one = tried.iter_mut().find(|(by, fate)| *by == way && *fate == Fate::Open);
                    one.map(|one| one.1 = to).is_some()
                };
                match step {
                    Step::Ask => {
                        let open = |way: char| !closed.contains(&way);
                        if let Next::By(way) = next(&order, open, &tried, true) {
                            prop_assert!(!stopped, "told after an opt-out");
                            prop_assert!(arrived.is_empty(), "told by {way} what has arrived by {arrived:?}");
                            prop_assert!(tried.iter().all(|(_, fate)| matches!(fate, Fate::Failed | Fate::Withdrawn)));
                            prop_assert!(!tried.contains(&(way, Fate::Failed)), "{way} twice");
                            prop_assert!(!closed.contains(&way));
                            tried.retain(|(by, _)| *by != way);
                            tried.push((way, Fate::Open));
                        }
                    }
                    // What has arrived does not fail any more.
                    Step::Fails(way) if !arrived.contains(&THREE[usize::from(way)]) => {
                        change(&mut tried, way, Fate::Failed);
                    }
                    Step::Arrives(way) => {
                        let way = THREE[usize::from(way)];
                        if tried.contains(&(way, Fate::Open)) {
                            arrived.push(way);
                        }
                    }
                    Step::Withdrawn(way) if !arrived.contains(&THREE[usize::from(way)]) => {
                        change(&mut tried, way, Fate::Withdrawn);
                    }
                    Step::OptsOut(way) if !arrived.contains(&THREE[usize::from(way)]) => {
                        stopped |= change(&mut tried, way, Fate::OptedOut);
                    }
                    Step::Closes(way) => closed.push(THREE[usize::from(way)]),
                    _ => {}
                }
            }
        }
    }
}
