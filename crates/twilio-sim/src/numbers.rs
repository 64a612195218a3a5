//! Numbers of the simulator's accounts, those it sells, and how they are registered with carriers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::words::{is_phone, new_sid};

/// Numbers on the shelf of one place.
const STOCK: usize = 30;

/// A number of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimNumber {
    /// `PN…`.
    pub sid: String,
    /// `AC…`.
    pub account_sid: String,
    /// E.164.
    pub phone: String,
    /// What the account calls it.
    pub friendly_name: String,
    /// Where its texts are posted; empty: where the simulator was told to.
    pub sms_url: String,
    /// `POST` or `GET`.
    pub sms_method: String,
    /// An application in place of the address.
    pub sms_application_sid: String,
}

/// How a number is registered. As it comes everything is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Whether it is in the Messaging Service.
    pub in_service: bool,
    /// Twilio's word of the campaign; none: the service has none.
    pub campaign: Option<String>,
    /// Twilio's word of its brand.
    pub brand: String,
    /// The campaign is one for tests.
    pub mock: bool,
    /// Twilio's word of the toll-free verification; none: none was handed in.
    pub toll_free: Option<String>,
    /// Why something was rejected.
    pub why: String,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            in_service: true,
            campaign: Some("VERIFIED".into()),
            brand: "APPROVED".into(),
            mock: false,
            toll_free: Some("TWILIO_APPROVED".into()),
            why: String::new(),
        }
    }
}

/// A Messaging Service: each account has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimService {
    /// Where it posts incoming texts; none: nowhere.
    pub inbound_url: Option<String>,
    /// The address at the number counts.
    pub defers_to_number: bool,
}

impl Default for SimService {
    fn default() -> Self {
        Self {
            inbound_url: None,
            defers_to_number: true,
        }
    }
}

/// What the simulator knows of numbers.
#[derive(Debug, Default)]
pub struct Numbers {
    owned: Vec<SimNumber>,
    /// By number.
    registrations: HashMap<String, Registration>,
    /// By account.
    services: HashMap<String, SimService>,
    /// API keys: SID, secret, account.
    keys: Vec<(String, String, String)>,
    /// Accounts that are a part of another one.
    parents: HashMap<String, String>,
    /// Numbers at which the network answers no HELP, START or STOP.
    quiet: Vec<String>,
    /// How often somebody asked to buy.
    pub(crate) purchases: u32,
}

impl Numbers {
    /// Numbers that an account has.
    pub fn of<'a>(&'a self, account_sid: &'a str) -> impl Iterator<Item = &'a SimNumber> {
        self.owned.iter().filter(move |n| n.account_sid == account_sid)
    }

    /// Whoever has this number.
    #[must_use]
    pub fn owner(&self, phone: &str) -> Option<&SimNumber> {
        self.owned.iter().find(|n| n.phone == phone)
    }

    /// How often somebody asked to buy a number.
    #[must_use]
    pub fn purchases(&self) -> u32 {
        self.purchases
    }

    pub(crate) fn by_sid(&self, account_sid: &str, sid: &str) -> Option<&SimNumber> {
        self.owned.iter().find(|n| n.account_sid == account_sid && n.sid == sid)
    }

    pub(crate) fn change(&mut self, sid: &str, change: impl FnOnce(&mut SimNumber)) -> Option<SimNumber> {
        let number = self.owned.iter_mut().find(|n| n.sid == sid)?;
        change(number);
        Some(number.clone())
    }

    pub(crate) fn add(&mut self, account_sid: &str, phone: &str) -> SimNumber {
        if let Some(known) = self.owner(phone) {
            return known.clone();
        }
        let number = SimNumber {
            sid: new_sid("PN"),
            account_sid: account_sid.to_owned(),
            phone: phone.to_owned(),
            friendly_name: phone.to_owned(),
            sms_url: String::new(),
            sms_method: "POST".into(),
            sms_application_sid: String::new(),
        };
        self.owned.push(number.clone());
        number
    }

    pub(crate) fn release(&mut self, account_sid: &str, sid: &str) -> bool {
        let before = self.owned.len();
        self.owned.retain(|n| !(n.account_sid == account_sid && n.sid == sid));
        self.owned.len() < before
    }

    pub(crate) fn registration(&self, phone: &str) -> Registration {
        self.registrations.get(phone).cloned().unwrap_or_default()
    }

    pub(crate) fn register(&mut self, phone: &str, how: Registration) {
        self.registrations.insert(phone.to_owned(), how);
    }

    /// An account's Messaging Service.
    #[must_use]
    pub fn service(&self, account_sid: &str) -> SimService {
        self.services.get(account_sid).cloned().unwrap_or_default()
    }

    pub(crate) fn set_service(&mut self, account_sid: &str, service: SimService) {
        self.services.insert(account_sid.to_owned(), service);
    }

    pub(crate) fn add_key(&mut self, sid: &str, secret: &str, account_sid: &str) {
        self.keys.push((sid.to_owned(), secret.to_owned(), account_sid.to_owned()));
    }

    /// Whose key this is.
    pub(crate) fn key(&self, sid: &str, secret: &str) -> Option<&str> {
        let found = self.keys.iter().find(|(known, of, _)| known == sid && of == secret);
        found.map(|(.., account)| account.as_str())
    }

    pub(crate) fn set_parent(&mut self, account_sid: &str, parent: &str) {
        self.parents.insert(account_sid.to_owned(), parent.to_owned());
    }

    pub(crate) fn parent(&self, account_sid: &str) -> Option<&str> {
        self.parents.get(account_sid).map(String::as_str)
    }

    pub(crate) fn set_quiet(&mut self, phone: &str, quiet: bool) {
        self.quiet.retain(|known| known != phone);
        self.quiet.extend(quiet.then(|| phone.to_owned()));
    }

    pub(crate) fn is_quiet(&self, phone: &str) -> bool {
        self.quiet.iter().any(|known| known == phone)
    }

    /// What is for sale; none where the country has no such shelf.
    pub(crate) fn for_sale(&self, country: &str, shelf: &str, area_code: Option<&str>) -> Option<Vec<String>> {
        let (prefix, digits) = match (country, shelf) {
            ("US", "Local") => (format!("+1{}5551", area_code.unwrap_or("415")), 3),
            ("CA", "Local") => (format!("+1{}5551", area_code.unwrap_or("604")), 3),
            ("US" | "CA", "TollFree") => (format!("+1{}5551", area_code.unwrap_or("833")), 3),
            ("GB", "Mobile") => ("+447700900".to_owned(), 3),
            ("SE", "Mobile") => ("+467017406".to_owned(), 2),
            _ => return None,
        };
        let all = (0..STOCK).map(|n| format!("{prefix}{n:0digits$}"));
        Some(all.filter(|phone| is_phone(phone) && self.owner(phone).is_none()).collect())
    }
}
