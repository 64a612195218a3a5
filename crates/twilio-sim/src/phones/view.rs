//! What the page shows, taken from the state in one look.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::faults::Fault;
use crate::state::{SimMessage, State};
use crate::whatsapp::PREFIX;

/// Phones shown.
const MAX_PHONES: usize = 60;
/// Texts shown on one phone.
const MAX_TEXTS: usize = 40;

pub(super) struct View {
    pub phones: Vec<Phone>,
    /// Phones that are not shown because there are too many.
    pub hidden: usize,
    pub faults: Vec<Fault>,
    pub inbound_url: Option<String>,
    /// The business number seen last.
    pub business: Option<String>,
}

/// Newest activity first.
pub(super) struct Phone {
    pub number: String,
    /// Business numbers it has been in touch with, the latest first.
    pub businesses: Vec<String>,
    /// Those of them it has opted out from.
    pub opted_out: Vec<String>,
    /// Oldest first.
    pub texts: Vec<SimMessage>,
    /// On WhatsApp: until when each business may write what it likes.
    pub windows: Vec<(String, Option<DateTime<Utc>>)>,
    /// On WhatsApp: whether it tells what was read.
    pub receipts: bool,
    pub now: DateTime<Utc>,
}

impl View {
    pub fn of(state: &State) -> Self {
        let mut phones: Vec<Phone> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for message in state.messages().rev() {
            let next = places.len();
            let place = *places.entry(message.phone()).or_insert(next);
            if place == phones.len() && place < MAX_PHONES {
                phones.push(Phone::new(message.phone()));
            }
            if let Some(phone) = phones.get_mut(place) {
                phone.add(message);
            }
        }
        let hidden = places.len() - phones.len();
        phones.iter_mut().for_each(|phone| phone.finish(state));
        Self {
            hidden,
            faults: state.faults().to_vec(),
            inbound_url: state.inbound_url.clone(),
            business: phones.first().and_then(|phone| phone.businesses.first().cloned()),
            phones,
        }
    }
}

impl Phone {
    fn new(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            businesses: Vec::new(),
            opted_out: Vec::new(),
            texts: Vec::new(),
            windows: Vec::new(),
            receipts: false,
            now: DateTime::UNIX_EPOCH,
        }
    }

    pub fn is_whatsapp(&self) -> bool {
        self.number.starts_with(PREFIX)
    }

    /// Takes the next older message.
    fn add(&mut self, message: &SimMessage) {
        let business = message.business();
        if !business.is_empty() && !self.businesses.iter().any(|b| b == business) {
            self.businesses.push(business.to_owned());
        }
        if self.texts.len() < MAX_TEXTS {
            self.texts.push(message.clone());
        }
    }

    fn finish(&mut self, state: &State) {
        self.texts.reverse();
        self.now = state.now();
        if self.is_whatsapp() {
            let window = |sender: &String| (sender.clone(), state.whatsapp.window(sender, &self.number, self.now));
            let senders = self.businesses.iter().filter(|b| b.starts_with(PREFIX));
            self.windows = senders.map(window).collect();
            self.receipts = state.whatsapp.has_receipts(&self.number);
        }
        self.opted_out = self
            .businesses
            .iter()
            .filter(|b| state.is_opted_out(&self.number, b))
            .cloned()
            .collect();
    }
}

/// The `id` of a phone's card.
pub(super) fn phone_id(number: &str) -> String {
    format!("phone-{}", hex::encode(number))
}
