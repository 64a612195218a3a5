//! Two entries of one person become one, and come apart again: what holds for both.
//!
//! In doubt nothing is sent, nobody is forgotten, and nothing that somebody wrote is lost.

use crate::consent::State;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// Where one person stands of whom two things are known: the stricter of both. A yes that was given for one number is none for another.
#[must_use]
pub const fn stricter(one: State, other: State) -> State {
    match (one, other) {
        (State::OptedOut, _) | (_, State::OptedOut) => State::OptedOut,
        (State::Unknown, _) | (_, State::Unknown) => State::Unknown,
        (State::OptedIn, State::OptedIn) => State::OptedIn,
    }
}

/// Where somebody stands on a channel after the merge. `address`: whether one is known of each. One that was taken over brings along what
/// was said of it; a refusal stays in any case.
#[must_use]
pub fn joined(kept: (State, bool), other: (State, bool)) -> State {
    match (kept, other) {
        ((State::Unknown, false), (state, true)) | ((state, true), (State::Unknown, false)) => state,
        ((kept, _), (other, _)) => stricter(kept, other),
    }
}

/// Where the kept one stands once the merge is undone: as before it, unless something was said since.
#[must_use]
pub const fn kept_again(before: State, now: State, said_since: bool) -> State {
    if said_since { now } else { before }
}

/// Where the other one stands once the merge is undone. `stopped`: their own number has said STOP and not taken it back.
#[must_use]
pub fn other_again(before: State, now: State, said_since: bool, stopped: bool) -> State {
    if stopped || (said_since && now == State::OptedOut) {
        State::OptedOut
    } else {
        before
    }
}

/// What staff wrote about both, one after the other; what is the same is said once.
#[must_use]
pub fn notes(kept: &str, other: &str) -> String {
    match (kept.trim(), other.trim()) {
        ("", only) | (only, "") => only.to_owned(),
        (kept, other) if kept.contains(other) => kept.to_owned(),
        (kept, other) => format!("{kept}\n\n{other}"),
    }
}

/// How a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Since when it is closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Until when it is put aside.
    pub snoozed_until: Option<DateTime<Utc>>,
}

