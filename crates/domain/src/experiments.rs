//! Two texts tried against each other, honestly. How many people it takes is fixed before it begins, and until then nobody has won: who looks
//! at a plain 5 % test again and again, and stops when it says yes, finds a winner where there is none one time in four (Evan Miller, "How
//! Not To Run an A/B Test"). Each person stays with one text. Only harm ends it early.
//!
//! People are counted, not messages, and each once, when the outcome is known: the messages of one person don't speak for several. What is
//! said at the end is said of the people that the plan asked for; whoever goes on counting and looking is where they did not want to be.

mod person;
mod plan;
mod rates;
#[cfg(test)]
mod tests;

pub use person::{State, Step};
pub use plan::{Next, next, people_needed, reached_at};
pub use rates::{Count, Difference, Interval};

use crate::{templates::Kind, words::words};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names the way people are split; a changed one gets a new name, running tests keep theirs.
const SPLIT: &[u8] = b"showup/experiment/1";
/// χ² with one degree of freedom at p = 0.001.
const BROKEN_SPLIT: f64 = 10.827_566_170_662_733;
/// So many people of an arm who want no more texts, and more than so many times the share of the other arm, are harm.
const HARM: u64 = 5;
const HARM_TIMES: u128 = 3;

/// Which of the two texts somebody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The text as it was.
    A,
    /// The one that is tried.
    B,
}

words!(Arm is a "test arm": A = "a", B = "b");

impl Arm {
    /// Of this person in this test, the same whenever it is asked; half of all people have each. Another test splits them anew, so that who
    /// got the better text once does not in all that follow.
    #[must_use]
    pub fn of(test: u128, person: u128) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(SPLIT);
        hasher.update(test.to_be_bytes());
        hasher.update(person.to_be_bytes());
        if hasher.finalize()[0] & 1 == 0 { Self::A } else { Self::B }
    }

    /// The arm that somebody counts in who got these. None of nothing, and none of both, as two contacts that were merged may have: what such a
    /// person does is due to neither text.
    #[must_use]
    pub fn only(got: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut got = got.into_iter();
        let first = got.next()?;
        got.all(|arm| arm == first).then_some(first)
    }

    const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
        }
    }
}

/// What the texts are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The text arrived.
    Delivered,
    /// It was answered, whatever the answer was.
    Answered,
    /// The visit was confirmed.
    Confirmed,
    /// The visit was missed: less is better.
    Missed,
}

words!(Measure is a "test measure": Delivered = "delivered", Answered = "answered", Confirmed = "confirmed", Missed = "missed");

impl Measure {
    /// What a text of this kind can be compared by; none of one that asks for nothing, or for several things at once. Of most only that they
    /// arrive could be counted, and their words decide little of that.
    #[must_use]
    pub const fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Reminder | Kind::Moved => &[Self::Confirmed, Self::Answered, Self::Missed, Self::Delivered],
            Kind::OfferHeld | Kind::OfferRace => &[Self::Answered, Self::Delivered],
            _ => &[],
        }
    }

    /// As a form calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delivered => "Arrives",
            Self::Answered => "Is answered",
            Self::Confirmed => "Visit is confirmed by the customer",
            Self::Missed => "Visit is missed",
        }
    }

    /// What the share of an arm is a share of: "60 of 100 confirmed".
    #[must_use]
    pub const fn hit(self) -> &'static str {
        match self {
            Self::Delivered => "arrived",
            Self::Answered => "answered",
            Self::Confirmed => "confirmed",
            Self::Missed => "missed their visit",
        }
    }

    const fn less_is_better(self) -> bool {
        matches!(self, Self::Missed)
    }

    /// What an arm did: "B confirmed 4 points more".
    const fn verb(self) -> &'static str {
        match self {
            Self::Delivered => "was delivered",
            Self::Answered => "was answered",
            Self::Confirmed => "confirmed",
            Self::Missed => "missed",
        }
    }
}

/// How a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// How long it takes is known; nobody is in it.
    Planned,
    Running,
    /// Everybody is counted.
    Done,
    /// Somebody ended it before that.
    Stopped,
    /// One of its texts drove people away.
    Harmful,
}

words!(Status is a "status of a test": Planned = "planned", Running = "running", Done = "done", Stopped = "stopped", Harmful = "harmful");

/// What is known of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// People who were given the text.
    pub people: u64,
    /// Those of them whose outcome is known, and what it is.
    pub outcome: Count,
    /// Those of them whose outcome will never be known: their visit was cancelled, say.
    #[serde(default)]
    pub out: u64,
    /// Those of them who asked for no more texts.
    pub opted_out: u64,
}

impl Tally {
    const fn adds_up(self) -> bool {
        let known = self.outcome.of.saturating_add(self.out);
        self.outcome.hits <= self.outcome.of && known <= self.people && self.opted_out <= self.people
    }

    /// Those of them whose outcome is still to come.
    #[must_use]
    pub const fn waiting(self) -> u64 {
        self.people.saturating_sub(self.outcome.of.saturating_add(self.out))
    }

