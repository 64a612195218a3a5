//! E-mail, the second way to the same people: what may happen with it.

mod checks;
mod consent;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use contract::contacts::UpdateContact;
use domain::consent::State;
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use services::{Actor, Principal, contacts};
use testkit::{Fault, FaultKind};
use uuid::Uuid;

use super::{PHONES, story::Story};

/// The mail server is waited for so long. On a busy machine a mail takes a while, too.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
const LONGER_THAN_THAT: u64 = 3_000;

#[derive(Debug, Clone, Copy)]
pub(super) enum MailStep {
    /// Staff write a mail to a person, and perhaps the next one to them goes wrong in this way.
    Write(usize, Option<Trouble>),
    /// A program repeats a mail that was written before.
    WriteAgain(usize),
    /// Workers die so many milliseconds after a mail was written, which the mail server takes its time for.
    Crash(usize, u64),
    /// A person says whether a mail arrived of which nobody else can tell.
    Settle(usize, bool),
    /// A person asks for another try of a mail that failed or was withdrawn.
    SendAgain(usize),
    /// A customer wants no more mails; perhaps one waits since so many milliseconds, because the mail server had no time for it.
    Refuse(usize, Option<u64>),
    /// They want them again.
    Agree(usize),
    /// Staff note that a customer has another address.
    Move(usize),
}

/// How a mail goes wrong at the mail server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    kind: FaultKind,
    code: Option<i32>,
    ms: u64,
}

const fn trouble(kind: FaultKind, code: Option<i32>, ms: u64) -> Trouble {
    Trouble { kind, code, ms }
}

const TROUBLES: [Trouble; 11] = [
    trouble(FaultKind::MailRefuse, Some(550), 0),
    trouble(FaultKind::MailRefuse, Some(450), 0),
    // It hangs up before the text of the mail has come.
    trouble(FaultKind::MailRefuse, Some(421), 0),
    trouble(FaultKind::MailRefuseAfter, Some(554), 0),
    trouble(FaultKind::MailRefuseAfter, Some(451), 0),
    trouble(FaultKind::MailUnanswered, None, 0),
    trouble(FaultKind::MailUnanswered, None, 0),
    trouble(FaultKind::MailCut, None, 0),
    trouble(FaultKind::MailSlow, None, 300),
    trouble(FaultKind::MailSlow, None, LONGER_THAN_THAT),
    trouble(FaultKind::MailBusy, None, 0),
];

/// Everything that chance decides is decided here, so that a seed tells the same story however fast the machine is.
pub(super) fn mail_step(dice: &mut StdRng) -> MailStep {
    let (who, any) = (dice.random_range(0..PHONES.len()), dice.random_range(0..1_000));
    match dice.random_range(0..100) {
        0..18 => MailStep::Write(who, None),
        18..45 => MailStep::Write(who, TROUBLES.choose(dice).copied()),
        45..51 => MailStep::WriteAgain(any),
        51..57 => MailStep::Crash(who, dice.random_range(1..200)),
        57..71 => MailStep::Settle(any, dice.random_bool(0.5)),
        71..83 => MailStep::SendAgain(any),
        83..86 => MailStep::Refuse(who, None),
        86..89 => MailStep::Refuse(who, Some(dice.random_range(1..400))),
        89..95 => MailStep::Agree(who),
        _ => MailStep::Move(who),
    }
}

/// A mail that was stored.
pub(super) struct Letter {
    who: usize,
    correlation: String,
    /// Where it was to go; the last one counts, another try goes to their address of that day.
    addresses: Vec<String>,
}

/// A time in which no mail may go out to a person, or to an address that is theirs no more.
struct MailSilence {
    who: usize,
    /// None: whatever their address is.
    address: Option<String>,
    /// What could not be held back any more when it began.
    in_the_air: BTreeSet<String>,
    from: Moment,
    until: Option<Moment>,
}

/// When something was so, by the clock, and how many mails the mail server had taken by then.
#[derive(Clone, Copy)]
struct Moment {
    at: DateTime<Utc>,
    taken: usize,
}

/// What was done about mails.
#[derive(Default)]
pub(super) struct Mailing {
    /// Correlation id and person of what staff wrote.
    written: Vec<(String, usize)>,
    /// By the id of their message.
    letters: HashMap<String, Letter>,
    refused: [bool; PHONES.len()],
    moved: [bool; PHONES.len()],
    silences: Vec<MailSilence>,
    /// A person said that it arrived.
    confirmed: HashSet<String>,
    /// A person said that it did not arrive, and has not asked for another try yet.
    denied: HashSet<String>,
    /// How often a person asked for another try of one that might have arrived.
    doubled: HashMap<String, usize>,
    /// A person asked for another try since the last look.
    asked_again: HashSet<String>,
    /// How often a person denied that one arrived, or asked for another try: each was counted as failed before.
    second_thoughts: i64,
    /// Times the connection was to be cut in the middle of a mail; the server has not taken it then.
    cuts: u32,
    /// Since when people are on hold, and when that was seen.
    held: HashMap<Uuid, (DateTime<Utc>, DateTime<Utc>)>,
}

