//! Contents, and how WhatsApp looks at them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{WhatsApp, rejection};
use crate::words::new_sid;

/// Kinds of content that WhatsApp looks at, the richest first.
const RICHEST: [&str; 4] = ["whatsapp/card", "twilio/card", "twilio/quick-reply", "twilio/call-to-action"];

/// A button with its values put in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimButton {
    /// What comes back when it is tapped.
    pub id: String,
    /// What stands on it.
    pub title: String,
}

/// A content as the simulator keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimContent {
    /// `HX…`.
    pub sid: String,
    /// The account it belongs to, `AC…`.
    pub account_sid: String,
    /// What it is called.
    pub friendly_name: String,
    /// Meta's code.
    pub language: String,
    /// The sample of each variable, which also stands in for a value that is left out.
    pub variables: BTreeMap<String, String>,
    /// By kind, as they came.
    pub types: Map<String, Value>,
    /// When it was made.
    pub date_created: DateTime<Utc>,
    /// When it was last changed.
    pub date_updated: DateTime<Utc>,
    /// What became of it at WhatsApp; none: never handed in.
    pub approval: Option<SimApproval>,
}

/// A content that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimApproval {
    /// Unique for the account, for good.
    pub name: String,
    /// As it was handed in.
    pub category: String,
    /// The kind that is looked at.
    pub content_type: String,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// As its content has it.
    pub language: String,
    /// What the clock will bring: why it will be rejected, if it will be.
    pub will_be_rejected: Option<String>,
    /// The category it will be given.
    pub will_be: String,
    /// What somebody said by hand, which counts from then on.
    pub said: Option<Standing>,
}

/// How a template stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Twilio's word.
    pub status: String,
    /// WhatsApp's category.
    pub category: String,
    /// Why it was rejected; empty otherwise.
    pub rejection_reason: String,
    /// The language that WhatsApp has it in.
    pub language: String,
}

/// How fast templates are looked at, by the simulator's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewPace {
    /// Whether the clock decides; else somebody says it.
    pub by_itself: bool,
    /// Seconds until WhatsApp has it.
    pub pending_after: u64,
    /// Seconds until it is decided.
    pub decided_after: u64,
    /// The category that WhatsApp gives to whatever is handed in from now on, in place of the one that was asked for.
    pub category: Option<String>,
}

impl Default for ReviewPace {
    fn default() -> Self {
        Self {
            by_itself: true,
            pending_after: 10,
            decided_after: 120,
            category: None,
        }
    }
}

/// What somebody says about a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// Twilio's word.
    pub status: String,
    /// Why it was rejected.
    #[serde(default)]
    pub rejection_reason: String,
    /// Another category than the one asked for.
    #[serde(default)]
    pub category: Option<String>,
    /// Another language than that of the content: WhatsApp has none of this name in the content's.
    #[serde(default)]
    pub language: Option<String>,
}

/// A content to keep, checked already.
pub(crate) struct NewContent {
    pub friendly_name: String,
    pub language: String,
    pub variables: BTreeMap<String, String>,
    pub types: Map<String, Value>,
}

impl SimApproval {
    /// How it stands at this time.
    pub(crate) fn at(&self, now: DateTime<Utc>, pace: &ReviewPace) -> Standing {
        if let Some(said) = &self.said {
            return said.clone();
        }
        let after = |seconds: u64| now >= self.submitted_at + Duration::from_secs(seconds);
        let stands = |status: &str, category: &str, reason: &str| Standing {
            status: status.to_owned(),
            category: category.to_owned(),
            rejection_reason: reason.to_owned(),
            language: self.language.clone(),
        };
        match &self.will_be_rejected {
            Some(why) if pace.by_itself && after(pace.decided_after) => stands("rejected", &self.category, why),
            None if pace.by_itself && after(pace.decided_after) => stands("approved", &self.will_be, ""),
            _ if after(pace.pending_after) => stands("pending", &self.category, ""),
            _ => stands("received", &self.category, ""),
        }
    }
}

impl SimContent {
    /// The kind that WhatsApp looks at and shows: the richest.
    #[must_use]
    pub fn richest(&self) -> &str {
        let rich = RICHEST.into_iter().find(|kind| self.types.contains_key(*kind));
        rich.or_else(|| self.types.keys().next().map(String::as_str))
            .unwrap_or_default()
    }

    /// The words of one of its kinds.
    #[must_use]
    pub fn body(&self, kind: &str) -> &str {
        let body = self.types.get(kind).and_then(|json| json.get("body"));
        body.and_then(Value::as_str).unwrap_or_default()
    }

