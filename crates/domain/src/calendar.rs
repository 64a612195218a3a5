//! How visits lie on a day: how long they take, which are at one time, and how they are drawn side by side.

use chrono::{DateTime, Duration, Utc};

/// Minutes from one line of the grid to the next; what is dragged comes to rest on one.
pub const STEP: i32 = 15;
/// Minutes that a visit is taken to last of which nobody has said it, and whose type does not say it either.
pub const USUAL: i32 = 30;
/// Hours that are shown even of an empty day.
pub const HOURS: (i32, i32) = (8, 18);
/// Visits side by side; what is more at one time shares the last place.
pub const MOST_LANES: usize = 6;
const DAY: i32 = 24 * 60;

/// From when to when somebody is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Nobody has said how long it takes: it is guessed.
    pub guessed: bool,
}

impl Span {
    /// `usual`: how long the type of visit takes, if it has one.
    #[must_use]
    pub fn new(from: DateTime<Utc>, until: Option<DateTime<Utc>>, usual: Option<i32>) -> Self {
        let minutes = usual.filter(|minutes| *minutes > 0).unwrap_or(USUAL);
        Self {
            from,
            until: until
                .filter(|until| *until > from)
                .unwrap_or(from + Duration::minutes(minutes.into())),
            guessed: until.is_none(),
        }
    }

    /// Whether both are at some moment; one that begins when the other ends is not.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.until && other.from < self.until
    }
}

/// Where something is drawn beside what is at the same time: place `at` of `of`, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub at: usize,
    pub of: usize,
}

/// Places for spans of minutes (from, until), in their order. What touches nobody has the whole width.
#[must_use]
pub fn lanes(spans: &[(i32, i32)]) -> Vec<Lane> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    let span = |n: usize| spans.get(n).copied().unwrap_or_default();
    order.sort_by_key(|n| (span(*n).0, -span(*n).1, *n));
    let mut placed = vec![Lane { at: 0, of: 1 }; spans.len()];
    // Those that hang together, and until when each of their places is taken.
    let (mut group, mut ends): (Vec<usize>, Vec<i32>) = (Vec::new(), Vec::new());
    let close = |group: &mut Vec<usize>, ends: &mut Vec<i32>, placed: &mut Vec<Lane>| {
        for n in group.drain(..) {
            if let Some(lane) = placed.get_mut(n) {
                lane.of = ends.len().max(1);
            }
        }
        ends.clear();
    };
    for n in order {
        let (from, until) = span(n);
        if ends.iter().all(|end| *end <= from) {
            close(&mut group, &mut ends, &mut placed);
        }
        let free = ends.iter().position(|end| *end <= from);
        let at = match free {
            Some(at) => at,
            None if ends.len() < MOST_LANES => {
                ends.push(from);
                ends.len() - 1
            }
            None => MOST_LANES - 1,
        };
        if let Some(end) = ends.get_mut(at) {
            *end = (*end).max(until.max(from + 1));
        }
        if let Some(lane) = placed.get_mut(n) {
            lane.at = at;
        }
        group.push(n);
    }
    close(&mut group, &mut ends, &mut placed);
    placed
}

/// The hours that are drawn: the usual ones, and all that the spans of minutes need.
#[must_use]
pub fn hours(spans: impl IntoIterator<Item = (i32, i32)>) -> (i32, i32) {
    spans.into_iter().fold(HOURS, |(first, last), (from, until)| {
        let until = until.clamp(0, DAY);
        (first.min(from.clamp(0, DAY - 1) / 60), last.max((until + 59) / 60))
    })
}

/// The nearest line of the grid, within a day.
#[must_use]
pub fn snapped(minute: i32) -> i32 {
    let line = (minute + STEP / 2).div_euclid(STEP) * STEP;
    line.clamp(0, DAY - STEP)
}

