//! The form of a task.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{conversations::MemberName, tasks::TaskView};

/// What a new task is to be about; nothing is fine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskAbout {
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    #[serde(default)]
    pub appointment_id: Option<Uuid>,
    #[serde(default)]
    pub message_id: Option<Uuid>,
}

/// What the form of a task shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskForm {
    /// Who can look after it.
    pub members: Vec<MemberName>,
    /// The one that is changed; none: it is new.
    pub task: Option<TaskView>,
    /// Whom a new one is about: id and name.
    pub contact: Option<(Uuid, String)>,
    /// The visit: id and start.
    pub visit: Option<(Uuid, DateTime<Utc>)>,
    /// The text: id and what it says.
    pub message: Option<(Uuid, String)>,
}
