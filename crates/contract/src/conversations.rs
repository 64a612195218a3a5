//! The inbox.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    appointments::AppointmentView,
    contacts::{ContactView, Hold},
    messages::{Direction, MessageView},
    tasks::TaskView,
    waitlist::Offered,
};

/// A row of the left column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationRow {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// The contact's name, or number if the name is not known.
    pub name: String,
    /// E.164.
    #[serde(default)]
    pub phone: String,
    /// The number as people of the business's country write it.
    pub phone_display: String,
    /// The start of the last message, at most 120 characters, on one line.
    pub preview: String,
    pub last_at: DateTime<Utc>,
    pub last_direction: Direction,
    /// Public status of the last message.
    pub last_status: String,
    pub unread: u32,
    /// The customer's text that came last.
    #[serde(default)]
    pub last_inbound_id: Option<Uuid>,
    /// When a person wrote last, on either side; reminders and other texts of the machine don't count.
    #[serde(default)]
    pub last_human_at: Option<DateTime<Utc>>,
    /// Since when the customer waits for an answer of a person.
    #[serde(default)]
    pub waiting_since: Option<DateTime<Utc>>,
    #[serde(default)]
    pub needs_answer: bool,
    /// open, snoozed or closed
    #[serde(default)]
    pub status: String,
    /// When a snoozed one comes back by itself.
    #[serde(default)]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// The account that looks after it.
    #[serde(default)]
    pub assignee: Option<Uuid>,
    pub opted_out: bool,
    /// Nothing is sent until staff decide: they seem to have asked for no more texts.
    #[serde(default)]
    pub on_hold: bool,
}

/// An open conversation: everything the middle and right columns show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub conversation: ConversationRow,
    pub contact: ContactView,
    /// Oldest first; the newest 50, or the 50 before the cursor.
    pub messages: Vec<MessageView>,
    /// What staff wrote to each other in the time of these messages, oldest first.
    #[serde(default)]
    pub notes: Vec<NoteView>,
    /// Times that they were offered in the time of these messages, the first first.
    #[serde(default)]
    pub offered: Vec<Offered>,
    /// What the reader has typed here and not sent yet.
    #[serde(default)]
    pub draft: Option<Draft>,
    /// Who a conversation can be given to.
    #[serde(default)]
    pub members: Vec<MemberName>,
    /// The first of these, if there are messages before it.
    pub older: Option<Uuid>,
    /// The last of these, if there are messages after it.
    #[serde(default)]
    pub newer: Option<Uuid>,
    /// The message or note this page was asked for, or the first of the day it was asked for.
    #[serde(default)]
    pub sought: Option<Uuid>,
    /// The first text of the customer that this reader has not seen.
    #[serde(default)]
    pub first_unread: Option<Uuid>,
    /// Upcoming and recent appointments, soonest first.
    pub appointments: Vec<AppointmentView>,
    pub tasks: Vec<TaskView>,
    pub composer: Composer,
    /// The number that a reply leaves from, as people write it.
    #[serde(default)]
    pub sender: Option<String>,
    /// A reply goes out on WhatsApp, because they wrote there last.
    #[serde(default)]
    pub whatsapp: Option<OnWhatsApp>,
}

/// How one may write on WhatsApp now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnWhatsApp {
    /// Until when what is typed may be sent; none: not before they write again.
    pub until: Option<DateTime<Utc>>,
    /// What may be sent at any time.
    pub wordings: Vec<ReadyWording>,
}

/// An approved wording with the values of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyWording {
    pub kind: String,
    pub appointment_id: Uuid,
    /// As the person would read it.
    pub words: String,
}

/// Which page of a thread: its newest messages, those before or after one, those around a message or note, or those around the first of a
/// day in the business's zone (the newest if there is none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    #[default]
    Newest,
    Before(Uuid),
    After(Uuid),
    At(Uuid),
    On(NaiveDate),
}

/// A note of staff; never sent to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoteView {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub author: String,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

/// A note to be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// 1 to 10,000 characters.
    pub body: String,
    /// Makes a repeat harmless: the same id in one business is one note.
    #[serde(default)]
    pub id: Option<Uuid>,
}

/// What somebody has typed and not sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub kind: DraftKind,
    pub body: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    #[default]
    Reply,
    Note,
}

/// Who has a conversation before their eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub conversation_id: Uuid,
    /// By name; of very many the first 20.
    pub people: Vec<Present>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    pub account_id: Uuid,
    pub name: String,
    /// They press keys there.
    pub writing: bool,
}

/// What somebody does at a conversation, said by their browser again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    Viewing,
    Writing,
    Leaving,
}

/// Somebody who works in the business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberName {
    pub account_id: Uuid,
    pub name: String,
}

/// What can be done with a conversation as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ConversationAction {
    /// None: nobody looks after it any more.
    Assign {
        account_id: Option<Uuid>,
    },
    Close,
    Reopen,
    /// It comes back then, or as soon as the customer writes.
    Snooze {
        until: DateTime<Utc>,
    },
    /// What they wrote needs no answer.
    NoReplyNeeded,
    /// It does, after all.
    NeedsReply,
    MarkRead,
    /// From the customer's last text on.
    MarkUnread,
}

