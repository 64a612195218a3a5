//! Searching people, messages and visits at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Page,
    appointments::AppointmentView,
    contacts::ContactView,
    messages::{Direction, LogRow},
};

/// What the search box holds, and which page of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    #[serde(default)]
    pub q: Option<String>,
    /// A conversation: what was said there is searched, and nothing else.
    #[serde(default)]
    pub within: Option<Uuid>,
    /// `next_cursor` of the page of messages before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Which part of the message log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSearch {
    /// `waiting`, `trouble` (failed, undelivered or unclear), or nothing for all.
    #[serde(default)]
    pub show: Option<String>,
    /// As in the search box.
    #[serde(default)]
    pub q: Option<String>,
    /// `oldest` first; otherwise, and where words are looked for, the newest.
    #[serde(default)]
    pub sort: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of the message log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogFound {
    pub page: Page<LogRow>,
    /// The words and operators that were understood.
    pub terms: Vec<SearchTerm>,
    /// What was not understood, a sentence each.
    pub notes: Vec<String>,
}

/// What was found, in three groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchPage {
    /// The words and operators that were understood.
    pub terms: Vec<SearchTerm>,
    /// What was not understood, a sentence each.
    pub notes: Vec<String>,
    /// With whom the conversation is in which was searched.
    #[serde(default)]
    pub within: Option<String>,
    /// By name; at most 20.
    pub people: Vec<PersonHit>,
    pub more_people: bool,
    /// Newest first.
    pub messages: Page<MessageHit>,
    /// Latest first; at most 20.
    pub visits: Vec<AppointmentView>,
    pub more_visits: bool,
}

/// A word or operator of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchTerm {
    /// As it was typed.
    pub written: String,
    /// The search without it.
    pub without: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonHit {
    pub contact: ContactView,
    pub conversation_id: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageHit {
    /// The message's, or the note's.
    pub message_id: Uuid,
    pub conversation_id: Uuid,
    /// Who wrote it, where it is a note of staff, which the customer never saw.
    #[serde(default)]
    pub note_by: Option<String>,
    /// The contact's name, or number if the name is not known.
    pub contact_name: String,
    pub direction: Direction,
    /// Public status; a note has none.
    pub status: String,
    pub created_at: DateTime<Utc>,
    pub snippet: Snippet,
}

/// Where a hit stands among those of its search, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitPlace {
    /// Its number, and how many there are; none for what stands behind the newest 200.
    pub number: Option<(u32, u32)>,
    /// There are more than that.
    pub more: bool,
    /// A newer one.
    pub previous: Option<HitAt>,
    /// An older one.
    pub next: Option<HitAt>,
}

/// A message or note that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitAt {
    pub conversation_id: Uuid,
    pub message_id: Uuid,
}

/// The line in which something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    pub text: String,
    /// In order, not overlapping.
    pub marks: Vec<Mark>,
}

/// Characters (Unicode scalar values) of a snippet, from `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub from: u32,
    pub to: u32,
}

impl Snippet {
    /// Its parts in order, each with whether it is marked.
    #[must_use]
    pub fn parts(&self) -> Vec<(bool, String)> {
        let chars: Vec<char> = self.text.chars().collect();
        let at = |n: u32| (n as usize).min(chars.len());
        let mut parts = Vec::new();
        let mut done = 0;
        for mark in &self.marks {
            let (from, to) = (at(mark.from).max(done), at(mark.to).max(done));
            parts.push((false, chars[done..from].iter().collect()));
            parts.push((true, chars[from..to].iter().collect()));
            done = to;
        }
        parts.push((false, chars[done..].iter().collect::<String>()));
        parts.retain(|(_, text): &(bool, String)| !text.is_empty());
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_falls_into_its_parts() {
        let marks = vec![Mark { from: 2, to: 6 }, Mark { from: 6, to: 99 }];
        let text = "é late!".to_owned();
        let parts = Snippet { text, marks }.parts();
        let parts: Vec<(bool, &str)> = parts.iter().map(|(marked, text)| (*marked, text.as_str())).collect();
        assert_eq!(parts, [(false, "é "), (true, "late"), (true, "!")]);
        assert_eq!(Snippet::default().parts(), []);
    }
}
