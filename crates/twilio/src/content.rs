//! Contents, which WhatsApp calls templates: made, handed in, looked after (docs/twilio.md §16).
//!
//! A content has no state of its own: whether it may be sent is its [`Approval`]. The wording of one that was handed in is frozen; new words
//! are a new content under a new name.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::client::{Client, ReadError};
use crate::forms::is_sid;
use crate::outcome::{Answer, Taken};

/// Contents of one page: Twilio's answer may not be larger than 1 MB.
const PAGE: &str = "100";

/// One way to show a content. Twilio sends the richest that the channel can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `twilio/text`.
    Text {
        /// The words, with `{{1}}` where values go.
        body: String,
    },
    /// `twilio/quick-reply`.
    QuickReply {
        /// The words, with `{{1}}` where values go.
        body: String,
        /// In their order.
        buttons: Vec<Button>,
    },
    /// One that this crate does not make.
    Other {
        /// Twilio's name of it, `twilio/card`.
        kind: String,
        /// As Twilio tells it.
        json: Value,
    },
}

/// A button to tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What comes back when it is tapped; may hold variables. The person can see it.
    pub id: String,
    /// What stands on it; no variables.
    pub title: String,
}

/// A content to make.
#[derive(Debug, Clone, Copy)]
pub struct NewContent<'a> {
    /// What it is found by if the answer is lost, so it is used once.
    pub friendly_name: &'a str,
    /// Meta's code, `en` or `pt_BR`.
    pub language: &'a str,
    /// A sample for each variable, for the reviewer. It is also what a person gets for a value that is left out.
    pub samples: &'a BTreeMap<String, String>,
    /// At least one, each of another kind.
    pub shapes: &'a [Shape],
}

/// A content as Twilio has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// `HX…`.
    pub sid: String,
    /// `AC…`.
    pub account_sid: String,
    /// What it is called; need not be unique.
    pub friendly_name: String,
    /// Meta's code.
    pub language: String,
    /// The sample of each variable.
    pub samples: BTreeMap<String, String>,
    /// The ways to show it.
    pub shapes: Vec<Shape>,
    /// When it was made.
    pub date_created: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub date_updated: Option<DateTime<Utc>>,
}

/// A template's name and category, to be handed in.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Lower-case letters, digits and `_`; one that was ever used can't be used again.
    pub name: &'a str,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: &'a str,
}

/// How a template stands with WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The name it was handed in under; empty if it never was.
    pub name: String,
    /// As WhatsApp sees it, which need not be what was handed in.
    pub category: String,
    /// Which of its shapes was looked at, `twilio/quick-reply`.
    pub content_type: String,
    /// How it stands.
    pub status: ApprovalStatus,
    /// Why it was rejected; may be empty.
    pub rejection_reason: String,
    /// WhatsApp may choose another category instead of rejecting it.
    pub allow_category_change: bool,
}

/// How a template stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Never handed in.
    Unsubmitted,
    /// Twilio has it.
    Received,
    /// WhatsApp looks at it.
    Pending,
    /// It may be sent.
    Approved,
    /// It will never be sent, and its name is used up.
    Rejected,
    /// Too many people complained; it comes back by itself, perhaps.
    Paused,
    /// Too many people complained; it does not come back.
    Disabled,
    /// A word that this crate does not know.
    Other(String),
}

impl ApprovalStatus {
    /// Reads Twilio's word, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let word = word.trim().to_ascii_lowercase();
        match word.as_str() {
            "unsubmitted" | "" => Self::Unsubmitted,
            "received" => Self::Received,
            "pending" => Self::Pending,
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            "paused" => Self::Paused,
            "disabled" => Self::Disabled,
            _ => Self::Other(word.chars().take(40).collect()),
        }
    }

    /// Twilio's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unsubmitted => "unsubmitted",
            Self::Received => "received",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::Other(word) => word,
        }
    }

    /// Whether WhatsApp takes it now. What is not known is not sent.
    #[must_use]
    pub const fn may_be_sent(&self) -> bool {
        matches!(self, Self::Approved)
    }

    /// Whether somebody is still looking at it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Received | Self::Pending)
    }
}

