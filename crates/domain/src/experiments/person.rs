//! Where somebody stands who is in a test, and what each step changes of the numbers of their arm.

use super::{Count, Tally};
use crate::words::words;

/// Where somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Their text is written and has not left: they count nowhere.
    Waiting,
    /// They were given it; the outcome is to come.
    Given,
    /// What is measured has happened.
    Hit,
    /// It has not, and will not.
    Miss,
    /// It will never be known.
    Out,
}

words!(State is a "state in a test": Waiting = "waiting", Given = "given", Hit = "hit", Miss = "miss", Out = "out");

/// What is added to the numbers of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    pub people: i64,
    pub known: i64,
    pub hits: i64,
    pub out: i64,
}

impl State {
    /// What one person counts for.
    const fn counts(self) -> Step {
        Step {
            people: !matches!(self, Self::Waiting) as i64,
            known: matches!(self, Self::Hit | Self::Miss) as i64,
            hits: matches!(self, Self::Hit) as i64,
            out: matches!(self, Self::Out) as i64,
        }
    }

    /// What changes when somebody stands there instead of here.
    #[must_use]
    pub const fn to(self, other: Self) -> Step {
        let (from, to) = (self.counts(), other.counts());
        Step {
            people: to.people - from.people,
            known: to.known - from.known,
            hits: to.hits - from.hits,
            out: to.out - from.out,
        }
    }
}

impl Tally {
    /// The numbers of an arm, counted from its people: where each stands, and whether they asked for no more texts.
    #[must_use]
    pub fn of(people: impl IntoIterator<Item = (State, bool)>) -> Self {
        people.into_iter().fold(Self::default(), |tally, (state, opted_out)| {
            let one = state.counts();
            Self {
                people: tally.people + one.people.unsigned_abs(),
                outcome: Count {
                    hits: tally.outcome.hits + one.hits.unsigned_abs(),
                    of: tally.outcome.of + one.known.unsigned_abs(),
                },
                out: tally.out + one.out.unsigned_abs(),
                opted_out: tally.opted_out + u64::from(opted_out),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However somebody gets where they are, the numbers are those of where they are.
        #[test]
        fn steps_add_up_to_where_everybody_stands(walks in prop::collection::vec(prop::collection::vec(0usize..5, 0..6), 0..20)) {
            let mut kept = Step::default();
            let mut stand = Vec::new();
            for walk in walks {
                let mut at = State::Waiting;
                for next in walk {
                    let next = State::ALL[next];
                    let step = at.to(next);
                    kept = Step {
                        people: kept.people + step.people,
                        known: kept.known + step.known,
                        hits: kept.hits + step.hits,
                        out: kept.out + step.out,
                    };
                    at = next;
                }
                stand.push((at, false));
            }
            let counted = Tally::of(stand);
            prop_assert_eq!(counted.people as i64, kept.people);
            prop_assert_eq!(counted.outcome.of as i64, kept.known);
            prop_assert_eq!(counted.outcome.hits as i64, kept.hits);
            prop_assert_eq!(counted.out as i64, kept.out);
            prop_assert_eq!(counted.waiting() as i64, kept.people - kept.known - kept.out);
        }
    }
}
