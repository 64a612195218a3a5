//! What a person is told of, and how.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Page;

/// What there is to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A customer writes in a conversation that is theirs.
    Mine,
    /// In one that is nobody's.
    Unassigned,
    /// In one of somebody else.
    Others,
    /// A note names them.
    Mention,
    /// A conversation is given to them.
    Assigned,
    /// A task is given to them.
    Task,
    /// A text did not arrive.
    Failed,
    /// Texts can't go out, the budget is nearly used, or something has left its usual course.
    Alert,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Mine,
        Kind::Unassigned,
        Kind::Others,
        Kind::Mention,
        Kind::Assigned,
        Kind::Task,
        Kind::Failed,
        Kind::Alert,
    ];

    /// As it is stored, and as a form's field begins.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Mine => "mine",
            Kind::Unassigned => "unassigned",
            Kind::Others => "others",
            Kind::Mention => "mention",
            Kind::Assigned => "assigned",
            Kind::Task => "task",
            Kind::Failed => "failed",
            Kind::Alert => "alert",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// As the settings call it.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Mine => "A text in a conversation of mine",
            Kind::Unassigned => "A text in a conversation of nobody’s",
            Kind::Others => "A text in somebody else’s conversation",
            Kind::Mention => "A note that names me",
            Kind::Assigned => "A conversation is given to me",
            Kind::Task => "A task is given to me",
            Kind::Failed => "A text did not arrive",
            Kind::Alert => "Texts can’t go out, the budget is nearly used, or more goes wrong than usual",
        }
    }

    /// Whether it is about a customer, and so happens at one of the business's locations. What is meant for one person by name is told
    /// wherever it happens.
    pub fn has_place(self) -> bool {
        match self {
            Kind::Mine | Kind::Unassigned | Kind::Others | Kind::Task | Kind::Failed => true,
            Kind::Mention | Kind::Assigned | Kind::Alert => false,
        }
    }

    /// What a person hears who has said nothing.
    pub fn usual(self) -> Choice {
        let (app, push, mail) = match self {
            Kind::Mine | Kind::Mention => (true, true, Mail::Digest),
            Kind::Unassigned | Kind::Assigned | Kind::Task => (true, true, Mail::Off),
            Kind::Failed => (true, false, Mail::Off),
            // Owners and admins get a mail of it anyway.
            Kind::Alert => (true, true, Mail::Off),
            Kind::Others => (false, false, Mail::Off),
        };
        Choice { app, push, mail }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    Off,
    AtOnce,
    /// Everything that is still unread after some minutes, in one mail.
    Digest,
}

impl Mail {
    pub fn as_str(self) -> &'static str {
        match self {
            Mail::Off => "off",
            Mail::AtOnce => "at_once",
            Mail::Digest => "digest",
        }
    }
}

/// The ways one kind of thing reaches somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// In the list under Notifications.
    pub app: bool,
    /// On their devices.
    pub push: bool,
    pub mail: Mail,
}

/// Everything that a person has chosen in one business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// What is missing here is as usual.
    pub of: BTreeMap<Kind, Choice>,
    /// How long a thing is unread before a digest tells of it, 1 to 1,440 minutes.
    pub digest_minutes: u32,
    /// Where devices are told and no mail is, a mail follows if no device has shown it.
    #[serde(default = "yes")]
    pub mail_if_missed: bool,
    /// Owners and admins get a mail when something has left its usual course, and when it is back.
    #[serde(default = "yes")]
    pub alert_mails: bool,
    /// Locations this person looks after; none: all of them.
    #[serde(default)]
    pub places: BTreeSet<Uuid>,
    /// What they hear of for those locations alone.
    #[serde(default)]
    pub narrowed: BTreeSet<Kind>,
}

/// What those have chosen who chose before there was a choice.
fn yes() -> bool {
    true
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            of: BTreeMap::new(),
            digest_minutes: 15,
            mail_if_missed: true,
            alert_mails: true,
            places: BTreeSet::new(),
            narrowed: BTreeSet::new(),
        }
    }
}

impl Choices {
    pub fn of(&self, kind: Kind) -> Choice {
        self.of.get(&kind).copied().unwrap_or_else(|| kind.usual())
    }

    /// Whether where a thing of this kind happens decides whether it is told.
    pub fn is_narrowed(&self, kind: Kind) -> bool {
        kind.has_place() && !self.places.is_empty() && self.narrowed.contains(&kind)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationView {
    pub id: Uuid,
    pub kind: Kind,
    /// What happened, in one sentence.
    pub title: String,
    /// More of it; may be empty.
    pub text: String,
    /// Where it can be seen, on this site.
    pub href: String,
    pub created_at: DateTime<Utc>,
    pub read: bool,
}

/// A browser that takes notifications for the person who looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    pub id: Uuid,
    pub name: String,
    /// How it stands, in plain words.
    pub state: String,
    /// Its push service knows it no more: nothing is sent to it.
    pub gone: bool,
    /// Something was wrong the last time.
    pub failing: bool,
}

/// What the page under `/notifications` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationsView {
    pub page: Page<NotificationView>,
    pub unread: u32,
    pub choices: Choices,
    pub devices: Vec<DeviceView>,
    /// By which a push service knows this installation, in base64url.
    pub push_key: String,
    /// A mail server is set up.
    pub mail_works: bool,
    /// The business's locations, by name, to choose from.
    #[serde(default)]
    pub places: Vec<(Uuid, String)>,
}

/// A browser's subscription at its push service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddDevice {
    /// An https address of the push service.
    pub endpoint: String,
    /// The browser's public key: 65 bytes in base64url.
    pub p256dh: String,
    /// 16 bytes in base64url.
    pub auth: String,
    /// What the person would call it; at most 100 characters.
    #[serde(default)]
    pub name: String,
}

/// What a push carries, sealed for the device. Names and numbers of customers, never what they wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushPayload {
    pub title: String,
    pub body: String,
    /// What a tap opens, on this site.
    pub url: String,
    /// A newer one of the same tag takes its place.
    pub tag: String,
    /// How many conversations need an answer.
    pub badge: u32,
    /// The notification it is about, to say that it was shown; none: a test.
    #[serde(default)]
    pub id: Option<Uuid>,
}

/// A device has shown this notification.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub id: Uuid,
}

/// Something that was written without a connection. The same `id` twice is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOffline {
    pub id: Uuid,
    /// Who wrote it, and where: whoever is signed in by now may be somebody else.
    pub account_id: Uuid,
    pub business_id: Uuid,
    pub conversation_id: Uuid,
    pub kind: OfflineKind,
    pub body: String,
    /// For a reply: to whom, and the newest that was shown when it was written.
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    #[serde(default)]
    pub after: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfflineKind {
    Reply,
    Note,
}
