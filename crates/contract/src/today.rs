//! What needs a person now.

use serde::{Deserialize, Serialize};

use crate::{appointments::AppointmentView, conversations::ConversationRow, messages::MessageView, tasks::TaskView};

/// The start of a list, and how long it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    /// Counted up to 100.
    pub total: u32,
}

impl<T> Listed<T> {
    /// How many there are that are not in `rows`, for people: empty if there are none.
    pub fn more(&self) -> String {
        let rest = self.total.saturating_sub(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        match (rest, self.total) {
            (0, _) => String::new(),
            (rest, 100) => format!("and at least {rest} more"),
            (rest, _) => format!("and {rest} more"),
        }
    }
}

/// Everything that *Today* shows. Each thing stands in one list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Today {
    /// Who waits for an answer, the longest first.
    pub waiting: Listed<ConversationRow>,
    /// Texts that did not arrive, or of which nobody knows, and people to be called because of it.
    pub failed: Listed<Trouble>,
    /// Who asked for another time.
    pub reschedule: Listed<Reschedule>,
    /// Visits to come whose customer was asked and has not answered, soonest first.
    pub unanswered: Listed<AppointmentView>,
    /// Other tasks that are due before the day ends, as they come due. Questions that stand in `waiting` are left out.
    pub tasks: Listed<TaskView>,
    /// Visits of the last seven days before today that nobody has marked, latest first.
    pub unmarked: Listed<AppointmentView>,
    /// Events of calendars of which nobody knows who comes.
    pub nobody_known: u32,
    /// Today's visits that were not cancelled, by time; those whose customer is there and waits come first.
    pub visits: Listed<AppointmentView>,
}

/// A task about a text, and the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    pub task: TaskView,
    pub message: Option<MessageView>,
}

impl Trouble {
    /// Whether the text can be sent once more; what tells of a visit is sent from there.
    pub fn can_be_sent_again(&self) -> bool {
        let of_a_visit = |kind: &str| matches!(kind, "reminder" | "moved");
        self.message
            .as_ref()
            .is_some_and(|m| matches!(m.status.as_str(), "failed" | "undelivered") && !of_a_visit(&m.kind))
    }
}

/// A task to find another time, and the visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reschedule {
    pub task: TaskView,
    pub appointment: Option<AppointmentView>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_in_words() {
        let some = |rows: usize, total| Listed {
            rows: vec![(); rows],
            total,
        };
        assert_eq!(some(3, 3).more(), "");
        assert_eq!(some(8, 9).more(), "and 1 more");
        assert_eq!(some(8, 100).more(), "and at least 92 more");
    }
}
