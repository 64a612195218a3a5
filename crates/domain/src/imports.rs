//! Files that people bring: a spreadsheet's CSV of contacts or of visits, in whatever spelling it was saved, read as what it means. Nothing is
//! guessed where it matters: what can be read in two ways is asked about, and a row that can't be read is given back with the reason.

pub mod cells;
pub mod dates;
mod decoding;
mod file;
pub mod headers;
mod rows;

pub use cells::{harmless, plain};
pub use decoding::Encoding;
pub use file::{Column, FileProblem, MOST_CELL, MOST_COLUMNS, MOST_ROWS, Reader, Record, Summary};
pub use headers::Field;
pub use rows::{Reading, Row, Said, Start};

use crate::words::words;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// People.
    Contacts,
    /// Visits, with whose they are.
    Appointments,
}

words!(Kind is a "kind of import": Contacts = "contacts", Appointments = "appointments");

/// What the people in a file have agreed to, decided once for all of it. Offers are never agreed to by a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consent {
    /// They gave their numbers for bookings: texts about appointments are agreed to.
    Booked,
    /// Nothing is known: where they stand stays as it is.
    Unknown,
    /// A column says it of each.
    Column,
}

words!(Consent is a "decision on consent": Booked = "booked", Unknown = "unknown", Column = "column");

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was new.
    Created,
    /// What was known of it was changed.
    Updated,
    /// All of it was known.
    Unchanged,
    /// The file has it twice; the first one counts.
    Duplicate,
    /// Nothing to do: it is past, or cancelled where it comes from.
    Skipped,
    /// It can't be read or kept; it is given back.
    Refused,
}

words!(Outcome is a "row outcome": Created = "created", Updated = "updated", Unchanged = "unchanged",
    Duplicate = "duplicate", Skipped = "skipped", Refused = "refused");
