//! All the simulator knows, in memory and bounded.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::SimConfig;
use crate::clock;
use crate::creates::Create;
use crate::faults::{Armed, Fault, FaultKind, Plan};
use crate::look::LookedAt;
use crate::mailbox::{Mailbox, ReportHook, SimMail};
use crate::numbers::Numbers;
use crate::whatsapp::{PREFIX, SentContent, WhatsApp};
use crate::words::is_phone;

/// Messages kept; the oldest goes first.
const MAX_MESSAGES: usize = 50_000;
/// Webhook calls kept.
const MAX_CALLS: usize = 2_000;
/// Creates kept.
const MAX_CREATES: usize = 50_000;

/// Who a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the business, through the API.
    Outbound,
    /// From the customer's phone.
    Inbound,
    /// From the network itself (the answer to STOP, START and HELP). Not in the API's list.
    Network,
}

/// A message as the simulator keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimMessage {
    /// Counts up; the order of arrival.
    pub seq: u64,
    /// `SM…`.
    pub sid: String,
    /// The account it belongs to, `AC…`.
    pub account_sid: String,
    /// Who it came from.
    pub direction: Direction,
    /// Absent until a Messaging Service has picked a number.
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
    /// The text.
    pub body: String,
    /// Twilio's word.
    pub status: String,
    /// Set when it failed.
    pub error_code: Option<i32>,
    /// `MG…` when it was sent through a Messaging Service.
    pub messaging_service_sid: Option<String>,
    /// Where its status is reported.
    pub status_callback: Option<String>,
    /// When the API or the phone gave it to us.
    pub date_created: DateTime<Utc>,
    /// When it went out.
    pub date_sent: Option<DateTime<Utc>>,
    /// When it last changed.
    pub date_updated: DateTime<Utc>,
    /// For an inbound text: how the webhook was answered.
    pub webhook: Option<String>,
    /// What it was made of, if of a content.
    pub content: Option<SentContent>,
}

impl SimMessage {
    /// Whether it goes over WhatsApp.
    #[must_use]
    pub fn is_whatsapp(&self) -> bool {
        self.phone().starts_with(PREFIX)
    }

    /// The customer's address.
    #[must_use]
    pub fn phone(&self) -> &str {
        match self.direction {
            Direction::Inbound => self.from.as_deref().unwrap_or_default(),
            Direction::Outbound | Direction::Network => &self.to,
        }
    }

    /// The business's address: a number, or a Messaging Service.
    #[must_use]
    pub fn business(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.to,
            Direction::Outbound | Direction::Network => self
                .from
                .as_deref()
                .or(self.messaging_service_sid.as_deref())
                .unwrap_or_default(),
        }
    }
}

/// What a new message is made of.
pub(crate) struct Draft {
    pub sid: String,
    pub account_sid: String,
    pub direction: Direction,
    pub from: Option<String>,
    pub to: String,
    pub body: String,
    pub status: &'static str,
    pub messaging_service_sid: Option<String>,
    pub status_callback: Option<String>,
    pub content: Option<SentContent>,
}

/// One call of a webhook.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookCall {
    /// When the answer came or the call was given up.
    pub at: DateTime<Utc>,
    /// Where it was posted.
    pub url: String,
    /// Whom it is about.
    pub message_sid: String,
    /// The status reported; `received` for an inbound text.
    pub message_status: String,
    /// The HTTP status of the answer.
    pub http: Option<u16>,
    /// The answer's body (its first 2,000 characters), or why there was none.
    pub answer: String,
}

/// The simulator's memory.
#[derive(Debug, Default)]
pub struct State {
    /// SIDs and tokens; the main account first.
    accounts: Vec<(String, String)>,
    messages: VecDeque<SimMessage>,
    by_sid: HashMap<String, u64>,
    next_seq: u64,
    calls: VecDeque<WebhookCall>,
    creates: VecDeque<Create>,
    next_create: u64,
    opted_out: BTreeSet<(String, String)>,
    mailbox: Mailbox,
    faults: Armed,
    /// Accounts with a rate: how many creates a second, and when the last ones came that were not too many.
    paces: Vec<(String, u32, VecDeque<DateTime<Utc>>)>,
    /// The key that webhooks of an account are signed with in place of its token: SID, id, secret.
    shared_keys: Vec<(String, String, String)>,
    /// How far this Twilio's clock is ahead of the machine's.
    ahead: TimeDelta,
    pub(crate) delay: Duration,
    pub(crate) inbound_url: Option<String>,
    /// Where reports about mails are posted.
    pub(crate) report_hook: Option<ReportHook>,
    /// Numbers, and how they are registered.
    pub numbers: Numbers,
    /// Contents, senders, and who wrote when.
    pub whatsapp: WhatsApp,
    /// What is wrong with the accounts for whoever looks.
    pub(crate) look: LookedAt,
}

impl State {
    pub(crate) fn new(cfg: &SimConfig) -> Self {
        Self {
            accounts: vec![(cfg.account_sid.clone(), cfg.auth_token.clone())],
            delay: cfg.delay,
            inbound_url: cfg.inbound_url.clone(),
            ..Self::default()
        }
    }

