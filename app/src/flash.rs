//! What a form posted without JavaScript leaves in the session.

use std::collections::BTreeMap;

use contract::Problem;
use serde::{Deserialize, Serialize};

/// What a form posted without JavaScript leaves for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub form: String,
    pub typed: BTreeMap<String, String>,
    /// None: it worked.
    pub problem: Option<Problem>,
}

/// Where `ssr::report` leaves what came of an act.
pub const OUTCOME: &str = "outcome";

impl Flash {
    /// The name of the form around a single button.
    pub const BUTTON: &'static str = "button";
}