/// What can be done with many conversations at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    Do(ConversationAction),
    /// Gives their people this tag.
    Tag(String),
    /// Takes it.
    Untag(String),
}

/// Which conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    These(Vec<Uuid>),
    /// All of a view, as it was at a moment: what customers have written since is left alone.
    View {
        show: Option<String>,
        as_of: DateTime<Utc>,
    },
    /// Those that filters leave of a view, as it was at a moment.
    Filtered {
        ids: Vec<Uuid>,
        as_of: DateTime<Utc>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    Running,
    Done,
    Undoing,
    Undone,
}

impl BatchState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

impl std::str::FromStr for BatchState {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let all = [Self::Running, Self::Done, Self::Undoing, Self::Undone];
        all.into_iter().find(|state| state.as_str() == s).ok_or(())
    }
}

/// What somebody has done to conversations, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    pub id: Uuid,
    pub action: BulkAction,
    pub state: BatchState,
    pub total: u32,
    /// How many it was done to, or undone for.
    pub done: u32,
    /// Why not to the others, each reason with how many.
    pub not_done: Vec<(u32, String)>,
    pub at: DateTime<Utc>,
}

impl BatchView {
    /// `18 closed · 2 not (has a new message)`
    pub fn words(&self) -> String {
        let (total, done) = (self.total, self.done);
        match self.state {
            BatchState::Running => return format!("{} of {total} …", done + self.left_out()),
            BatchState::Undoing => return format!("Putting back {} of {total} …", done + self.left_out()),
            _ => {}
        }
        let verb = if self.state == BatchState::Undone {
            "put back".to_owned()
        } else {
            self.action.verb()
        };
        let not = self.left_out();
        if not == 0 {
            return format!("{done} {verb}");
        }
        let reasons: Vec<&str> = self.not_done.iter().map(|(_, why)| why.as_str()).collect();
        format!("{done} {verb} · {not} not ({})", reasons.join("; "))
    }

    fn left_out(&self) -> u32 {
        self.not_done.iter().map(|(n, _)| n).sum()
    }
}

impl BulkAction {
    fn verb(&self) -> String {
        use ConversationAction as A;
        match self {
            BulkAction::Do(A::Assign { account_id: Some(_) }) => "assigned",
            BulkAction::Do(A::Assign { account_id: None }) => "assigned to nobody",
            BulkAction::Do(A::Close) => "closed",
            BulkAction::Do(A::Reopen) => "opened again",
            BulkAction::Do(A::Snooze { .. }) => "snoozed",
            BulkAction::Do(A::NoReplyNeeded) => "marked as needing no reply",
            BulkAction::Do(A::NeedsReply) => "marked as needing a reply",
            BulkAction::Do(A::MarkRead) => "marked as read",
            BulkAction::Do(A::MarkUnread) => "marked as unread",
            BulkAction::Tag(tag) => return format!("tagged “{tag}”"),
            BulkAction::Untag(tag) => return format!("no longer tagged “{tag}”"),
        }
        .to_owned()
    }
}

/// Who looks after a conversation from now on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignConversation {
    /// `null`: nobody.
    #[serde(deserialize_with = "given")]
    pub account_id: Option<Uuid>,
}

/// `null` is an answer, nothing at all is none.
fn given<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Uuid>, D::Error> {
    Option::deserialize(value)
}

/// Until when a conversation is put aside.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SnoozeConversation {
    /// In the future, at most two years from now.
    pub until: DateTime<Utc>,
}

/// Which conversations, and which of their pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ConversationQuery {
    /// `needs_answer` (who waits longest first), `unread`, `mine`, `unassigned`, `snoozed`, `open`, `closed` or `failed`; all of them, latest
    /// activity first, if not given.
    #[serde(default)]
    pub show: Option<String>,
    /// Words of texts, notes, names and numbers, and operators: `from:me|customer|<name>`,
    /// `is:unread|waiting|open|closed|snoozed|failed|optedout|hold`, `assigned:me|none|@name`, `before:`, `after:`, `on:` (2027-01-05,
    /// today, yesterday, 7d), `channel:`, `location:`, `has:visit|note|task`; a minus before one turns it around. Closed and snoozed
    /// conversations are found, too, latest activity first; `show` leaves those that the view has.
    #[serde(default)]
    pub search: Option<String>,
    /// Those that changed then or later (RFC 3339), in the order in which they changed; without other filters. The next time ask from a minute
    /// before the moment at which you asked: what is read twice does no harm.
    #[serde(default)]
    pub updated_since: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}

/// How many conversations each view shows, counted up to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewCounts {
    pub needs_answer: u32,
    pub mine: u32,
    pub unassigned: u32,
    pub unread: u32,
    pub failed: u32,
    pub snoozed: u32,
}

/// Whether a reply may be written, and if not, why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Composer {
    Open,
    /// Staff must decide first.
    OnHold(Hold),
    Closed {
        reason: String,
        next_step: String,
    },
}