impl Mailing {
    pub(super) fn second_thoughts(&self) -> i64 {
        self.second_thoughts
    }
}

pub(super) fn address(who: usize, moved: bool) -> String {
    format!("person{who}{}@x.test", if moved { ".new" } else { "" })
}

impl Story {
    pub(super) async fn take_mail(&mut self, step: MailStep) {
        match step {
            MailStep::Write(who, trouble) => {
                if let Some(trouble) = trouble {
                    self.break_mail(who, trouble);
                }
                self.write_new_mail(who).await;
            }
            MailStep::WriteAgain(any) => {
                if let Some((id, who)) = nth(&self.mail.written, any).cloned() {
                    self.write_mail(&id, who).await;
                }
            }
            MailStep::Crash(who, after) => self.crash_in_the_call(who, after).await,
            MailStep::Settle(any, arrived) => self.settle_mail(any, arrived).await,
            MailStep::SendAgain(any) => self.send_mail_again(any).await,
            MailStep::Refuse(who, waits) => {
                if let Some(since) = waits {
                    self.break_mail(who, trouble(FaultKind::MailRefuse, Some(450), 0));
                    self.write_new_mail(who).await;
                    tokio::time::sleep(std::time::Duration::from_millis(since)).await;
                }
                self.refuse_mail(who).await;
            }
            MailStep::Agree(who) => {
                self.break_mail_silence(who, None);
                self.mail.refused[who] = false;
                self.say_of_mail(who, State::OptedIn).await;
            }
            MailStep::Move(who) => self.move_address(who).await,
        }
    }

    fn address_of(&self, who: usize) -> String {
        address(who, self.mail.moved[who])
    }

    async fn write_new_mail(&mut self, who: usize) {
        let id = format!("mail-{}", self.mail.written.len());
        self.mail.written.push((id.clone(), who));
        self.write_mail(&id, who).await;
    }

    async fn crash_in_the_call(&mut self, who: usize, after: u64) {
        // So that those get it who will not finish it.
        let others = self.workers.take();
        let were_there = others.is_some();
        if let Some(others) = others {
            others.stop().await;
        }
        self.break_mail(who, trouble(FaultKind::MailSlow, None, 300));
        self.write_new_mail(who).await;
        tokio::time::sleep(std::time::Duration::from_millis(after)).await;
        self.crash();
        if were_there {
            self.workers = Some(self.app.start_workers());
        }
    }

    async fn write_mail(&mut self, id: &str, who: usize) {
        let body = json!({
            "channel": "email", "contact_id": self.contacts[who], "body": format!("About {id}"), "correlation_id": id,
        });
        let (status, answer) = self.app.post("/messages", body).await;
        if self.mail.refused[who] {
            assert_eq!(status, 409, "they want no mails: {answer}");
        } else if status == 409 {
            // Whoever is on hold gets nothing; a STOP ends what was agreed to here, too; and at a new address nothing was agreed to.
            let why = answer["detail"].as_str().unwrap_or_default();
            let (_, person) = self.app.get(&format!("/contacts/{}", self.contacts[who])).await;
            let reason = match person["consent"]["email"].as_str() {
                Some("opted_out") => "has opted out of e-mails",
                Some("unknown") => "has not agreed to e-mails",
                _ => "Staff must decide first",
            };
            let held = why.contains("Staff must decide first");
            assert!(held || why.contains(reason), "refused without a reason: {answer} {person}");
        } else {
            assert_eq!((status, answer["channel"].as_str()), (202, Some("email")), "{answer}");
            let addresses = vec![self.address_of(who)];
            let message = answer["id"].as_str().expect("an id").to_owned();
            let mut others = self.mail.letters.iter().filter(|(known, _)| **known != message);
            let same = others.find(|(_, letter)| letter.correlation == id);
            assert!(same.is_none(), "a correlation id is one mail: {answer}");
            let correlation = id.to_owned();
            self.mail.letters.entry(message).or_insert(Letter {
                who,
                correlation,
                addresses,
            });
        }
    }

    /// Reminders go by mail, too, where a text is known to have failed: whoever they are for may have moved since they were written.
    pub(super) async fn adopt_reminders(&mut self) {
        for m in self.mails(|m| m["kind"] == "reminder" || m["kind"] == "moved").await {
            let Some(id) = m["id"].as_str() else { continue };
            let who = self.contacts.iter().position(|contact| m["contact_id"] == contact.as_str());
            let who = who.unwrap_or_else(|| panic!("a reminder to nobody: {m}"));
            self.mail.letters.entry(id.to_owned()).or_insert_with(|| Letter {
                who,
                correlation: m["correlation_id"].as_str().unwrap_or_default().to_owned(),
                addresses: [false, true].map(|moved| address(who, moved)).to_vec(),
            });
        }
    }