    /// The token of an account; none for one that is not there.
    #[must_use]
    pub fn token(&self, account_sid: &str) -> Option<&str> {
        let found = self.accounts.iter().find(|(sid, _)| sid == account_sid);
        found.map(|(_, token)| token.as_str())
    }

    /// The id and the secret of the key that this account's webhooks are signed with in place of its token.
    #[must_use]
    pub fn shared_key(&self, account_sid: &str) -> Option<(&str, &str)> {
        let found = self.shared_keys.iter().find(|(sid, ..)| sid == account_sid);
        found.map(|(_, id, secret)| (id.as_str(), secret.as_str()))
    }

    pub(crate) fn set_shared_key(&mut self, account_sid: &str, key: Option<(&str, &str)>) {
        self.shared_keys.retain(|(sid, ..)| sid != account_sid);
        self.shared_keys
            .extend(key.map(|(id, secret)| (account_sid.to_owned(), id.to_owned(), secret.to_owned())));
    }

    pub(crate) fn set_account(&mut self, sid: &str, token: Option<&str>) {
        self.accounts.retain(|(known, _)| known != sid);
        self.accounts.extend(token.map(|token| (sid.to_owned(), token.to_owned())));
    }

    /// Numbers that an account was seen with are its own.
    pub(crate) fn keep_seen(&mut self, account: &str) {
        let seen: BTreeSet<String> = self
            .messages
            .iter()
            .filter(|m| m.account_sid == account)
            .map(SimMessage::business)
            .filter(|n| is_phone(n) && !n.starts_with(PREFIX))
            .map(str::to_owned)
            .collect();
        for phone in seen {
            self.numbers.add(account, &phone);
        }
    }

    /// Whose number this is: the account that sent from it last, or has it, else the main one.
    pub(crate) fn account_of_number(&self, number: &str) -> String {
        let last = self.outbound().rev().find(|m| m.business() == number);
        let owner = self.numbers.owner(number).map(|n| n.account_sid.clone());
        let owner = owner.or_else(|| self.whatsapp.sender(number).map(|s| s.account_sid.clone()));
        let main = || {
            owner
                .or_else(|| self.accounts.first().map(|(sid, _)| sid.clone()))
                .unwrap_or_default()
        };
        last.map_or_else(main, |m| m.account_sid.clone())
    }

