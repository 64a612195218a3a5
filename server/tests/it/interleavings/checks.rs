//! What must hold at any moment.

use std::collections::{BTreeMap, BTreeSet};

use entity::contacts::consent_event;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::Value;
use twilio_sim::Create;

use super::{PHONES, people::Word, story::Story};

impl Story {
    /// What must hold at any moment.
    pub(super) async fn check(&mut self) {
        let could_open = self.could_open();
        let now = self.app.all("/messages").await;
        let barred = self.statuses_go_forward(&now);
        self.note_known(&now);
        let ids: Vec<_> = now.iter().filter_map(|m| m["correlation_id"].as_str()).collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "a correlation id is one message"
        );
        let creates: Vec<Create> = self.app.sim.look(|state| state.creates().cloned().collect());
        self.asked_once(&creates);
        self.silence_is_kept(&creates);
        self.watch(could_open, &barred).await;
        self.check_mails().await;
    }

    /// Returns the contacts of texts that Twilio has refused with error 21610 since the last look.
    fn statuses_go_forward(&mut self, now: &[Value]) -> BTreeSet<String> {
        let mut barred = BTreeSet::new();
        for message in now {
            let id = message["id"].as_str().expect("an id").to_owned();
            let before = self.seen.get(&id);
            if let Some(before) = before {
                let sid = before["provider_sid"].as_str().unwrap_or_default();
                let is_mail = message["channel"] == "email";
                if is_mail && self.mail_may_go_back(before, message) {
                    self.seen.insert(id, message.clone());
                    continue;
                }
                forward(before, message, self.gave_up(sid), self.was_refused(&id));
            }
            let refused = |m: &Value| m["status"] == "failed" && m["error_code"] == 21610;
            if refused(message) && !before.is_some_and(refused) {
                barred.extend(message["contact_id"].as_str().map(str::to_owned));
            }
            self.seen.insert(id, message.clone());
        }
        barred
    }

    /// Nobody stands open again without a reason, and whom something behind our back has closed is left alone from now on.
    async fn watch(&mut self, could_open: [bool; PHONES.len()], barred: &BTreeSet<String>) {
        for (who, could_open) in could_open.into_iter().enumerate() {
            let standing = self.standing(who).await;
            if barred.contains(&self.contacts[who]) && !could_open {
                assert!(standing.opted_out, "refused with error 21610: {}", PHONES[who]);
            }
            if self.is_silent(who) {
                assert!(standing.is_closed(), "open again without a word: {}", PHONES[who]);
            } else if standing.is_closed() && !could_open {
                self.fall_silent(who).await;
            }
        }
    }

    /// Once everything they said has reached us, people stand where their last word puts them, whatever order it came in.
    pub(super) async fn stands(&self) {
        for (who, last) in self.last.into_iter().enumerate() {
            let standing = self.standing(who).await;
            let holds = match last {
                Word::Stop | Word::Out => standing.opted_out,
                Word::Off => standing.is_closed(),
                Word::Nothing | Word::Start => !standing.opted_out || self.was_barred(who).await,
                Word::Yes | Word::Kept => true,
            };
            assert!(holds, "the last word of {} was {last:?}: {standing:?}", PHONES[who]);
        }
    }

    /// Twilio's error 21610 has opted them out at some time.
    async fn was_barred(&self, who: usize) -> bool {
        let ledger = self.ledger().await;
        let theirs = |row: &&consent_event::Model| row.contact_id.to_string() == self.contacts[who];
        ledger.iter().filter(theirs).any(|row| row.source == "provider_block")
    }

    /// The ledger of appointment texts.
    pub(super) async fn ledger(&self) -> Vec<consent_event::Model> {
        let rows =
            consent_event::Entity::in_business(self.app.business_id).filter(consent_event::Column::Purpose.eq("transactional"));
        let rows = rows.filter(consent_event::Column::Channel.eq("sms"));
        rows.all(self.app.s.db().connection()).await.expect("the ledger")
    }

    /// Twilio took it, and then said that it could not deliver it: that text may be tried again.
    pub(super) fn gave_up(&self, sid: &str) -> bool {
        self.app.sim.look(|state| {
            state
                .message(sid)
                .is_some_and(|m| matches!(m.status.as_str(), "failed" | "undelivered"))
        })
    }

    fn asked_once(&self, creates: &[Create]) {
        let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
        let settled = |c: &&Create| c.was_refused() || c.sid.as_deref().is_some_and(|sid| self.gave_up(sid));
        for create in creates.iter().filter(|c| !settled(c)) {
            // Each try has its number in the address.
            let message = create.status_callback.split("&attempt=").next().unwrap_or_default();
            *asked.entry(message).or_default() += 1;
        }
        let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "asked for again without a refusal: {twice:?}");
    }

    fn silence_is_kept(&self, creates: &[Create]) {
        for s in &self.silences {
            let during = |c: &&Create| c.to == s.phone && c.seq >= s.from && s.until.is_none_or(|until| c.seq < until);
            for create in creates.iter().filter(during) {
                let known = s.in_the_air.iter().any(|id| create.status_callback.contains(id));
                assert!(known, "asked for while they were opted out or on hold: {create:?}");
            }
        }
    }

    /// Twilio has refused a call for this message.
    pub(super) fn was_refused(&self, id: &str) -> bool {
        let refused = |c: &Create| c.was_refused() && c.status_callback.contains(id);
        self.app.sim.look(|state| state.creates().any(refused))
    }
}

/// How far a status is, in the words of the API.
fn rank(status: &str) -> u8 {
    match status {
        "queued" => 0,
        // Twilio has it, or may have it, and has not said how it went; these follow one another in several orders.
        "sending" | "unknown" => 1,
        "sent" => 2,
        "undelivered" | "failed" | "cancelled" => 3,
        "delivered" => 4,
        "read" => 5,
        "received" => 6,
        other => panic!("a status nobody knows: {other}"),
    }
}

fn forward(before: &Value, after: &Value, gave_up: bool, was_refused: bool) {
    let (from, to) = (
        before["status"].as_str().unwrap_or_default(),
        after["status"].as_str().unwrap_or_default(),
    );
    // Twilio refused for now (it may say so after we gave the call up), or the same text was asked for again after it was withdrawn.
    let again = match (from, to) {
        ("unknown", "queued") => was_refused,
        (from, to) => matches!(
            (from, to),
            ("sending", "queued") | ("cancelled", "queued" | "sending" | "sent" | "unknown")
        ),
    };
    let unbound = before["provider_sid"].is_null();
    assert!(
        rank(to) >= rank(from) || (again && unbound) || (gave_up && to != "cancelled"),
        "from {from} back to {to}: {after}"
    );
    assert!(
        unbound || gave_up || before["provider_sid"] == after["provider_sid"],
        "another SID: {before} {after}"
    );
}
