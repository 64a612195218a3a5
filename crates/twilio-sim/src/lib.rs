//! A fake Twilio at the socket, and a mail server beside it, for tests and for trying the product without an account.
//!
//! It speaks the slice of Twilio's REST API that sends and lists texts, calls webhooks with real signatures, keeps an opt-out list as the network does, shows the
//! customers' phones on a page (`/phones`), looks at templates for WhatsApp (`/templates`), and can be told to go wrong (`/control/faults`, [`Sim::set_fault`]). E-mail that is sent to
//! [`Sim::smtp_url`] is kept and shown (`/mail`, `/control/mails`). Nothing leaves the machine.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use twilio_sim::{Fault, FaultKind, SimConfig};
//! let sim = twilio_sim::start(SimConfig::default()).await?;
//! sim.set_fault(Fault::new(FaultKind::RateLimit).count(2).to("+14155550100"));
//! # Ok(())
//! # }
//! ```

mod clock;
mod control;
mod creates;
mod faults;
mod form;
mod inbound;
mod life;
mod listener;
mod look;
mod mail;
mod mailbox;
mod numbers;
mod pages;
mod phones;
mod rest;
mod senders;
mod shared;
mod state;
mod templates;
mod webhook;
mod whatsapp;
mod words;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;

pub use creates::Create;
pub use faults::{Fault, FaultKind};
pub use inbound::{Choice, InboundText, Place, SimMedia, Tap};
pub use look::{LookedAt, LookedNumber, LookedService};
pub use mailbox::{ReportHook, SimMail, SimPart};
pub use numbers::{Numbers, Registration, SimNumber, SimService};
pub use state::{Direction, SimMessage, State, WebhookCall};
pub use whatsapp::{
    ReviewPace, SenderState, SentContent, SimApproval, SimButton, SimContent, SimOfflineReason, SimSender, Standing, Verdict,
    WhatsApp,
};

use listener::{CuttableListener, Wire};
use shared::Shared;

/// How to start a simulator.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where to listen for e-mail; port 0 takes a free one.
    pub smtp_listen: SocketAddr,
    /// How long a mail session may say nothing.
    pub smtp_idle: Duration,
    /// The main account: `AC…`, 34 characters.
    pub account_sid: String,
    /// The token that callers must know and webhooks are signed with.
    pub auth_token: String,
    /// Where inbound texts are posted; without one they are only kept.
    pub inbound_url: Option<String>,
    /// How long a message stays queued, and then sent.
    pub delay: Duration,
}

impl Default for SimConfig {
    /// Free ports of 127.0.0.1, an account of zeros, no webhook, statuses that change every 10 milliseconds, and mail sessions that may be
    /// silent for five minutes.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            smtp_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            smtp_idle: Duration::from_secs(300),
            account_sid: "AC00000000000000000000000000000000".into(),
            auth_token: "simulated-auth-token".into(),
            inbound_url: None,
            delay: Duration::from_millis(10),
        }
    }
}

/// A running simulator. It stops when it is dropped.
pub struct Sim {
    shared: Arc<Shared>,
    address: SocketAddr,
    smtp_address: SocketAddr,
}

/// What was waited for did not happen.
#[derive(Debug)]
pub struct TimedOut {
    /// What there was instead, oldest first.
    pub messages: Vec<SimMessage>,
    /// The webhook calls so far, oldest first.
    pub calls: Vec<WebhookCall>,
    /// The e-mails, oldest first.
    pub mails: Vec<SimMail>,
}

/// Starts a simulator.
///
/// # Errors
/// When an address cannot be listened on, or no HTTP client can be built.
pub async fn start(cfg: SimConfig) -> io::Result<Sim> {
    let shared = Shared::new(&cfg).map_err(io::Error::other)?;
    let (listener, address) = bind(cfg.listen).await?;
    let (smtp_listener, smtp_address) = bind(cfg.smtp_listen).await?;
    let routes = Router::new()
        .merge(rest::routes(&shared))
        .merge(control::routes())
        .merge(pages::routes())
        .merge(phones::routes())
        .merge(templates::routes())
        .merge(senders::routes())
        .merge(mail::routes());
    let service = routes
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<Wire>();
    let closed = shared.closed();
    tokio::spawn(
        axum::serve(CuttableListener(listener), service)
            .with_graceful_shutdown(closed)
            .into_future(),
    );
    shared.spawn(mail::listen(Arc::clone(&shared), smtp_listener, cfg.smtp_idle));
    Ok(Sim {
        shared,
        address,
        smtp_address,
    })
}

