//! The waitlist: who waits for a time, times that came free, and who is offered them.

use chrono::{DateTime, Utc};
pub use domain::waitlist::{EntryStatus, Mode, OfferStatus, OnDecline, Priority, Rules, SlotStatus};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Days and times that suit somebody, by the clock of the place; what is not said is any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`; none: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<String>,
    /// The first day, like `2027-01-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_date: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_date: Option<String>,
    /// Not before, like `09:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Over by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Somebody is to be put on the waitlist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddEntry {
    pub contact_id: Uuid,
    /// Whom it is for, where that is not the contact.
    #[serde(default)]
    pub for_name: Option<String>,
    /// Types that would do; none: any.
    #[serde(default)]
    pub type_ids: Vec<Uuid>,
    #[serde(default)]
    pub location_ids: Vec<Uuid>,
    #[serde(default)]
    pub staff_labels: Vec<String>,
    /// How long it takes; of the type, else 30, if not said.
    #[serde(default)]
    pub minutes: Option<i32>,
    /// Up to 5; none: any time.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// A time must be offered so long before it begins; 60 if not said.
    #[serde(default)]
    pub notice_minutes: Option<i32>,
    /// `normal` (default), `soon` or `urgent`
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub priority: Option<Priority>,
    /// The visit of theirs that the new time takes the place of.
    #[serde(default)]
    pub instead_of: Option<Uuid>,
    #[serde(default)]
    pub notes: Option<String>,
    /// How they would like to be asked; `sms` if not said.
    #[serde(default)]
    pub channel: Option<String>,
    /// What they agreed to, word for word. With it somebody who has said nothing about texts yet is opted in to them.
    #[serde(default)]
    pub consent: Option<String>,
    /// Whether they are told by text that they are on the list.
    #[serde(default)]
    pub tell: bool,
}

/// What changes about an entry: what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditEntry {
    #[serde(default)]
    pub for_name: Option<String>,
    #[serde(default)]
    pub type_ids: Option<Vec<Uuid>>,
    #[serde(default)]
    pub location_ids: Option<Vec<Uuid>>,
    #[serde(default)]
    pub staff_labels: Option<Vec<String>>,
    #[serde(default)]
    pub minutes: Option<i32>,
    #[serde(default)]
    pub windows: Option<Vec<Window>>,
    #[serde(default)]
    pub notice_minutes: Option<i32>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub priority: Option<Priority>,
    #[serde(default)]
    pub notes: Option<String>,
}

/// Somebody puts themselves on the waitlist, once it is known that the number is theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    pub name: String,
    /// E.164.
    pub phone: String,
    #[serde(default)]
    pub type_ids: Vec<Uuid>,
    #[serde(default)]
    pub location_ids: Vec<Uuid>,
    #[serde(default)]
    pub windows: Vec<Window>,
    #[serde(default)]
    pub notes: String,
    /// The sentence that they agreed to, word for word.
    pub consent: String,
}

/// Somebody who waits, or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryView {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// The contact's name, or number if the name is not known.
    pub contact_name: String,
    /// E.164.
    pub phone: String,
    pub phone_display: String,
    pub for_name: Option<String>,
    pub type_ids: Vec<Uuid>,
    pub location_ids: Vec<Uuid>,
    pub staff_labels: Vec<String>,
    pub minutes: i32,
    pub windows: Vec<Window>,
    pub notice_minutes: i32,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub priority: Priority,
    pub instead_of: Option<Uuid>,
    pub notes: String,
    pub channel: String,
    /// `staff`, `api` or `form`
    pub source: String,
    /// What they agreed to, word for word, and when.
    pub consent: String,
    pub consented_at: DateTime<Utc>,
    /// `waiting`, `booked`, `left` or `expired`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: EntryStatus,
    pub last_offered_at: Option<DateTime<Utc>>,
    /// Offers that they got, and that they answered.
    pub offers: i32,
    pub answers: i32,
    /// Offers in a row that they did not answer.
    pub silences: i32,
    /// Where they stand, in words: "urgent, never offered, waits 3 weeks".
    pub standing: String,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// Entries in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct EntryQuery {
    /// `waiting` (default), `booked`, `left` or `expired`
    #[serde(default)]
    pub status: Option<String>,
    /// Those of one contact, whatever their status unless one is asked for.
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    /// Those that changed then or later (RFC 3339), in the order in which they changed; without other filters. The next time ask from a minute
    /// before the moment at which you asked: what is read twice does no harm.
    #[serde(default)]
    pub updated_since: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// A time is free and may be offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSlot {
    /// RFC 3339, or a local time in the zone of its place.
    pub starts_at: String,
    /// 5 to 1440.
    pub minutes: i32,
    #[serde(default)]
    pub type_id: Option<Uuid>,
    #[serde(default)]
    pub location_id: Option<Uuid>,
    #[serde(default)]
    pub staff_label: Option<String>,
    /// `one_by_one`, `groups`, `race` or `staff_only`; by how soon it begins if not said.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub mode: Option<Mode>,
    /// How long one person has to answer; in a race, until more are asked. From 1.
    #[serde(default)]
    pub hold_minutes: Option<i32>,
    /// How many are asked at once, in groups and in a race.
    #[serde(default)]
    pub group_size: Option<i32>,
}

