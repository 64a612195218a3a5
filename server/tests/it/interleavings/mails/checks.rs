//! What must hold for mails, by what the mail server took and by the tries that we know of.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::consent::Channel;
use entity::{
    contacts::contact,
    messages::{message, message_attempt},
    tasks::task,
};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef};
use serde_json::Value;
use testkit::FaultKind;
use twilio_sim::SimMail;
use uuid::Uuid;

use super::{Letter, MailSilence};
use crate::interleavings::story::Story;

/// A try at handing a message over, and how its message stands.
#[derive(Debug, FromQueryResult)]
struct Try {
    message_id: Uuid,
    contact_id: Uuid,
    channel: String,
    status: String,
    started_at: DateTime<Utc>,
    outcome: Option<String>,
    detail: Option<String>,
}

impl Try {
    fn is_mail(&self) -> bool {
        self.channel == Channel::Email.as_str()
    }

    /// Whoever says so must be sure: it may be tried again.
    fn provably_failed(&self) -> bool {
        let sure = ["try_later", "refused", "given_up", "not_begun", "withdrawn"];
        self.outcome.as_deref().is_some_and(|outcome| sure.contains(&outcome))
    }

    /// We hung up, and thought that the text of the mail had not left yet.
    fn ran_out_of_time(&self) -> bool {
        let detail = self.detail.as_deref().unwrap_or_default();
        detail.contains("does not answer in time")
    }
}

/// The message that a mail is, by the id that it carries.
fn message_of(mail: &SimMail) -> &str {
    let id = mail.header("Message-ID").unwrap_or_default();
    id.trim_start_matches('<').split('@').next().unwrap_or_default()
}

impl MailSilence {
    fn concerns(&self, letter: &Letter) -> bool {
        self.who == letter.who
            && self
                .address
                .as_ref()
                .is_none_or(|address| letter.addresses == [address.as_str()])
    }
}

impl Story {
    /// What must hold at any moment. The looks are in such an order that what happens between them can't deceive.
    pub(in crate::interleavings) async fn check_mails(&mut self) {
        let taken_before = self.taken();
        let tries = self.tries().await;
        let held = self.held().await;
        let now = self.mails(|_| true).await;
        let taken_after = self.taken();
        // Whatever was taken by now had been stored before.
        self.adopt_reminders().await;
        self.letters_are_kept(&now);
        self.taken_once(&taken_after);
        self.addressed_well(&taken_after);
        self.tries_agree(&tries, &taken_before);
        self.states_agree(&now, &taken_before, &taken_after);
        self.mail_silence_is_kept(&tries, &taken_after);
        self.hold_is_kept(&tries, held);
        self.mail.asked_again.clear();
    }

    /// The mails to customers that the mail server took, oldest first.
    fn taken(&self) -> Vec<SimMail> {
        self.app
            .sim
            .mails()
            .into_iter()
            .filter(|mail| mail.envelope_to.iter().any(|to| to.starts_with("person")))
            .collect()
    }

    /// In one statement, so that a try and the state of its message are of one moment.
    async fn tries(&self) -> Vec<Try> {
        let its_message: RelationDef = message_attempt::Entity::belongs_to(message::Entity)
            .from(message_attempt::Column::MessageId)
            .to(message::Column::Id)
            .into();
        let tries = message_attempt::Entity::in_business(self.app.business_id)
            .join(JoinType::InnerJoin, its_message)
            .select_only()
            .columns([message::Column::ContactId, message::Column::Channel, message::Column::Status])
            .columns([
                message_attempt::Column::MessageId,
                message_attempt::Column::StartedAt,
                message_attempt::Column::Outcome,
                message_attempt::Column::Detail,
            ])
            .order_by_asc(message_attempt::Column::StartedAt)
            .into_model::<Try>();
        tries.all(self.app.s.db().connection()).await.expect("the tries")
    }

    /// Since when people are on hold.
    async fn held(&self) -> HashMap<Uuid, DateTime<Utc>> {
        let rows: Vec<(Uuid, Option<DateTime<Utc>>)> = contact::Entity::in_business(self.app.business_id)
            .select_only()
            .columns([contact::Column::Id, contact::Column::HeldSince])
            .into_tuple()
            .all(self.app.s.db().connection())
            .await
            .expect("the contacts");
        rows.into_iter().filter_map(|(id, since)| Some((id, since?))).collect()
    }