async fn bind(to: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {to}: {error}"));
    let listener = TcpListener::bind(to).await.map_err(named)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Sim {
    /// `http://127.0.0.1:PORT`, for the client's `api_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `smtp://127.0.0.1:PORT`, for a mail client: no TLS, any name and password or none.
    #[must_use]
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.smtp_address)
    }

    /// Another account, or another token for one.
    pub fn set_account(&self, sid: &str, token: &str) {
        self.shared.write(|state| state.set_account(sid, Some(token)));
    }

    /// The account and its token are not known any more.
    pub fn close_account(&self, sid: &str) {
        self.shared.write(|state| state.set_account(sid, None));
    }

    /// The main account, `AC…`.
    #[must_use]
    pub fn account_sid(&self) -> &str {
        &self.shared.account_sid
    }

    /// The main account's auth token.
    #[must_use]
    pub fn auth_token(&self) -> &str {
        &self.shared.auth_token
    }

    /// Looks at the state without copying it.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.read(look)
    }

    /// Sets the simulator's clock; it runs on from there.
    pub fn set_time(&self, to: DateTime<Utc>) {
        self.shared.write(|state| state.set_time(to));
    }

    /// All messages in both directions, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<SimMessage> {
        self.look(|state| state.messages().cloned().collect())
    }

    /// What the business sent to this address, oldest first.
    #[must_use]
    pub fn sent_to(&self, to: &str) -> Vec<SimMessage> {
        self.look(|state| state.sent_to(to).cloned().collect())
    }

    /// What the business asked to be sent to this address, refused or not, oldest first.
    #[must_use]
    pub fn creates_to(&self, to: &str) -> Vec<Create> {
        self.look(|state| state.creates().filter(|c| c.to == to).cloned().collect())
    }

    /// The webhook calls that are over, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<WebhookCall> {
        self.look(|state| state.calls().cloned().collect())
    }

    /// All e-mails, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<SimMail> {
        self.look(|state| state.mails().cloned().collect())
    }

    /// The e-mails for this address, in any case, oldest first.
    #[must_use]
    pub fn mails_to(&self, to: &str) -> Vec<SimMail> {
        self.look(|state| state.mails_to(to).cloned().collect())
    }

    /// Where bounces and complaints about mails are posted, as `message/rfc822`; they are kept as mails to whom bounces go all the same.
    pub fn set_report_hook(&self, hook: Option<ReportHook>) {
        self.shared.write(|state| state.report_hook = hook);
    }

    /// A mail comes back: `action` is `failed` or `delayed`, `status` like `5.1.1`. Returns when it was posted, if it is, with the number of
    /// the mail that says so; none for a mail that is not there or names nobody to tell.
    pub async fn bounce(&self, seq: u64, action: &str, status: &str) -> Option<u64> {
        let report = mail::Report::Delivery {
            action: action.to_owned(),
            status: status.to_owned(),
        };
        mail::report(&self.shared, seq, &report).await
    }

    /// Somebody calls a mail spam; as of [`Sim::bounce`].
    pub async fn complain(&self, seq: u64) -> Option<u64> {
        mail::report(&self.shared, seq, &mail::Report::Abuse).await
    }

    /// Forgets messages, e-mails and webhook calls; faults and opt-outs stay.
    pub fn clear(&self) {
        self.shared.write(State::clear_messages);
    }

    /// Forgets messages, e-mails, calls, faults and opt-outs; the delay and the webhook stay.
    pub fn reset(&self) {
        self.shared.write(State::reset);
    }

    /// Arms a fault behind those already armed.
    pub fn set_fault(&self, fault: Fault) {
        self.shared.write(|state| state.arm(fault));
    }

    /// From now on more creates of this account than so many a second are answered with HTTP 429; none: as many as there are.
    pub fn set_rate(&self, account_sid: &str, most_per_second: Option<u32>) {
        self.shared.write(|state| state.set_rate(account_sid, most_per_second));
    }

    /// From now on this account's webhooks are signed with a shared key (its id and secret); none: with the account's token.
    pub fn set_shared_key(&self, account_sid: &str, key: Option<(&str, &str)>) {
        self.shared.write(|state| state.set_shared_key(account_sid, key));
    }

    /// A number that an account has, as if it had bought it long ago.
    pub fn own_number(&self, account_sid: &str, phone: &str) -> SimNumber {
        self.shared.write(|state| state.numbers.add(account_sid, phone))
    }

    /// Another address for a number's incoming texts, as if somebody had set it in the console.
    pub fn set_sms_url(&self, phone: &str, url: &str) {
        self.shared.write(|state| {
            let sid = state.numbers.owner(phone).map(|n| n.sid.clone());
            sid.and_then(|sid| state.numbers.change(&sid, |n| url.clone_into(&mut n.sms_url)))
        });
    }

    /// How a number is registered with carriers.
    pub fn set_registration(&self, phone: &str, how: Registration) {
        self.shared.write(|state| state.numbers.register(phone, how));
    }

    /// An account's Messaging Service.
    pub fn set_service(&self, account_sid: &str, service: SimService) {
        self.shared.write(|state| state.numbers.set_service(account_sid, service));
    }

    /// An API key of an account: its SID and secret.
    pub fn add_api_key(&self, account_sid: &str, key_sid: &str, secret: &str) {
        self.shared.write(|state| state.numbers.add_key(key_sid, secret, account_sid));
    }

    /// From now on this account is a part of another one.
    pub fn set_parent(&self, account_sid: &str, parent: &str) {
        self.shared.write(|state| state.numbers.set_parent(account_sid, parent));
    }

    /// Whether the network itself answers HELP, START and STOP at a number.
    pub fn set_network_answers(&self, phone: &str, answers: bool) {
        self.shared.write(|state| state.numbers.set_quiet(phone, !answers));
    }

    /// A WhatsApp sender that an account has, as if it had been made in the console; `phone` is E.164.
    pub fn own_sender(&self, account_sid: &str, phone: &str) -> SimSender {
        self.shared.write(|state| {
            let now = state.now();
            state.whatsapp.add_sender(account_sid, phone, "ONLINE", now)
        })
    }

    /// How a WhatsApp sender (`whatsapp:+E164`) is from now on; none if it is not there.
    pub fn set_sender(&self, sender_id: &str, to: SenderState) -> Option<SimSender> {
        self.shared.write(|state| state.whatsapp.set_sender(sender_id, to))
    }

    /// WhatsApp says how a template stands; whether there was one.
    pub fn set_approval(&self, content_sid: &str, verdict: &Verdict) -> bool {
        self.shared.write(|state| state.whatsapp.say(content_sid, verdict))
    }

    /// How fast templates are looked at, and by whom.
    pub fn set_review(&self, pace: ReviewPace) {
        self.shared.write(|state| state.whatsapp.pace = pace);
    }

    /// A person's 24 hours with a sender are over, however long ago they wrote.
    pub fn close_window(&self, sender_id: &str, person: &str) {
        self.shared.write(|state| state.whatsapp.close_window(sender_id, person));
    }

    /// Whether the business learns that this person has read something.
    pub fn set_receipts(&self, person: &str, on: bool) {
        self.shared.write(|state| state.whatsapp.set_receipts(person, on));
    }

    /// A person looks at their WhatsApp: what was delivered is read, and the business is told before this returns.
    pub async fn look_at(&self, person: &str) {
        life::read_all(&self.shared, person).await;
    }

    /// What whoever looks at the accounts finds wrong from now on.
    pub fn set_look(&self, look: LookedAt) {
        self.shared.write(|state| state.look = look);
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        self.shared.write(|state| state.disarm(|_| true));
    }

    /// How long a message stays queued, and then sent.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.write(|state| state.delay = delay);
    }

    /// Where inbound texts are posted.
    pub fn set_inbound_url(&self, url: Option<String>) {
        self.shared.write(|state| state.inbound_url = url);
    }

    /// A customer sends a text; returns its sid when the webhook has answered (see [`Sim::calls`]).
    pub async fn inbound(&self, from: &str, to: &str, body: &str) -> String {
        self.send_text(InboundText {
            from: from.into(),
            to: to.into(),
            body: body.into(),
            ..InboundText::default()
        })
        .await
    }

    /// As [`Sim::inbound`], with a sid, repetitions or an opt-out type.
    pub async fn send_text(&self, text: InboundText) -> String {
        let message = inbound::receive(&self.shared, &text);
        inbound::deliver(&self.shared, &message, &text).await;
        message.sid
    }

    /// Waits until the state is as wanted.
    ///
    /// # Errors
    /// [`TimedOut`] with what there was instead.
    pub async fn wait_for(&self, mut wanted: impl FnMut(&State) -> bool, timeout: Duration) -> Result<(), TimedOut> {
        let mut changes = self.shared.watch();
        let until_wanted = changes.wait_for(|_| self.shared.read(&mut wanted));
        match tokio::time::timeout(timeout, until_wanted).await {
            Ok(_) => Ok(()),
            Err(_) => Err(TimedOut {
                messages: self.messages(),
                calls: self.calls(),
                mails: self.mails(),
            }),
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.shared.close();
    }
}
