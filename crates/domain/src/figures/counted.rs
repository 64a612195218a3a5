//! What one text or one visit counts as.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::three_digits;
use crate::{delivery::Status, origin::Origin, reviews, words::words};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Texts from customers.
    Received,
    /// Texts that the provider took.
    Sent,
    Delivered,
    /// The network gave up.
    Undelivered,
    /// The provider gave up after it had taken it.
    Failed,
    /// It never left: the provider refused it, or we did.
    Refused,
    /// Taken back before it left.
    Cancelled,
    /// Parts of texts that left.
    Segments,
    /// Millionths of a dollar, as far as only our list of prices knows.
    CostEstimated,
    /// The same by the provider's own word.
    CostReal,
    /// Both, of texts about a visit.
    CostOfVisits,
    /// From leaving to arriving, in seconds.
    Delivering,
    /// Texts that did not arrive, by the provider's code.
    Error,
    /// Replies of a person to somebody who waited, by how long that was, in seconds.
    Response,
    /// The same by the seconds in which the business was open.
    ResponseOpen,
    /// Visits that are to come, or that nobody has marked.
    Open,
    Kept,
    Missed,
    /// Cancelled less than a day before.
    CancelledLate,
    CancelledEarly,
    /// Visits that at least one reminder left for.
    Reminded,
    /// Those of them that the customer confirmed before they began.
    Confirmed,
    /// Those that were answered in whatever way.
    Answered,
    /// Those whose answer nobody understood.
    NotUnderstood,
    /// Reminders that left, by step and channel.
    StepReminded,
    /// Those that were answered with yes before the visit.
    StepConfirmed,
    /// From the reminder to the yes, in seconds.
    Confirming,
    /// Requests for reviews that are to come.
    ReviewPlanned,
    /// Those that arrived, as far as is known.
    ReviewAsked,
    /// Those that did not.
    ReviewFailed,
    /// Those that nobody was sent, by the reason.
    ReviewSkipped,
    /// Those whose link a person has opened.
    ReviewOpened,
    /// Times that people opened a link.
    ReviewPeople,
    /// Times that machines did, most likely.
    ReviewMachines,
}

words!(What is a "kind of counter": Received = "received", Sent = "sent", Delivered = "delivered", Undelivered = "undelivered",
    Failed = "failed", Refused = "refused", Cancelled = "cancelled", Segments = "segments", CostEstimated = "cost_estimated",
    CostReal = "cost_real", CostOfVisits = "cost_of_visits", Delivering = "delivering", Error = "error", Response = "response", ResponseOpen = "response_open", Open = "open", Kept = "kept",
    Missed = "missed", CancelledLate = "cancelled_late", CancelledEarly = "cancelled_early", Reminded = "reminded", Confirmed = "confirmed",
    Answered = "answered", NotUnderstood = "not_understood", StepReminded = "step_reminded", StepConfirmed = "step_confirmed",
    Confirming = "confirming", ReviewPlanned = "review_planned", ReviewAsked = "review_asked", ReviewFailed = "review_failed",
    ReviewSkipped = "review_skipped", ReviewOpened = "review_opened", ReviewPeople = "review_people", ReviewMachines = "review_machines");

impl What {
    /// Those that come in as many sorts as there are codes, seconds or steps.
    #[must_use]
    pub const fn is_sorted(self) -> bool {
        matches!(
            self,
            Self::Delivering
                | Self::Error
                | Self::Response
                | Self::ResponseOpen
                | Self::Confirming
                | Self::StepReminded
                | Self::StepConfirmed
                | Self::ReviewSkipped
        )
    }
}

/// How much of what, and of which sort of it.
pub type Cells = BTreeMap<(What, String), i64>;

fn add(cells: &mut Cells, what: What, n: i64) {
    add_sort(cells, what, String::new(), n);
}

fn add_sort(cells: &mut Cells, what: What, sort: String, n: i64) {
    if n != 0 {
        *cells.entry((what, sort)).or_default() += n;
    }
}

/// A text of ours, as far as it is counted.
#[derive(Clone, Debug)]
pub struct Text {
    pub status: Status,
    pub origin: Origin,
    /// It will be tried again by itself.
    pub retrying: bool,
    pub sent: bool,
    pub delivered: bool,
    /// Seconds from leaving to arriving.
    pub delivering: Option<i64>,
    pub code: Option<i32>,
    pub segments: i64,
    /// In millionths of a dollar; none where it is billed in another currency.
    pub price: Option<i64>,
    pub price_is_final: bool,
    pub about_visit: bool,
    pub written_at: DateTime<Utc>,
    /// Since when its customer had waited when it was written.
    pub waited_since: Option<DateTime<Utc>>,
    /// For how many seconds of that the business was open; none where nobody has said when it is.
    pub waited_open: Option<i64>,
}

