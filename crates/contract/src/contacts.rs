//! Customers and their consent.

use chrono::{DateTime, Utc};
use domain::{consent::State, language::Language};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactView {
    pub id: Uuid,
    /// Empty for a person known by number only.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// The number as people of the business's country write it.
    pub phone_display: String,
    pub email: Option<String>,
    /// IANA name; none means the business's.
    pub time_zone: Option<String>,
    /// The language they are texted in, `en` or `es`; none means the business's.
    #[serde(default)]
    pub language: Option<String>,
    /// How they would like to be reached; none: nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<ContactChannels>,
    /// The language they seem to write, where that is another one, until staff say what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub seems_to_write: Option<Language>,
    pub notes: String,
    pub blocked: bool,
    /// Since when nothing is sent because they seem to have asked for that in their own words; staff decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<DateTime<Utc>>,
    pub consent: ConsentView,
    /// The same for offers and review requests, which need a yes of their own.
    #[serde(default)]
    pub offers: ConsentView,
    /// Since when mail to their e-mail address comes back, because nobody has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_dead_since: Option<DateTime<Utc>>,
    /// Words that staff know them by, in lower case, in alphabetical order.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Further numbers of theirs, from contacts that were merged into this one. Texts from there reach this person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_phones: Vec<OtherPhone>,
    /// The contact that this one turned out to be: what was theirs is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Uuid>,
    /// Since when they have proved, by a code that was texted to it, that the number is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verified_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    #[serde(default)]
    pub updated_at: DateTime<Utc>,
}

/// The ways to somebody, best first: `sms`, `email`. Each at most once, and none is left out before another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactChannels {
    pub primary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// The address of the page where somebody says how they are reached. Whoever has it can say so in their name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreferencesLink {
    pub url: String,
}

/// A further number of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OtherPhone {
    /// E.164.
    pub phone: String,
    pub phone_display: String,
}

impl ContactView {
    /// What to call this person on a screen.
    pub fn title(&self) -> &str {
        if self.name.is_empty() {
            &self.phone_display
        } else {
            &self.name
        }
    }
}

/// Consent to appointment messages per channel: `unknown`, `opted_in`, `opted_out`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentView {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub sms: State,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub whatsapp: State,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub email: State,
}

/// One row of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentEventView {
    pub at: DateTime<Utc>,
    #[serde(default)]
    pub channel: String,
    pub purpose: String,
    pub state: State,
    /// booking, keyword, staff, api, provider_block, preference_page, import, wrote
    pub source: String,
    pub actor: String,
    pub evidence: String,
}

/// How somebody agreed to be texted. `source` says where (for example `booking`); it is kept as evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OptIn {
    /// `sms`, or `email` where an address is given.
    pub channel: String,
    pub source: String,
}

/// `phone` in any usual spelling; a number without a country code is read as one of the business's country.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateContact {
    pub name: String,
    pub phone: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub time_zone: Option<String>,
    /// `en` or `es`; none means the business's.
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub notes: Option<String>,
    /// Free words, up to 20 of up to 40 characters.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    #[serde(default)]
    pub opt_in: Option<OptIn>,
}

/// What is to be changed of a contact: what is not given stays as it is, `null` takes it away.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PatchContact {
    #[serde(default)]
    pub name: Option<String>,
    /// Consent was given for the number before: another one has to be asked anew.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub time_zone: Option<Option<String>>,
    /// `en` or `es`; `null` means the business's.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub language: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub notes: Option<Option<String>>,
    /// All of them; those that are not named are taken away.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    #[serde(default)]
    pub blocked: Option<bool>,
}

/// A field that is there, even if it is `null`.
fn given<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// Many contacts at once, as another system knows them. Whoever has the number is that person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactBatch {
    /// 1 to 200.
    pub contacts: Vec<CreateContact>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResult {
    /// A row for each contact, in the order they came.
    pub data: Vec<BatchRow>,
    pub created: u32,
    pub updated: u32,
    pub unchanged: u32,
    pub refused: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchRow {
    /// Its place in the batch, from 0.
    pub index: u32,
    pub status: BatchStatus,
    /// The contact; none for a row that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Why it was refused, or what of it could not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<crate::Pointed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    Created,
    Updated,
    Unchanged,
    Refused,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateContact {
    pub id: Uuid,
    pub name: String,
    pub phone: String,
    pub email: Option<String>,
    pub time_zone: Option<String>,
    pub notes: Option<String>,
}

/// Staff record consent by hand: what the person said or signed is the evidence and must not be empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    pub contact_id: Uuid,
    pub state: State,
    pub evidence: String,
}

/// Something a person agreed to or refused outside a text, as another system or staff know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeConsent {
    /// `sms`, `whatsapp` or `email`.
    pub channel: String,
    /// `transactional` (about appointments) or `promotional` (offers, review requests). Who refuses the first refuses both.
    pub purpose: String,
    /// `opted_in` or `opted_out`.
    pub state: String,
    /// Their words, or what they signed, and when. An opt-in needs it; it is kept and can't be changed.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// A page of contacts: alphabetical, or, with `updated_since`, in the order in which they were changed last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ContactQuery {
    /// A part of a name, number or e-mail.
    #[serde(default)]
    pub search: Option<String>,
    /// Only those with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// Only those changed at or after this time (RFC 3339). People who were merged into others are among them, with `merged_into`.
    #[serde(default)]
    pub updated_since: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// The screen of all contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeoplePage {
    pub page: crate::Page<ContactView>,
    /// Tags that the business uses, the most used first.
    pub tags: Vec<TagView>,
}

/// A tag and how many people have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagView {
    pub tag: String,
    pub people: u32,
}

/// Something that happened between a person and the business.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// `message`, `appointment`, `consent`, `note`, `conversation` or `contact`.
    pub kind: String,
    /// What happened, for programs: `message.inbound`, `message.cancelled`, `conversation.assigned`, `appointment.moved`, `consent.opted_out`, `contact.updated` …
    pub event: String,
    /// The same in plain words.
    pub title: String,
    /// The text, the note or the evidence; to whom a conversation was given, and until when it was put aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why a message was not sent or did not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who did it.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Uuid>,
    /// How far a message got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// A contact's page: the person, what they agreed to, their appointments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactPage {
    pub contact: ContactView,
    pub ledger: Vec<ConsentEventView>,
    pub appointments: Vec<crate::appointments::AppointmentView>,
    pub conversation_id: Option<Uuid>,
    /// There while staff have to decide.
    pub hold: Option<Hold>,
    /// The latest of everything that happened.
    pub timeline: crate::Page<TimelineRow>,
    /// Tags to choose from.
    pub tags: Vec<TagView>,
    /// The last merge, while it can be undone.
    #[serde(default)]
    pub merged: Option<Merged>,
}

/// A merge that can still be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// What the other one was called.
    pub with: String,
    pub at: DateTime<Utc>,
    /// Undone until then, and until the next merge.
    pub until: DateTime<Utc>,
}

/// Why nothing is sent to a person who seems to have asked for that in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: DateTime<Utc>,
    /// Their text.
    pub said: Option<String>,
}

/// A row of the ledger as it is handed to a court or an auditor; `prev_hash` and `hash` chain the rows of a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its place among all rows of the business.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub channel: String,
    pub purpose: String,
    pub state: String,
    pub source: String,
    pub actor: String,
    pub evidence: String,
    pub prev_hash: String,
    pub hash: String,
}

/// Staff's decision about a contact on hold: opted out, or texts go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecideHold {
    pub contact_id: Uuid,
    pub opt_out: bool,
}