    /// What can be tapped, variables and all.
    #[must_use]
    pub fn buttons(&self) -> Vec<SimButton> {
        let actions = self.types.get(self.richest()).and_then(|json| json.get("actions"));
        let text = |json: &Value, name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let actions = actions.and_then(Value::as_array).into_iter().flatten();
        actions
            .map(|json| SimButton {
                id: text(json, "id"),
                title: text(json, "title"),
            })
            .collect()
    }

    /// The keys of all its variables, as they stand in its words and buttons.
    pub(crate) fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for kind in self.types.keys() {
            keys.extend(keys_in(self.body(kind)));
        }
        for button in self.buttons() {
            keys.extend(keys_in(&button.id));
        }
        keys
    }
}

/// The keys between `{{` and `}}`, in their order.
pub(crate) fn keys_in(text: &str) -> Vec<String> {
    let after = text.split("{{").skip(1);
    after
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(key, _)| key.trim().to_owned())
        .collect()
}

/// Puts values in the place of their variables. A value in which `{{` stands is not looked at again.
pub(crate) fn render(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((key, after)) = from.split_once("}}") else {
            out.push_str("{{");
            rest = from;
            continue;
        };
        match values.get(key.trim()) {
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("{{{{{key}}}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

impl WhatsApp {
    pub(crate) fn add_content(&mut self, account_sid: &str, new: NewContent, now: DateTime<Utc>) -> SimContent {
        let content = SimContent {
            sid: new_sid("HX"),
            account_sid: account_sid.to_owned(),
            friendly_name: new.friendly_name,
            language: new.language,
            variables: new.variables,
            types: new.types,
            date_created: now,
            date_updated: now,
            approval: None,
        };
        self.contents.push(content.clone());
        content
    }

    pub(crate) fn content_of(&self, account_sid: &str, sid: &str) -> Option<&SimContent> {
        self.content(sid).filter(|c| c.account_sid == account_sid)
    }

    pub(crate) fn change_content(&mut self, sid: &str, change: impl FnOnce(&mut SimContent)) -> Option<SimContent> {
        let content = self.contents.iter_mut().find(|c| c.sid == sid)?;
        change(content);
        Some(content.clone())
    }

    pub(crate) fn delete_content(&mut self, sid: &str) {
        self.contents.retain(|c| c.sid != sid);
    }

    pub(crate) fn is_name_used(&self, account_sid: &str, name: &str) -> bool {
        self.names.contains(&(account_sid.to_owned(), name.to_owned()))
    }

    /// Hands a content in; none if it is not there.
    pub(crate) fn submit(&mut self, sid: &str, name: &str, category: &str, now: DateTime<Utc>) -> Option<SimContent> {
        let given = self.pace.category.clone();
        let content = self.change_content(sid, |content| {
            content.approval = Some(SimApproval {
                name: name.to_owned(),
                category: category.to_owned(),
                content_type: content.richest().to_owned(),
                language: content.language.clone(),
                submitted_at: now,
                will_be_rejected: rejection(content),
                will_be: given.unwrap_or_else(|| category.to_owned()),
                said: None,
            });
        })?;
        self.names.insert((content.account_sid.clone(), name.to_owned()));
        Some(content)
    }

    /// Somebody says how a template stands; whether there was one.
    pub(crate) fn say(&mut self, sid: &str, verdict: &Verdict) -> bool {
        let content = self.contents.iter_mut().find(|c| c.sid == sid);
        let Some(approval) = content.and_then(|c| c.approval.as_mut()) else {
            return false;
        };
        let (category, language) = approval
            .said
            .as_ref()
            .map(|s| (s.category.clone(), s.language.clone()))
            .unzip();
        let category = verdict.category.clone().or(category);
        let language = verdict.language.clone().or(language);
        approval.said = Some(Standing {
            status: verdict.status.clone(),
            category: category.unwrap_or_else(|| approval.will_be.clone()),
            language: language.unwrap_or_else(|| approval.language.clone()),
            rejection_reason: verdict.rejection_reason.clone(),
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_keys_stood() {
        let values = BTreeMap::from([("1".to_owned(), "{{2}}".to_owned()), ("2".to_owned(), "B".to_owned())]);
        assert_eq!(render("Hi {{1}}, {{ 2 }} and {{3}} {{", &values), "Hi {{2}}, B and {{3}} {{");
        assert_eq!(keys_in("Hi {{1}}, {{ 2 }} {{ and"), ["1", "2"]);
    }
}