    /// Whether this arm drives people away: at least five opted out, more than three times the share of the other arm. An arm that nobody is in
    /// excuses nothing.
    fn harms(self, other: Self) -> bool {
        let share = u128::from(self.opted_out) * u128::from(other.people.max(1));
        let of_other = u128::from(other.opted_out) * u128::from(self.people);
        self.opted_out >= HARM && share > HARM_TIMES.saturating_mul(of_other)
    }
}

/// What may be shown of a test now, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// The rates with their intervals and this alone: so much of it is done, in hundredths, of the arm that has less.
    TooEarly { share: u8 },
    /// The arms are not the halves that they should be, or the numbers don't add up: who is in which has a reason, and nothing can be said.
    Void,
    /// This arm drives people away: nobody else gets either text as a test.
    Paused { arm: Arm },
    /// As many as were asked for are counted in both arms, and so is everybody else who was given either text.
    Result { difference: Difference },
}

impl Standing {
    /// Of a test that takes so many people in each arm. Harm is seen first, for it must not wait, then whether the split is sound.
    #[must_use]
    pub fn of(needed: u64, a: Tally, b: Tally) -> Self {
        if let Some(arm) = harmful(a, b) {
            return Self::Paused { arm };
        }
        if !a.adds_up() || !b.adds_up() || split_is_broken(a.people, b.people) {
            return Self::Void;
        }
        let (needed, counted) = (needed.max(1), a.outcome.of.min(b.outcome.of));
        // A yes is known at once, a no when its time is over: who looks before everybody is counted sees more yes than there is.
        if counted < needed || a.waiting() + b.waiting() > 0 {
            let share = (u128::from(counted) * 100 / u128::from(needed)).min(99);
            return Self::TooEarly {
                share: u8::try_from(share).unwrap_or(99),
            };
        }
        Difference::between(a.outcome, b.outcome).map_or(Self::Void, |difference| Self::Result { difference })
    }

    /// The arm that did better; none before the end, and none where the difference may be chance.
    #[must_use]
    pub fn winner(&self, measure: Measure) -> Option<Arm> {
        match self {
            Self::Result { difference } if difference.is_sure() => Some(better(difference, measure)),
            _ => None,
        }
    }

    /// For the staff who started the test.
    #[must_use]
    pub fn words(&self, measure: Measure) -> String {
        match self {
            Self::TooEarly { share } => format!("Too early, {share} %"),
            Self::Void => "The split is broken, the result is void".to_owned(),
            Self::Paused { arm } => format!("Paused: far more people who got {} asked for no more texts", arm.letter()),
            Self::Result { difference } if difference.is_sure() => sure(difference, measure),
            Self::Result { difference } => unsure(difference, measure),
        }
    }
}

/// The arm that drives people away: it can't be both.
fn harmful(a: Tally, b: Tally) -> Option<Arm> {
    if a.harms(b) {
        Some(Arm::A)
    } else {
        b.harms(a).then_some(Arm::B)
    }
}

/// Whether arms that should be halves are further from it than chance takes them one time in a thousand (Pearson's χ², 1900; the check for a
/// "sample ratio mismatch"). Then something decides who is in which arm, or who is counted, and the numbers compare nothing.
#[must_use]
pub fn split_is_broken(a: u64, b: u64) -> bool {
    let (a, b) = (a as f64, b as f64);
    a + b > 0.0 && (a - b).powi(2) / (a + b) > BROKEN_SPLIT
}

fn better(difference: &Difference, measure: Measure) -> Arm {
    if (difference.by > 0.0) == measure.less_is_better() {
        Arm::A
    } else {
        Arm::B
    }
}

/// "B confirmed 4 points more (95 %: 0.5 to 7.6)": of the arm that did better.
fn sure(difference: &Difference, measure: Measure) -> String {
    let Difference { by, within, .. } = difference;
    let ends = (within.low.abs(), within.high.abs());
    format!(
        "{} {} {} {} (95 %: {} to {})",
        better(difference, measure).letter(),
        measure.verb(),
        points(by.abs()),
        if measure.less_is_better() { "less" } else { "more" },
        tenths(ends.0.min(ends.1)),
        tenths(ends.0.max(ends.1)),
    )
}

/// Says what the difference may be as well: "none was found" is not "there is none".
fn unsure(Difference { within, .. }: &Difference, measure: Measure) -> String {
    let end = |by: f64| format!("{} {}", points(by.abs()), if by < 0.0 { "less" } else { "more" });
    format!(
        "No difference was found: B {} between {} and {} than A (95 %)",
        measure.verb(),
        end(within.low),
        end(within.high)
    )
}

fn points(share: f64) -> String {
    match tenths(share).as_str() {
        "1" => "1 point".to_owned(),
        other => format!("{other} points"),
    }
}

/// A share in hundredths, to the tenth: "4", "0.5".
fn tenths(share: f64) -> String {
    ((share * 1000.0).round() / 10.0).to_string()
}