    /// What was answered with 202 is there, once.
    fn letters_are_kept(&self, now: &[Value]) {
        let written = |letter: &Letter| letter.correlation.starts_with("mail-");
        for (id, _) in self.mail.letters.iter().filter(|(_, letter)| written(letter)) {
            let copies = now.iter().filter(|m| m["id"] == id.as_str()).count();
            assert_eq!(copies, 1, "a mail that was stored is lost, or there twice: {id}");
        }
        let known = now
            .iter()
            .all(|m| m["id"].as_str().is_some_and(|id| self.mail.letters.contains_key(id)));
        assert!(known, "a mail that nobody wrote: {now:#?}");
    }

    /// So often it may have been taken for good reasons, apart from what is under way now.
    fn doubled(&self, id: &str) -> usize {
        self.mail.doubled.get(id).copied().unwrap_or_default()
    }

    fn taken_once(&self, taken: &[SimMail]) {
        for (id, times) in times(taken) {
            assert!(
                times <= 1 + self.doubled(id),
                "taken {times} times, and nobody asked for it: {id}"
            );
        }
    }

    fn addressed_well(&self, taken: &[SimMail]) {
        for mail in taken {
            let letter = self.mail.letters.get(message_of(mail));
            let letter = letter.unwrap_or_else(|| panic!("a mail that nobody wrote: {mail:?}"));
            let right = mail.envelope_to.iter().all(|to| letter.addresses.contains(to));
            assert!(
                right && mail.envelope_to.len() == 1,
                "to somebody else: {:?}, not {:?}",
                mail.envelope_to,
                letter.addresses
            );
        }
    }

    /// Of no try that the server took we say that it failed, and after one that it may have taken there is no other on a guess.
    fn tries_agree(&self, tries: &[Try], taken_before: &[SimMail]) {
        let taken = times(taken_before);
        let mut of: BTreeMap<String, Vec<&Try>> = BTreeMap::new();
        for one in tries.iter().filter(|t| t.is_mail()) {
            of.entry(one.message_id.to_string()).or_default().push(one);
        }
        for (id, tries) in of {
            let perhaps = tries.iter().filter(|t| !t.provably_failed()).count();
            let taken = taken.get(id.as_str()).copied().unwrap_or_default();
            assert!(
                perhaps >= taken,
                "the mail server took it, and we say that it did not: {tries:#?}"
            );
            let under_way = match tries[0].status.as_str() {
                "sending" | "unknown" | "sent" => 1,
                "failed" if self.mail.denied.contains(&id) => 1,
                _ => 0,
            };
            let reasons = under_way + self.doubled(&id);
            assert!(perhaps <= reasons, "tried again on a guess: {tries:#?}");
        }
    }

    /// What we say of a mail is what the mail server knows of it. It says nothing later, so sent is the last word.
    fn states_agree(&self, now: &[Value], before: &[SimMail], after: &[SimMail]) {
        let (before, after) = (times(before), times(after));
        for m in now {
            let (id, status) = (m["id"].as_str().unwrap_or_default(), m["status"].as_str().unwrap_or_default());
            let (before, after) = (
                before.get(id).copied().unwrap_or_default(),
                after.get(id).copied().unwrap_or_default(),
            );
            let agrees = match status {
                "sent" => after > 0 || self.mail.confirmed.contains(id),
                "queued" | "cancelled" => before <= self.doubled(id),
                "failed" => before <= self.doubled(id) + usize::from(self.mail.denied.contains(id)),
                "sending" | "unknown" => true,
                _ => false,
            };
            assert!(agrees, "the mail server took it {before} to {after} times: {m}");
        }
    }