impl fmt::Display for ApprovalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some of an account's contents.
#[derive(Debug, Clone)]
pub struct ContentPage {
    /// Each with how it stands, where that was asked for.
    pub contents: Vec<(Content, Option<Approval>)>,
    /// For the next page; absent on the last one.
    pub next: Option<String>,
}

impl Client {
    /// Makes a content, asking once. If that ends in doubt, it is looked for by its friendly name.
    pub async fn create_content(&self, new: &NewContent<'_>) -> Taken<Content> {
        let request = self.http().post(self.contents_url("")).json(&body(new));
        self.content_taken(Taken::of(self.ask(request).await))
    }

    /// Puts other words into a content that was not handed in yet; its language stays. Harmless to repeat.
    pub async fn update_content(&self, sid: &str, new: &NewContent<'_>) -> Taken<Content> {
        if !is_sid(sid, &["HX"]) {
            return Taken::not_twilio();
        }
        let request = self.http().put(self.contents_url(&format!("/{sid}"))).json(&body(new));
        self.content_taken(Taken::of(self.ask(request).await))
    }

    /// A content as it is now.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 404 for one that is not there.
    pub async fn content(&self, sid: &str) -> Result<Content, ReadError> {
        if !is_sid(sid, &["HX"]) {
            return Err(ReadError::NotTwilio);
        }
        let json = self.read(self.http().get(self.contents_url(&format!("/{sid}")))).await?;
        self.our_content(&json)
    }

