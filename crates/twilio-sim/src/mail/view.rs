//! What the page shows, taken from the state in one look.

use chrono::{DateTime, Utc};

use crate::faults::Fault;
use crate::mailbox::SimMail;
use crate::state::State;

pub(super) struct View {
    /// Newest first.
    pub lines: Vec<Line>,
    /// The mail that was asked for, if it is there.
    pub open: Option<SimMail>,
    pub faults: Vec<Fault>,
}

/// A mail in the list.
pub(super) struct Line {
    pub seq: u64,
    pub at: DateTime<Utc>,
    pub to: String,
    pub subject: String,
}

impl View {
    pub fn of(state: &State, open: Option<u64>) -> Self {
        Self {
            lines: state.mails().rev().map(Line::of).collect(),
            open: open.and_then(|seq| state.mail(seq)).cloned(),
            faults: state.faults().to_vec(),
        }
    }
}

impl Line {
    fn of(mail: &SimMail) -> Self {
        Self {
            seq: mail.seq,
            at: mail.at,
            to: mail.envelope_to.join(", "),
            subject: mail.subject.clone(),
        }
    }
}
