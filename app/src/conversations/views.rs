//! The views of the inbox: their links with counts, what belongs into each, and in which order.

use contract::conversations::{ConversationRow, ViewCounts};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{paths, session::use_session};

/// A view as the address names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    NeedsAnswer,
    Mine,
    Unassigned,
    Unread,
    Failed,
    Snoozed,
    Open,
    Closed,
    #[default]
    All,
}

pub(super) const VIEWS: [View; 9] = [
    View::All,
    View::NeedsAnswer,
    View::Mine,
    View::Unassigned,
    View::Unread,
    View::Failed,
    View::Snoozed,
    View::Open,
    View::Closed,
];

impl View {
    /// What the address says; anything else is all of them.
    pub fn of(show: Option<&str>) -> Self {
        VIEWS.into_iter().find(|view| view.show() == show).unwrap_or_default()
    }

    pub fn show(self) -> Option<&'static str> {
        match self {
            View::NeedsAnswer => Some("needs_answer"),
            View::Mine => Some("mine"),
            View::Unassigned => Some("unassigned"),
            View::Unread => Some("unread"),
            View::Failed => Some("failed"),
            View::Snoozed => Some("snoozed"),
            View::Open => Some("open"),
            View::Closed => Some("closed"),
            View::All => None,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            View::NeedsAnswer => "Needs answer",
            View::Mine => "Mine",
            View::Unassigned => "Unassigned",
            View::Unread => "Unread",
            View::Failed => "Failed",
            View::Snoozed => "Snoozed",
            View::Open => "Open",
            View::Closed => "Closed",
            View::All => "All",
        }
    }

    /// What an empty one says: what it means, and what to do.
    pub fn empty(self) -> (&'static str, &'static str) {
        match self {
            View::NeedsAnswer => (
                "Nobody waits for an answer",
                "Customers who write something a machine can't answer appear here.",
            ),
            View::Mine => ("Nothing is yours", "Take over a conversation with “Assign” at its top."),
            View::Unassigned => ("Everything has somebody who looks after it", "New conversations appear here."),
            View::Unread => (
                "You have read everything",
                "What customers write appears here until you have opened it.",
            ),
            View::Failed => (
                "Everything arrived",
                "Conversations whose last text did not arrive appear here.",
            ),
            View::Snoozed => (
                "Nothing is put aside",
                "Use “Snooze” at the top of a conversation to see it again later.",
            ),
            View::Open => ("No open conversations", "They open again when the customer writes."),
            View::Closed => (
                "Nothing is closed",
                "Close what is done with “Close” at the top of a conversation.",
            ),
            View::All => (
                "No conversations yet",
                "Add a customer and an appointment: the reminder starts the conversation.",
            ),
        }
    }

    fn count(self, counts: &ViewCounts) -> u32 {
        match self {
            View::NeedsAnswer => counts.needs_answer,
            View::Mine => counts.mine,
            View::Unassigned => counts.unassigned,
            View::Unread => counts.unread,
            View::Failed => counts.failed,
            View::Snoozed => counts.snoozed,
            View::Open | View::Closed | View::All => 0,
        }
    }

    /// Whether a conversation, as it is now, belongs here.
    pub fn holds(self, row: &ConversationRow, me: Uuid) -> bool {
        let open = row.status == "open";
        match self {
            View::NeedsAnswer => row.needs_answer && row.status != "snoozed",
            View::Mine => open && row.assignee == Some(me),
            View::Unassigned => open && row.assignee.is_none(),
            View::Unread => row.unread > 0,
            View::Failed => row.status != "closed" && matches!(row.last_status.as_str(), "failed" | "undelivered"),
            View::Snoozed => row.status == "snoozed",
            View::Open => open,
            View::Closed => row.status == "closed",
            View::All => true,
        }
    }

    /// As the server sorts them.
    pub fn sort(self, rows: &mut [ConversationRow]) {
        match self {
            View::NeedsAnswer => rows.sort_by_key(|row| (row.waiting_since, row.id)),
            View::Snoozed => rows.sort_by_key(|row| (row.snoozed_until, row.id)),
            View::All | View::Failed => rows.sort_by_key(|row| std::cmp::Reverse((row.last_at, row.id))),
            View::Unread => rows.sort_by_key(|row| std::cmp::Reverse(row.last_inbound_id)),
            // When it was closed its row does not say: what comes in now was closed last.
            View::Closed => {}
            View::Mine | View::Unassigned | View::Open => {
                rows.sort_by_key(|row| std::cmp::Reverse((row.last_human_at.unwrap_or(row.last_at), row.id)));
            }
        }
    }
}

/// The links to all views, each with how many are in it. Whoever changes the view keeps the filters.
#[component]
pub fn Views(current: Memo<View>, filters: Memo<String>) -> impl IntoView {
    let session = use_session();
    let links = VIEWS
        .into_iter()
        .map(|view| {
            let count = move || session.counts.with(|counts| view.count(counts));
            let number = move || match count() {
                n if n >= 100 => "99+".to_owned(),
                n => n.to_string(),
            };
            view! {
                <a
                    href=move || paths::narrowed("/inbox", &[("show", view.show())], &filters.read())
                    class="view-link"
                    aria-current=move || (current.get() == view).then_some("page")
                >
                    {view.label()}
                    <span class="tabular text-muted" class:hidden=move || count() == 0>
                        {number}
                    </span>
                </a>
            }
        })
        .collect_view();
    view! {
        <nav aria-label="Views of the inbox" class="view-links">
            {links}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_has_an_address_of_its_own() {
        for view in VIEWS {
            assert_eq!(View::of(view.show()), view);
        }
        assert_eq!(View::of(Some("nonsense")), View::All);
    }
}