/// Two threads as one: who waits in either waits; it is put aside only where both are, until the first of them comes back.
#[must_use]
pub fn thread(one: Thread, other: Thread) -> Thread {
    let open = |t: &Thread| t.closed_at.is_none() && t.snoozed_until.is_none();
    let aside = !open(&one) && !open(&other);
    let snoozed_until = earlier(one.snoozed_until, other.snoozed_until).filter(|_| aside);
    Thread {
        waiting_since: earlier(one.waiting_since, other.waiting_since),
        closed_at: one
            .closed_at
            .max(other.closed_at)
            .filter(|_| aside && snoozed_until.is_none()),
        snoozed_until,
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How far somebody has seen two threads, as one: what they had not seen in either is new to them in both. `until` is the last that was
/// seen, `last` the last that there is.
#[must_use]
pub fn seen<T: Ord + Copy>(one: (T, Option<T>), other: (T, Option<T>)) -> T {
    let unseen = |(until, last): &(T, Option<T>)| last.is_some_and(|last| last > *until);
    let first_unseen = [one, other].into_iter().filter(unseen).map(|(until, _)| until).min();
    first_unseen.unwrap_or(one.0.max(other.0))
}

/// A thing that a person may be asked about by text, with the number behind the letter in those texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coded<T> {
    /// What it is.
    pub subject: T,
    /// Its number, counted for each person from 101 on.
    pub code: i32,
    /// Whether it was asked and can still be answered: then the number stands in a text, and stays what it is.
    pub asked: bool,
}

/// The numbers there are.
const FIRST: i32 = 101;
const LAST: i32 = 999;

/// New numbers for what has the same one as something else of both, so that an answer means one thing. `next`: the number that would be
/// given next.
///
/// # Errors
/// The number that both can still answer to, or that no free one is there for.
pub fn codes<T: Ord + Copy>(kept: &[Coded<T>], other: &[Coded<T>], next: i32) -> Result<BTreeMap<T, i32>, i32> {
    let used: BTreeSet<i32> = kept.iter().chain(other).map(|one| one.code).collect();
    let mut free = (next..=LAST).chain(FIRST..next).filter(|code| !used.contains(code));
    let mut anew = BTreeMap::new();
    for one in other {
        for twin in kept.iter().filter(|twin| twin.code == one.code) {
            let moved = match (one.asked, twin.asked) {
                (true, true) => return Err(one.code),
                (true, false) => twin.subject,
                (false, _) => one.subject,
            };
            if let Entry::Vacant(place) = anew.entry(moved) {
                place.insert(free.next().ok_or(one.code)?);
            }
        }
    }
    Ok(anew)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use std::collections::HashMap;

    const STATES: [State; 3] = [State::Unknown, State::OptedIn, State::OptedOut];

    #[rstest]
    #[case::both_agreed(State::OptedIn, State::OptedIn, State::OptedIn)]
    #[case::a_stop_is_one_whoever_said_yes(State::OptedIn, State::OptedOut, State::OptedOut)]
    #[case::the_kept_ones_stop_too(State::OptedOut, State::OptedIn, State::OptedOut)]
    #[case::a_yes_for_one_number_is_none_for_another(State::Unknown, State::OptedIn, State::Unknown)]
    #[case::nor_the_other_way_round(State::OptedIn, State::Unknown, State::Unknown)]
    #[case::nobody_was_asked(State::Unknown, State::Unknown, State::Unknown)]
    fn the_stricter_word_counts(#[case] kept: State, #[case] other: State, #[case] both: State) {
        assert_eq!(stricter(kept, other), both);
        assert_eq!(joined((kept, true), (other, true)), both, "where each has a number");
    }

    #[test]
    fn what_was_said_of_an_address_comes_along_with_it() {
        assert_eq!(joined((State::Unknown, false), (State::OptedIn, true)), State::OptedIn);
        assert_eq!(joined((State::OptedIn, true), (State::Unknown, false)), State::OptedIn);
        assert_eq!(
            joined((State::OptedOut, false), (State::OptedIn, true)),
            State::OptedOut,
            "a refusal stays"
        );
    }

    #[test]
    fn no_refusal_is_lost_by_merging_or_by_undoing_it() {
        for kept in STATES {
            for other in STATES {
                let both = joined((kept, true), (other, true));
                let refused = kept == State::OptedOut || other == State::OptedOut;
                assert_eq!(both == State::OptedOut, refused);
                for now in STATES {
                    let said = kept_again(kept, now, true);
                    assert!(
                        now != State::OptedOut || said == State::OptedOut,
                        "a STOP meanwhile holds for both"
                    );
                    assert!(now != State::OptedOut || other_again(other, now, true, false) == State::OptedOut);
                    assert_eq!(
                        other_again(other, now, true, true),
                        State::OptedOut,
                        "their own number's STOP"
                    );
                    let back = (kept_again(kept, both, false), other_again(other, both, false, false));
                    assert_eq!(back, (kept, other), "nothing was said: as before");
                }
            }
        }
    }

    #[rstest]
    #[case("", "", "")]
    #[case("Likes mornings", "", "Likes mornings")]
    #[case("", "Has a dog", "Has a dog")]
    #[case("Likes mornings", "Has a dog", "Likes mornings\n\nHas a dog")]
    #[case("Has a dog", " Has a dog ", "Has a dog")]
    fn notes_are_kept_and_not_said_twice(#[case] kept: &str, #[case] other: &str, #[case] both: &str) {
        assert_eq!(notes(kept, other), both);
    }

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::hours(hour)
    }

    fn thread_of(waiting: Option<i64>, closed: Option<i64>, snoozed: Option<i64>) -> Thread {
        Thread {
            waiting_since: waiting.map(at),
            closed_at: closed.map(at),
            snoozed_until: snoozed.map(at),
        }
    }

    #[rstest]
    #[case::who_waits_longest_counts((Some(3), None, None), (Some(2), None, None), (Some(2), None, None))]
    #[case::who_waits_in_either_waits((None, None, None), (Some(2), None, None), (Some(2), None, None))]
    #[case::closed_only_where_both_are((None, Some(1), None), (None, Some(2), None), (None, Some(2), None))]
    #[case::open_where_one_is((None, Some(1), None), (None, None, None), (None, None, None))]
    #[case::aside_until_the_first_comes_back((None, None, Some(9)), (None, None, Some(8)), (None, None, Some(8)))]
    #[case::a_snoozed_one_comes_back((None, Some(1), None), (None, None, Some(8)), (None, None, Some(8)))]
    #[case::an_open_one_is_not_put_aside((None, None, None), (None, None, Some(8)), (None, None, None))]
    fn a_thread_of_both_hides_nothing(
        #[case] one: (Option<i64>, Option<i64>, Option<i64>),
        #[case] other: (Option<i64>, Option<i64>, Option<i64>),
        #[case] both: (Option<i64>, Option<i64>, Option<i64>),
    ) {
        let of = |(waiting, closed, snoozed)| thread_of(waiting, closed, snoozed);
        assert_eq!(thread(of(one), of(other)), of(both));
        assert_eq!(thread(of(other), of(one)), of(both), "whichever is kept");
    }

    #[rstest]
    #[case::both_were_asked_the_same(true, true, None)]
    #[case::the_kept_one_was_not_asked_yet(false, true, Some(("kept", 103)))]
    #[case::the_other_one_was_not_asked_yet(true, false, Some(("other", 103)))]
    #[case::neither_was(false, false, Some(("other", 103)))]
    fn two_visits_with_one_code(#[case] kept: bool, #[case] other: bool, #[case] anew: Option<(&str, i32)>) {
        let coded = |subject, code, asked| Coded { subject, code, asked };
        let found = codes(
            &[coded("kept", 101, kept)],
            &[coded("other", 101, other), coded("later", 102, false)],
            102,
        );
        match anew {
            None => assert_eq!(found, Err(101)),
            Some(anew) => assert_eq!(found, Ok(BTreeMap::from([anew]))),
        }
    }

    #[test]
    fn codes_begin_again_after_the_last_one() {
        let coded = |subject, code| Coded {
            subject,
            code,
            asked: false,
        };
        assert_eq!(codes(&[coded(1, 999)], &[coded(2, 999)], 999), Ok(BTreeMap::from([(2, 101)])));
    }

    proptest! {
        #[test]
        fn an_answer_means_one_thing(
            kept in prop::collection::btree_map(101..112_i32, any::<bool>(), 0..8),
            other in prop::collection::btree_map(101..112_i32, any::<bool>(), 0..8),
            next in 101..=999_i32,
        ) {
            let coded = |side: i32, all: &BTreeMap<i32, bool>| -> Vec<Coded<i32>> {
                all.iter().map(|(code, asked)| Coded { subject: side * 10_000 + code, code: *code, asked: *asked }).collect()
            };
            let (kept, other) = (coded(1, &kept), coded(2, &other));
            match codes(&kept, &other, next) {
                Err(code) => {
                    let asked = |all: &[Coded<i32>]| all.iter().any(|one| one.code == code && one.asked);
                    prop_assert!(asked(&kept) && asked(&other), "refused only for what both can answer");
                }
                Ok(anew) => {
                    let mut by_code: HashMap<i32, i32> = HashMap::new();
                    for one in kept.iter().chain(&other) {
                        let code = anew.get(&one.subject).copied().unwrap_or(one.code);
                        prop_assert!(!one.asked || code == one.code, "what stands in a text stays");
                        prop_assert!((FIRST..=LAST).contains(&code));
                        prop_assert_eq!(by_code.insert(code, one.subject), None, "two things with one code");
                    }
                }
            }
        }

        #[test]
        fn what_was_new_to_somebody_stays_new(a in 0..20_u32, last_a in prop::option::of(1..20_u32), b in 0..20_u32, last_b in prop::option::of(1..20_u32)) {
            let until = seen((a, last_a), (b, last_b));
            let unseen = |until: u32, last: Option<u32>| last.is_some_and(|last| last > until);
            prop_assert_eq!(unseen(until, last_a.max(last_b)), unseen(a, last_a) || unseen(b, last_b));
        }

        #[test]
        fn merging_with_oneself_changes_no_state(n in 0..3_usize) {
            prop_assert_eq!(stricter(STATES[n], STATES[n]), STATES[n]);
        }
    }
}