    /// The simulator's own time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        clock::now() + self.ahead
    }

    pub(crate) fn set_time(&mut self, to: DateTime<Utc>) {
        self.ahead = to - clock::now();
    }

    /// Oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &SimMessage> {
        self.messages.iter()
    }

    /// Those the business sent, oldest first.
    pub fn outbound(&self) -> impl DoubleEndedIterator<Item = &SimMessage> {
        self.messages.iter().filter(|m| m.direction == Direction::Outbound)
    }

    /// Those the business sent to this address, oldest first.
    pub fn sent_to<'a>(&'a self, to: &'a str) -> impl DoubleEndedIterator<Item = &'a SimMessage> {
        self.outbound().filter(move |m| m.to == to)
    }

    /// Webhook calls that are over, oldest first.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &WebhookCall> {
        self.calls.iter()
    }

    /// What the business asked for, refused or not, oldest first.
    pub fn creates(&self) -> impl DoubleEndedIterator<Item = &Create> {
        self.creates.iter()
    }

    /// The message with this sid.
    #[must_use]
    pub fn message(&self, sid: &str) -> Option<&SimMessage> {
        self.messages.get(self.index(sid)?)
    }

    /// The e-mails that were taken, oldest first.
    pub fn mails(&self) -> impl DoubleEndedIterator<Item = &SimMail> {
        self.mailbox.mails().iter()
    }

    /// Those for this address, in any case, oldest first.
    pub fn mails_to<'a>(&'a self, to: &'a str) -> impl DoubleEndedIterator<Item = &'a SimMail> {
        self.mails().filter(move |mail| mail.is_to(to))
    }

    /// The e-mail with this number.
    #[must_use]
    pub fn mail(&self, seq: u64) -> Option<&SimMail> {
        self.mailbox.mail(seq)
    }

    pub(crate) fn note_mail(&mut self, seq: u64, words: String) {
        self.mailbox.note(seq, words);
    }

    pub(crate) fn keep_mail(&mut self, mail: SimMail) -> u64 {
        let now = self.now();
        self.mailbox.keep(mail, now)
    }

    /// Whether this phone has opted out from this sender.
    #[must_use]
    pub fn is_opted_out(&self, phone: &str, sender: &str) -> bool {
        self.opted_out.contains(&(phone.to_owned(), sender.to_owned()))
    }

    /// Pairs of phone and sender.
    pub fn opted_out(&self) -> impl Iterator<Item = &(String, String)> {
        self.opted_out.iter()
    }

    /// What is armed.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        self.faults.list()
    }

    fn index(&self, sid: &str) -> Option<usize> {
        let first = self.messages.front()?.seq;
        usize::try_from(self.by_sid.get(sid)?.checked_sub(first)?).ok()
    }

    pub(crate) fn add(&mut self, draft: Draft) -> SimMessage {
        let now = self.now();
        let message = SimMessage {
            seq: self.next_seq,
            sid: draft.sid,
            account_sid: draft.account_sid,
            direction: draft.direction,
            from: draft.from,
            to: draft.to,
            body: draft.body,
            status: draft.status.to_owned(),
            error_code: None,
            messaging_service_sid: draft.messaging_service_sid,
            status_callback: draft.status_callback,
            date_created: now,
            date_sent: (draft.direction != Direction::Outbound).then_some(now),
            date_updated: now,
            webhook: None,
            content: draft.content,
        };
        self.next_seq += 1;
        self.by_sid.insert(message.sid.clone(), message.seq);
        self.messages.push_back(message.clone());
        self.drop_oldest();
        message
    }

    fn drop_oldest(&mut self) {
        while self.messages.len() > MAX_MESSAGES {
            if let Some(gone) = self.messages.pop_front() {
                self.by_sid.remove(&gone.sid);
            }
        }
    }

    /// Changes a message; nothing if it is gone.
    pub(crate) fn update(&mut self, sid: &str, change: impl FnOnce(&mut SimMessage)) -> Option<SimMessage> {
        let (at, now) = (self.index(sid)?, self.now());
        let message = self.messages.get_mut(at)?;
        change(message);
        message.date_updated = now;
        Some(message.clone())
    }

    pub(crate) fn log(&mut self, call: WebhookCall) {
        self.calls.push_back(call);
        while self.calls.len() > MAX_CALLS {
            self.calls.pop_front();
        }
    }

    /// A request to send arrived; its number.
    pub(crate) fn begin_create(&mut self, to: &str, body: &str, status_callback: &str, validity_period: Option<u32>) -> u64 {
        let seq = self.next_create;
        self.next_create += 1;
        self.creates.push_back(Create {
            seq,
            at: self.now(),
            to: to.to_owned(),
            body: body.to_owned(),
            status_callback: status_callback.to_owned(),
            validity_period,
            content: None,
            sid: None,
            http: None,
        });
        while self.creates.len() > MAX_CREATES {
            self.creates.pop_front();
        }
        seq
    }

    pub(crate) fn note_create(&mut self, seq: u64, note: impl FnOnce(&mut Create)) {
        let first = self.creates.front().map_or(0, |c| c.seq);
        let at = seq.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(create) = at.and_then(|at| self.creates.get_mut(at)) {
            note(create);
        }
    }

    /// Returns whether that was news.
    pub(crate) fn opt_out(&mut self, phone: &str, sender: &str) -> bool {
        self.opted_out.insert((phone.to_owned(), sender.to_owned()))
    }

    /// Returns whether that was news.
    pub(crate) fn opt_in(&mut self, phone: &str, sender: &str) -> bool {
        self.opted_out.remove(&(phone.to_owned(), sender.to_owned()))
    }

    pub(crate) fn arm(&mut self, fault: Fault) {
        self.faults.arm(fault);
    }

    /// Disarms the faults of these kinds.
    pub(crate) fn disarm(&mut self, these: impl Fn(FaultKind) -> bool) {
        self.faults.clear(these);
    }

    pub(crate) fn take_reading_fault(&mut self, kind: FaultKind) -> Option<Fault> {
        self.faults.take_reading(kind)
    }

    pub(crate) fn take_mail_fault(&mut self, to: &[String], kinds: &[FaultKind]) -> Option<Fault> {
        self.faults.take_mail(to, kinds)
    }

    /// Whether this account may ask for another message now: not above its rate. One that may is counted.
    pub(crate) fn in_pace(&mut self, account_sid: &str) -> bool {
        let now = self.now();
        let Some((_, most, calls)) = self.paces.iter_mut().find(|(sid, ..)| sid == account_sid) else {
            return true;
        };
        calls.retain(|at| now - *at < TimeDelta::seconds(1));
        let free = calls.len() < *most as usize;
        if free {
            calls.push_back(now);
        }
        free
    }

    pub(crate) fn set_rate(&mut self, account_sid: &str, most_per_second: Option<u32>) {
        self.paces.retain(|(sid, ..)| sid != account_sid);
        self.paces
            .extend(most_per_second.map(|most| (account_sid.to_owned(), most, VecDeque::new())));
    }

    pub(crate) fn take_answer_fault(&mut self, to: &str) -> Option<Fault> {
        self.faults.take_answer(to)
    }

    pub(crate) fn take_faults(&mut self, to: &str) -> (Option<Fault>, Plan) {
        self.faults.take(to)
    }

    pub(crate) fn clear_messages(&mut self) {
        self.messages.clear();
        self.by_sid.clear();
        self.calls.clear();
        self.mailbox.clear();
        self.creates.clear();
    }

    pub(crate) fn reset(&mut self) {
        self.clear_messages();
        self.opted_out.clear();
        self.faults.clear(|_| true);
        self.paces.clear();
        self.numbers = Numbers::default();
        self.whatsapp = WhatsApp::default();
        self.look = LookedAt::default();
    }
}