/// Rows of the grid that a span of minutes takes, counted from 1 at `first` o'clock: where it begins and where it ends.
#[must_use]
pub fn rows((from, until): (i32, i32), first: i32) -> (i32, i32) {
    let row = |minute: i32| (minute - first * 60).div_euclid(STEP) + 1;
    let begin = row(from).max(1);
    (begin, row(until + STEP - 1).max(begin + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    #[test]
    fn who_begins_when_another_ends_is_in_nobodys_way() {
        let span = |from, until| Span::new(at(from), Some(at(until)), None);
        for (a, b, overlap) in [
            ((0, 30), (30, 60), false),
            ((0, 30), (29, 60), true),
            ((0, 60), (15, 30), true),
            ((0, 60), (0, 60), true),
            ((0, 30), (45, 60), false),
        ] {
            assert_eq!(span(a.0, a.1).overlaps(&span(b.0, b.1)), overlap, "{a:?} {b:?}");
        }
    }

    #[test]
    fn an_end_that_nobody_has_said_is_the_types_or_half_an_hour() {
        let guessed = |usual| Span::new(at(0), None, usual);
        assert_eq!((guessed(Some(45)).until, guessed(Some(45)).guessed), (at(45), true));
        assert_eq!(guessed(None).until, at(30));
        assert_eq!(guessed(Some(0)).until, at(30), "a type without a length says nothing");
        assert!(!Span::new(at(0), Some(at(20)), Some(45)).guessed);
    }

    #[test]
    fn what_is_at_one_time_stands_side_by_side() {
        let lane = |at, of| Lane { at, of };
        assert_eq!(lanes(&[(0, 30), (30, 60)]), [lane(0, 1), lane(0, 1)], "one after another");
        assert_eq!(lanes(&[(0, 60), (15, 30)]), [lane(0, 2), lane(1, 2)]);
        assert_eq!(
            lanes(&[(15, 30), (0, 60)]),
            [lane(1, 2), lane(0, 2)],
            "in whatever order they come"
        );
        assert_eq!(
            lanes(&[(0, 60), (15, 30), (30, 90), (90, 100)]),
            [lane(0, 2), lane(1, 2), lane(1, 2), lane(0, 1)],
            "a place is used again, and what comes later has the width"
        );
        assert_eq!(lanes(&[]), []);
    }

    #[test]
    fn an_empty_day_shows_the_usual_hours_and_a_full_one_all_it_has() {
        assert_eq!(hours([]), (8, 18));
        assert_eq!(hours([(9 * 60, 10 * 60)]), (8, 18));
        assert_eq!(hours([(6 * 60 + 45, 7 * 60), (19 * 60, 19 * 60 + 10)]), (6, 20));
        assert_eq!(hours([(23 * 60, 26 * 60)]), (8, 24), "past midnight is the next day's");
    }

    #[test]
    fn rows_are_counted_from_the_first_hour() {
        assert_eq!(rows((8 * 60, 8 * 60 + 30), 8), (1, 3));
        assert_eq!(
            rows((9 * 60 + 5, 9 * 60 + 20), 8),
            (5, 7),
            "what is off the lines takes every row it touches"
        );
        assert_eq!(rows((9 * 60, 9 * 60), 8), (5, 6), "nothing is without height");
        assert_eq!((snapped(607), snapped(608), snapped(-9), snapped(1439)), (600, 615, 0, 1425));
    }

    proptest! {
        #[test]
        fn two_at_one_time_never_have_one_place_unless_there_are_too_many(spans in prop::collection::vec((0i32..200, 1i32..90), 0..12)) {
            let spans: Vec<(i32, i32)> = spans.into_iter().map(|(from, long)| (from, from + long)).collect();
            let placed = lanes(&spans);
            prop_assert_eq!(placed.len(), spans.len());
            for (a, one) in placed.iter().enumerate() {
                prop_assert!(one.at < one.of && one.of <= MOST_LANES);
                for (b, other) in placed.iter().enumerate().skip(a + 1) {
                    let both = spans[a].0 < spans[b].1 && spans[b].0 < spans[a].1;
                    if both {
                        prop_assert_eq!(one.of, other.of);
                        prop_assert!(one.at != other.at || one.at == MOST_LANES - 1);
                    }
                }
            }
        }
    }
}