impl Text {
    /// What it counts as.
    #[must_use]
    pub fn cells(&self) -> Cells {
        let mut cells = Cells::new();
        if self.sent {
            self.left(&mut cells);
        }
        if self.delivered {
            add(&mut cells, What::Delivered, 1);
            if let Some(seconds) = self.delivering {
                add_sort(&mut cells, What::Delivering, three_digits(seconds).to_string(), 1);
            }
        } else if self.status.is_failure() && !self.retrying {
            let what = match self.status {
                Status::Undelivered => What::Undelivered,
                _ if self.sent => What::Failed,
                _ => What::Refused,
            };
            add(&mut cells, what, 1);
            let code = self.code.map_or_else(String::new, |code| code.to_string());
            add_sort(&mut cells, What::Error, code, 1);
        } else if self.status == Status::Cancelled {
            add(&mut cells, What::Cancelled, 1);
        }
        cells
    }

    fn left(&self, cells: &mut Cells) {
        add(cells, What::Sent, 1);
        add(cells, What::Segments, self.segments);
        let price = self.price.unwrap_or(0);
        let kind = if self.price_is_final {
            What::CostReal
        } else {
            What::CostEstimated
        };
        add(cells, kind, price);
        if self.about_visit {
            add(cells, What::CostOfVisits, price);
        }
        if self.origin == Origin::Reply
            && let Some(since) = self.waited_since
        {
            let waited = three_digits((self.written_at - since).num_seconds());
            add_sort(cells, What::Response, waited.to_string(), 1);
            if let Some(open) = self.waited_open {
                add_sort(cells, What::ResponseOpen, three_digits(open).to_string(), 1);
            }
        }
    }
}

/// A request for a review, as far as it is counted.
#[derive(Clone, Debug)]
pub struct Review {
    pub status: reviews::Status,
    pub reason: Option<String>,
    /// A person has opened its link.
    pub opened: bool,
    /// How often people did, and machines.
    pub people: i64,
    pub machines: i64,
}

/// So much of a reason is kept.
const REASON: usize = 120;

impl Review {
    /// What it counts as.
    #[must_use]
    pub fn cells(&self) -> Cells {
        let mut cells = Cells::new();
        match self.status {
            reviews::Status::Planned | reviews::Status::Queued => add(&mut cells, What::ReviewPlanned, 1),
            reviews::Status::Sent | reviews::Status::Clicked => add(&mut cells, What::ReviewAsked, 1),
            reviews::Status::Failed => add(&mut cells, What::ReviewFailed, 1),
            reviews::Status::Skipped => {
                let reason = self.reason.as_deref().unwrap_or_default().chars().take(REASON);
                add_sort(&mut cells, What::ReviewSkipped, reason.collect(), 1);
            }
        }
        add(&mut cells, What::ReviewOpened, i64::from(self.opened));
        add(&mut cells, What::ReviewPeople, self.people);
        add(&mut cells, What::ReviewMachines, self.machines);
        cells
    }
}

/// A reminder of a visit that has left.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: String,
    pub channel: String,
    pub sent_at: DateTime<Utc>,
    /// What was answered, and when.
    pub answer: Option<(bool, DateTime<Utc>)>,
    /// They were told once that their answer was not understood.
    pub corrected: bool,
}

/// What became of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody has said.
    Open,
    Kept,
    Missed,
    Cancelled,
}

/// A visit, as far as it is counted.
#[derive(Clone, Debug)]
pub struct Visit {
    pub outcome: Outcome,
    pub starts_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub steps: Vec<Step>,
}

/// A visit that is cancelled later than this before it begins is cancelled late.
const LATE: Duration = Duration::hours(24);

impl Visit {
    /// What it counts as.
    #[must_use]
    pub fn cells(&self) -> Cells {
        let mut cells = Cells::new();
        let late = self.cancelled_at.is_some_and(|at| self.starts_at - at < LATE);
        let outcome = match self.outcome {
            Outcome::Open => What::Open,
            Outcome::Kept => What::Kept,
            Outcome::Missed => What::Missed,
            Outcome::Cancelled if late => What::CancelledLate,
            Outcome::Cancelled => What::CancelledEarly,
        };
        add(&mut cells, outcome, 1);
        if !self.steps.is_empty() {
            add(&mut cells, What::Reminded, 1);
            self.answers(&mut cells);
        }
        for step in &self.steps {
            add_sort(&mut cells, What::StepReminded, step.sort(), 1);
        }
        cells
    }

    fn answers(&self, cells: &mut Cells) {
        if self.steps.iter().any(|step| step.answer.is_some()) {
            add(cells, What::Answered, 1);
        } else if self.steps.iter().any(|step| step.corrected) {
            add(cells, What::NotUnderstood, 1);
        }
        let yes = |step: &&Step| step.answer.is_some_and(|(yes, at)| yes && at < self.starts_at);
        // Of several that one answer settled, the one that they had before them.
        if let Some(step) = self.steps.iter().filter(yes).max_by_key(|step| step.sent_at) {
            add(cells, What::Confirmed, 1);
            add_sort(cells, What::StepConfirmed, step.sort(), 1);
            let took = step.answer.map_or(0, |(_, at)| (at - step.sent_at).num_seconds());
            add_sort(cells, What::Confirming, three_digits(took).to_string(), 1);
        }
    }
}

impl Step {
    fn sort(&self) -> String {
        format!("{}/{}", self.kind, self.channel)
    }
}