    /// Whoever wants no mails, or has another address, gets none: nothing is claimed for them, and nothing handed over but what had been.
    fn mail_silence_is_kept(&self, tries: &[Try], taken: &[SimMail]) {
        for s in &self.mail.silences {
            for one in tries.iter().filter(|t| t.is_mail()) {
                let during = one.started_at > s.from.at && s.until.is_none_or(|until| one.started_at < until.at);
                let theirs = self
                    .mail
                    .letters
                    .get(&one.message_id.to_string())
                    .is_some_and(|l| s.concerns(l));
                assert!(!(during && theirs), "claimed after they said no: {one:?}");
            }
        }
        // Other mails than those to customers have places in the order, too.
        let all: Vec<SimMail> = self.app.sim.mails();
        for (place, mail) in all
            .iter()
            .enumerate()
            .filter(|(_, mail)| taken.iter().any(|t| t.seq == mail.seq))
        {
            let id = message_of(mail);
            for s in self
                .mail
                .silences
                .iter()
                .filter(|s| self.mail.letters.get(id).is_some_and(|l| s.concerns(l)))
            {
                let during = place >= s.from.taken && s.until.is_none_or(|until| place < until.taken);
                let excused = s.in_the_air.contains(id) || self.doubled(id) > 0;
                assert!(!during || excused, "handed over after they said no: {mail:?}");
            }
        }
    }

    /// While staff must decide about somebody, nothing is claimed for them, on any channel. Who was on hold at the last look and is since
    /// the same moment was so all the time between.
    fn hold_is_kept(&mut self, tries: &[Try], held: HashMap<Uuid, DateTime<Utc>>) {
        let now = self.app.s.now();
        for (who, since) in &held {
            let Some((_, seen)) = self.mail.held.get(who).filter(|(before, _)| before == since) else {
                continue;
            };
            let claimed = tries.iter().find(|t| t.contact_id == *who && t.started_at > *seen);
            assert!(claimed.is_none(), "claimed while they were on hold: {claimed:?}");
        }
        self.mail.held = held.into_iter().map(|(who, since)| (who, (since, now))).collect();
    }

    /// A mail's state goes forward, but for what was provably not taken, which the tries tell, and for a person's word.
    pub(in crate::interleavings) fn mail_may_go_back(&self, before: &Value, after: &Value) -> bool {
        let id = after["id"].as_str().unwrap_or_default();
        match (before["status"].as_str(), after["status"].as_str()) {
            (Some("sending" | "unknown"), Some("queued")) => true,
            // The call that a person despaired of went well.
            (Some("failed"), Some("sent")) if self.mail.denied.contains(id) => true,
            _ => self.mail.asked_again.contains(id),
        }
    }

    /// How many mails were cut off so far, all of which may have been taken for all we know. To be called while faults are armed.
    pub(in crate::interleavings) fn cut_off(&self) -> usize {
        let left: u32 = self.app.sim.look(|state| {
            let cuts = state.faults().iter().filter(|fault| fault.kind == FaultKind::MailCut);
            cuts.map(|fault| fault.count).sum()
        });
        (self.mail.cuts - left) as usize
    }

    /// Once nothing moves any more, each mail has come to an end that somebody can see.
    pub(in crate::interleavings) async fn mails_have_ended(&self, cut_off: usize) {
        let asked = task::Entity::in_business(self.app.business_id)
            .filter(task::Column::Kind.eq("unclear_message"))
            .filter(task::Column::Status.eq("open"));
        let asked = asked.all(self.app.s.db().connection()).await.expect("the tasks");
        for m in self.mails(|_| true).await {
            let ended = match m["status"].as_str().unwrap_or_default() {
                "sent" | "failed" | "cancelled" => true,
                "unknown" => {
                    m["to_settle"] == true && asked.iter().any(|t| t.message_id.is_some_and(|id| m["id"] == id.to_string()))
                }
                // It waits for staff to decide.
                "queued" => self.mail.held.keys().any(|who| m["contact_id"] == who.to_string()),
                _ => false,
            };
            assert!(ended, "this mail has come to no end that anybody sees: {m}");
        }
        let tries = self.tries().await;
        let perhaps = tries
            .iter()
            .filter(|t| t.is_mail() && (!t.provably_failed() || t.ran_out_of_time()))
            .count();
        let known = self.taken().len() + cut_off;
        assert!(
            perhaps >= known,
            "{known} mails were under way, and we know of {perhaps}: {tries:#?}"
        );
    }
}

/// How often the mail server took each message.
fn times(taken: &[SimMail]) -> HashMap<&str, usize> {
    let mut times = HashMap::new();
    for mail in taken {
        *times.entry(message_of(mail)).or_default() += 1;
    }
    times
}
