//! The first steps of a business.

use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// For programs: `business`, `twilio`, `number`, `contact`, `visit`, `reminder`.
    pub key: String,
    pub title: String,
    /// What is so, or what to do.
    pub words: String,
    /// Where it is done.
    pub href: String,
    pub done: bool,
}

/// All of them, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    pub steps: Vec<Step>,
    /// Somebody has put it away.
    pub hidden: bool,
    /// Examples are there, and so many.
    pub samples: u32,
}

impl Guide {
    pub fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.done)
    }

    /// The first that is not done.
    pub fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.done)
    }

    /// How many are done.
    pub fn count(&self) -> usize {
        self.steps.iter().filter(|step| step.done).count()
    }
}