    fn break_mail(&mut self, who: usize, trouble: Trouble) {
        if trouble.kind == FaultKind::MailCut {
            self.mail.cuts += 1;
        }
        let fault = Fault {
            code: trouble.code,
            ..Fault::new(trouble.kind).ms(trouble.ms)
        };
        // Who is turned away at the door has not said yet whom the mail is for.
        let anyone = trouble.kind == FaultKind::MailBusy;
        let fault = if anyone { fault } else { fault.to(self.address_of(who)) };
        self.app.sim.set_fault(fault);
    }

    /// Mails that are as wanted, in the order in which they were written.
    async fn mails(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = self.app.all("/messages").await;
        all.retain(|m| m["channel"] == "email" && wanted(m));
        all.reverse();
        all
    }

    async fn settle_mail(&mut self, any: usize, arrived: bool) {
        let unclear = self.mails(|m| m["to_settle"] == true && m["kind"] == "reply").await;
        let Some(id) = nth(&unclear, any).and_then(|m| m["id"].as_str()) else {
            return;
        };
        let word = json!({ "message_id": id, "arrived": arrived });
        let (status, answer) = self.app.post("/messages/settle", word).await;
        match status {
            200 if arrived => {
                self.mail.confirmed.insert(id.to_owned());
            }
            200 => {
                self.mail.denied.insert(id.to_owned());
                self.mail.second_thoughts += 1;
            }
            // What the call said was heard after all, just now.
            _ => assert_eq!(status, 409, "{answer}"),
        }
    }

    async fn send_mail_again(&mut self, any: usize) {
        let again = |m: &Value| m["kind"] == "reply" && (m["status"] == "failed" || m["status"] == "cancelled");
        let ended = self.mails(again).await;
        let Some(id) = nth(&ended, any).and_then(|m| m["id"].as_str()) else {
            return;
        };
        let (status, answer) = self.app.post("/messages/retry", json!({ "ids": [id] })).await;
        assert_eq!(status, 200, "{answer}");
        let is_done = answer["done"].as_array().is_some_and(|done| done.iter().any(|one| one == id));
        let who = self.mail.letters[id].who;
        assert!(!(is_done && self.mail.refused[who]), "they want no mails: {answer}");
        if is_done {
            if self.mail.denied.remove(id) {
                *self.mail.doubled.entry(id.to_owned()).or_default() += 1;
            }
            self.mail.asked_again.insert(id.to_owned());
            self.mail.second_thoughts += 1;
            let today = self.address_of(who);
            if let Some(letter) = self.mail.letters.get_mut(id) {
                letter.addresses.push(today);
            }
        }
    }

    async fn refuse_mail(&mut self, who: usize) {
        self.say_of_mail(who, State::OptedOut).await;
        if !std::mem::replace(&mut self.mail.refused[who], true) {
            self.fall_silent_by_mail(who, None).await;
        }
    }

    async fn move_address(&mut self, who: usize) {
        let (old, new) = (address(who, self.mail.moved[who]), address(who, !self.mail.moved[who]));
        self.break_mail_silence(who, Some(&new));
        self.mail.moved[who] = !self.mail.moved[who];
        let staff = Actor {
            business_id: self.app.business_id,
            who: Principal::Operator,
        };
        let cmd = UpdateContact {
            id: self.contact_id(who),
            name: "Somebody".to_owned(),
            phone: PHONES[who].to_owned(),
            email: Some(new),
            time_zone: None,
            notes: None,
        };
        contacts::update(&self.app.s, &staff, cmd)
            .await
            .expect("the address is noted");
        self.fall_silent_by_mail(who, Some(old)).await;
    }

    fn contact_id(&self, who: usize) -> Uuid {
        self.contacts[who].parse().expect("an id")
    }

    /// From now on nothing goes out to them, or to this address, but what is in the air.
    async fn fall_silent_by_mail(&mut self, who: usize, address: Option<String>) {
        // In this order: what is in the air at the first look may have been handed over by the second.
        let waits = |m: &Value| m["status"] == "queued" || m["status"] == "cancelled";
        let theirs = self
            .mails(|m| m["contact_id"] == self.contacts[who].as_str() && !waits(m))
            .await;
        let in_the_air = theirs.iter().filter_map(|m| m["id"].as_str()).map(str::to_owned).collect();
        self.mail.silences.push(MailSilence {
            who,
            address,
            in_the_air,
            from: self.moment(),
            until: None,
        });
    }

    /// To be called before what says so: what waits may go at once.
    fn break_mail_silence(&mut self, who: usize, address: Option<&str>) {
        let now = self.moment();
        let ends = |s: &&mut MailSilence| s.who == who && s.address.as_deref() == address && s.until.is_none();
        self.mail.silences.iter_mut().filter(ends).for_each(|s| s.until = Some(now));
    }

    fn moment(&self) -> Moment {
        Moment {
            at: self.app.s.now(),
            taken: self.app.sim.look(|state| state.mails().count()),
        }
    }
}

/// One of these, if there are any.
fn nth<T>(these: &[T], any: usize) -> Option<&T> {
    these.get(any.checked_rem(these.len())?)
}