    /// Deletes a content; one that is gone already is deleted, too. A name that it was handed in under stays used up.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn delete_content(&self, sid: &str) -> Result<(), ReadError> {
        if !is_sid(sid, &["HX"]) {
            return Err(ReadError::NotTwilio);
        }
        match self.said(self.http().delete(self.contents_url(&format!("/{sid}")))).await {
            Ok(_) | Err(ReadError::Http { http: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A page of the account's contents: the first, or the one that [`ContentPage::next`] names.
    ///
    /// # Errors
    /// [`ReadError`]; `NotTwilio` for a page that is elsewhere.
    pub async fn contents(&self, next: Option<&str>) -> Result<ContentPage, ReadError> {
        self.contents_page("/v1/Content", next).await
    }

    /// As [`Client::contents`], with how each one stands: one sweep in place of a question for each.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn contents_and_approvals(&self, next: Option<&str>) -> Result<ContentPage, ReadError> {
        self.contents_page("/v1/ContentAndApprovals", next).await
    }

    /// Hands a content in to WhatsApp, asking once. If that ends in doubt, [`Client::approval`] tells: anything but
    /// [`ApprovalStatus::Unsubmitted`] means that it arrived.
    pub async fn submit_content(&self, sid: &str, submission: &Submission<'_>) -> Taken<Approval> {
        if !is_sid(sid, &["HX"]) {
            return Taken::not_twilio();
        }
        let url = self.contents_url(&format!("/{sid}/ApprovalRequests/whatsapp"));
        let body = json!({ "name": submission.name, "category": submission.category });
        let answer = Taken::of(self.ask(self.http().post(url).json(&body)).await);
        // The answer is flat, and names neither content nor account.
        answer.and_then(|answer: Answer| answer.json.as_ref().and_then(approval))
    }

    /// How a content stands with WhatsApp.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 404 for a content that is not there.
    pub async fn approval(&self, sid: &str) -> Result<Approval, ReadError> {
        if !is_sid(sid, &["HX"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.contents_url(&format!("/{sid}/ApprovalRequests"));
        let json = self.read(self.http().get(url)).await?;
        self.names_us(&json)?;
        // Other channels stand beside it; what stands at the top is not about WhatsApp.
        Ok(json.get("whatsapp").and_then(approval).unwrap_or_else(Approval::none))
    }

    fn contents_url(&self, path: &str) -> String {
        self.host_url("content", &format!("/v1/Content{path}"))
    }

    async fn contents_page(&self, path: &str, next: Option<&str>) -> Result<ContentPage, ReadError> {
        let first = self.host_url("content", path);
        let (list, next) = self.page_of(&first, &[("PageSize", PAGE)], next, "contents").await?;
        let contents = list.iter().map(|one| {
            let content = self.our_content(one)?;
            Ok((content, one.get("approval_requests").and_then(approval)))
        });
        Ok(ContentPage {
            contents: contents.collect::<Result<_, ReadError>>()?,
            next,
        })
    }

    fn content_taken(&self, answer: Taken<Answer>) -> Taken<Content> {
        answer.and_then(|answer| self.our_content(answer.json.as_ref()?).ok())
    }

    fn our_content(&self, json: &Value) -> Result<Content, ReadError> {
        self.names_us(json)?;
        content(json).ok_or(ReadError::Unreadable)
    }
}

impl Approval {
    /// Of a content that was never handed in.
    fn none() -> Self {
        Self {
            name: String::new(),
            category: String::new(),
            content_type: String::new(),
            status: ApprovalStatus::Unsubmitted,
            rejection_reason: String::new(),
            allow_category_change: false,
        }
    }
}

fn body(new: &NewContent<'_>) -> Value {
    let types: Map<String, Value> = new.shapes.iter().map(|s| (s.kind().to_owned(), s.json())).collect();
    json!({ "friendly_name": new.friendly_name, "language": new.language, "variables": new.samples, "types": types })
}

impl Shape {
    /// Twilio's name of it.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text { .. } => "twilio/text",
            Self::QuickReply { .. } => "twilio/quick-reply",
            Self::Other { kind, .. } => kind,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text { body } => json!({ "body": body }),
            Self::QuickReply { body, buttons } => {
                let actions: Vec<Value> = buttons.iter().map(|b| json!({ "id": b.id, "title": b.title })).collect();
                json!({ "body": body, "actions": actions })
            }
            Self::Other { json, .. } => json.clone(),
        }
    }

    /// What can't be read as one of ours is kept as it came.
    fn read(kind: &str, json: &Value) -> Self {
        let body = json.get("body").and_then(Value::as_str).map(str::to_owned);
        match (kind, body) {
            ("twilio/text", Some(body)) => Self::Text { body },
            ("twilio/quick-reply", Some(body)) => Self::QuickReply {
                body,
                buttons: json
                    .get("actions")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(button)
                    .collect(),
            },
            _ => Self::Other {
                kind: kind.to_owned(),
                json: json.clone(),
            },
        }
    }
}

fn button(json: &Value) -> Button {
    Button {
        id: text(json, "id"),
        title: text(json, "title"),
    }
}

fn content(json: &Value) -> Option<Content> {
    let date = |name: &str| json.get(name)?.as_str().and_then(domain::when::instant);
    let all = |name: &str| json.get(name).and_then(Value::as_object).into_iter().flatten();
    Some(Content {
        sid: Some(text(json, "sid")).filter(|sid| is_sid(sid, &["HX"]))?,
        account_sid: text(json, "account_sid"),
        friendly_name: text(json, "friendly_name"),
        language: text(json, "language"),
        samples: all("variables")
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        shapes: all("types").map(|(kind, json)| Shape::read(kind, json)).collect(),
        date_created: date("date_created"),
        date_updated: date("date_updated"),
    })
}

/// Flat, as it is told at the making, in the sweep, and under the channel's name.
fn approval(json: &Value) -> Option<Approval> {
    Some(Approval {
        name: text(json, "name"),
        category: text(json, "category"),
        content_type: text(json, "content_type"),
        status: ApprovalStatus::parse(json.get("status")?.as_str()?),
        rejection_reason: text(json, "rejection_reason"),
        allow_category_change: json.get("allow_category_change").and_then(Value::as_bool).unwrap_or_default(),
    })
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
