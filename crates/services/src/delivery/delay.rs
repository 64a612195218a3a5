//! What a text waits for by the will of who wrote it.

use chrono::{DateTime, Utc};
use domain::later::Delay;
use entity::messages::message;
use sea_orm::{
    ColumnTrait, Set,
    sea_query::{Expr, SimpleExpr},
};

/// How a text is kept back by the will of who wrote it.
pub(crate) struct Held {
    pub delay: Option<Delay>,
    /// Its own time, of one that was written for later.
    pub send_at: Option<DateTime<Utc>>,
    pub not_before: DateTime<Utc>,
    /// In words, while it waits.
    pub why: Option<String>,
}

impl Held {
    /// Not at all.
    pub(crate) fn not(now: DateTime<Utc>) -> Self {
        Self {
            delay: None,
            send_at: None,
            not_before: now,
            why: None,
        }
    }
}

/// What it waits for from now on.
pub(crate) fn hold(row: &mut message::ActiveModel, held: Held) {
    row.delay = Set(held.delay.map(|delay| delay.as_str().to_owned()));
    row.send_at = Set(held.send_at);
    row.not_before = Set(held.not_before);
    row.wait_reason = Set(held.why);
}

/// What could be taken back can't be, or waits for something else from here on.
pub(crate) fn undo_is_over() -> SimpleExpr {
    let undo = message::Column::Delay.ne(Delay::Undo.as_str());
    Expr::case(undo, Expr::col(message::Column::Delay)).into()
}
