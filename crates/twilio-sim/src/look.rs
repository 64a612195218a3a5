//! What somebody finds who looks whether an account is ready: all in order, unless it is told what is wrong (`/control/look`,
//! [`crate::Sim::set_look`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is different from an account in good order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookedAt {
    /// `active`, if not given.
    pub status: Option<String>,
    /// `Full`, if not given; `Trial`.
    pub kind: Option<String>,
    /// `100.00`, if not given; empty: the account does not tell it, as a child account.
    pub balance: Option<String>,
    /// Countries that texts may not go to.
    pub closed_countries: Vec<String>,
    /// Numbers that are not in the account.
    pub missing: Vec<String>,
    /// What is different about a number.
    pub numbers: BTreeMap<String, LookedNumber>,
    /// Messaging Services.
    pub services: Vec<LookedService>,
    /// Webhooks that failed: error code and address.
    pub alerts: Vec<(String, String)>,
    /// So many seconds the clock at Twilio is ahead of the simulator's.
    pub ahead_seconds: i64,
}

/// A number that is not as it should be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookedNumber {
    /// Where texts go; where the simulator posts them, if not given.
    pub sms_url: Option<String>,
    /// `POST`, if not given.
    pub sms_method: Option<String>,
    /// Empty, if not given.
    pub sms_fallback_url: String,
    /// It can only be called.
    pub voice_only: bool,
}

/// A Messaging Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookedService {
    /// What people call it.
    pub name: String,
    /// Where texts that arrive go; nowhere, if not given.
    pub inbound_request_url: Option<String>,
    /// The numbers' own address counts.
    pub use_inbound_webhook_on_number: bool,
    /// The numbers in it.
    pub phones: Vec<String>,
}