/// A free time, or one that was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlotView {
    pub id: Uuid,
    /// `open`, `offering`, `taken`, `expired` or `closed`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: SlotStatus,
    /// `waitlist`, or `times`: one of several that one person chooses from.
    pub purpose: String,
    pub starts_at: DateTime<Utc>,
    pub minutes: i32,
    /// IANA name of the zone by whose clocks its texts tell the time.
    pub time_zone: String,
    pub type_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    pub location_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    pub staff_label: String,
    /// `one_by_one`, `groups`, `race` or `staff_only`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub mode: Mode,
    pub hold_minutes: i32,
    pub group_size: i32,
    /// `hand`, `cancelled`, `moved`, `declined`, `no_show` or `times`
    pub source: String,
    /// The visit whose time it was.
    pub from_appointment_id: Option<Uuid>,
    /// The slot that was taken by who left this time.
    pub chain_of: Option<Uuid>,
    /// The visit that filled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment_id: Option<Uuid>,
    pub taken_at: Option<DateTime<Utc>>,
    /// By whose hand it was filled.
    pub taken_by: Option<String>,
    /// Nobody is asked any more from then on.
    pub stops_at: DateTime<Utc>,
    /// Nobody can be asked until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<DateTime<Utc>>,
    /// Why nobody is asked at the moment, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_reason: Option<String>,
    /// In the order in which they were made.
    pub offers: Vec<OfferView>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A slot, offered to one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfferView {
    pub id: Uuid,
    pub contact_id: Uuid,
    pub contact_name: String,
    pub phone_display: String,
    pub for_name: Option<String>,
    pub entry_id: Option<Uuid>,
    /// `waiting`, `sent`, `taken`, `declined`, `expired`, `lost` or `withdrawn`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: OfferStatus,
    pub channel: String,
    /// Its number among the times of one text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<i32>,
    /// Why this person, in words.
    pub reason: String,
    pub message_id: Option<Uuid>,
    /// Until when they can answer, once they have been asked.
    pub expires_at: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
}

/// What a customer was offered by one text, a time or several to choose from, and what became of it: as their thread shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Of the offer; of several times, what they share.
    pub id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// In the order of their numbers.
    pub times: Vec<OfferedTime>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedTime {
    pub slot_id: Uuid,
    pub starts_at: DateTime<Utc>,
    /// IANA name of the zone by whose clocks its text tells the time.
    pub time_zone: String,
    pub status: OfferStatus,
    /// Until when they can answer, once they have been asked.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Offered {
    /// What became of it as a whole.
    pub fn status(&self) -> OfferStatus {
        use OfferStatus as S;
        let any = |wanted: OfferStatus| self.times.iter().any(|time| time.status == wanted);
        // Of several the others are lost once one was taken.
        let order = [S::Taken, S::Sent, S::Waiting, S::Declined, S::Expired, S::Lost];
        order.into_iter().find(|status| any(*status)).unwrap_or(S::Withdrawn)
    }

    /// The time that they took.
    pub fn taken(&self) -> Option<&OfferedTime> {
        self.times.iter().find(|time| time.status == OfferStatus::Taken)
    }

    /// Until when they can answer.
    pub fn open_until(&self) -> Option<DateTime<Utc>> {
        let open = self.times.iter().filter(|time| time.status == OfferStatus::Sent);
        open.filter_map(|time| time.expires_at).max()
    }
}

/// Slots as a board shows them, each column the latest first but the first two: those the soonest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Board {
    pub open: Vec<SlotView>,
    pub offering: Vec<SlotView>,
    pub taken: Vec<SlotView>,
    pub expired: Vec<SlotView>,
    pub figures: Figures,
}

/// What the waitlist has brought in the last 30 days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// Times that came free, and that were filled from the waitlist.
    pub slots: i64,
    pub filled: i64,
    pub offers: i64,
    /// Answered with yes or no.
    pub answers: i64,
    /// From free to filled, all added up.
    pub seconds_to_fill: i64,
}

/// Somebody is to have a slot, or to be asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfPerson {
    pub contact_id: Uuid,
}

/// Times that one customer may choose from for their visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferTimes {
    /// Two or three, RFC 3339 or local times in the zone of the visit's place.
    #[serde(alias = "starts_at")]
    pub starts: Vec<String>,
}

/// The times that a customer was offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimesView {
    /// Shared by them.
    pub id: Uuid,
    pub appointment_id: Uuid,
    pub message_id: Option<Uuid>,
    pub slots: Vec<SlotView>,
}
