//! What is told of a business in numbers. Each text and each visit is counted when it changes, in the transaction that changes it, and what it
//! counted as before is taken back: figures cost the same however much has been counted, and a figure can always be proved against the rows
//! that it is of (`recount`).

mod ask;
mod facts;
mod keep;
pub mod recount;

#[cfg(test)]
pub(crate) use ask::rows;
pub(crate) use ask::{Filter, Grouped, Split, add, grouped, since_when_known, totals, visits_to_mark};
pub(crate) use keep::{changed, received};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::figures::{Cells, What};
use uuid::Uuid;

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub quarter: i64,
    /// Nil: none.
    pub place: Uuid,
    pub type_id: Uuid,
    pub channel: String,
    /// What made the text; of visits empty, of requests for reviews their platform.
    pub template: String,
}

/// As what a text or a visit is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub key: Key,
    pub cells: Cells,
}

/// How much to add, where.
pub(crate) type Sums = BTreeMap<(Key, What, String), i64>;

impl Fact {
    fn counts(&self, what: What) -> bool {
        self.cells.keys().any(|(one, _)| *one == what)
    }

    fn add_to(&self, sums: &mut Sums, times: i64) {
        for ((what, sort), n) in &self.cells {
            *sums.entry((self.key.clone(), *what, sort.clone())).or_default() += n * times;
        }
    }
}

/// The quarter of an hour that a moment is in.
fn quarter(at: DateTime<Utc>) -> i64 {
    domain::figures::quarter(at)
}
