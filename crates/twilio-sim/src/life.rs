//! The life of an outbound message: queued, sent, then delivered or not, each reported to its callback (docs/twilio.md §6). There is no
//! report of the first status.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::faults::Plan;
use crate::shared::Shared;
use crate::state::{SimMessage, State};
use crate::webhook::{Post, params};
use crate::whatsapp::{PREFIX, SimSender, user_id};

/// The number a Messaging Service of the simulator sends from.
const SERVICE_NUMBER: &str = "+15005550006";
/// Failures that show only once the message has gone out; all others fail before.
const AFTER_SENT: std::ops::RangeInclusive<i32> = 30003..=30008;
/// WhatsApp's own: taken by Twilio, and then not by WhatsApp or the person.
const WHATSAPP: std::ops::Range<i32> = 63_000..64_000;
/// Those of them that WhatsApp tells only after it took the message.
const AFTER_WHATSAPP: [i32; 2] = [63_032, 63_049];

/// A status change to be reported, and when it happened.
type News = (Instant, Post);

/// Starts the message on its way.
pub(crate) fn start(shared: &Arc<Shared>, sid: &str, plan: Plan) {
    let (news, reports) = mpsc::unbounded_channel();
    shared.spawn(report(Arc::clone(shared), plan.clone(), reports));
    shared.spawn(live(Arc::clone(shared), sid.to_owned(), plan, news));
}

/// The message goes out and its callback is answered before this returns.
pub(crate) async fn send_early(shared: &Arc<Shared>, sid: &str) {
    if let Some(post) = advance(shared, sid, "sent", None) {
        post.send(shared).await;
    }
}

async fn live(shared: Arc<Shared>, sid: String, plan: Plan, news: mpsc::UnboundedSender<News>) {
    let tell = |status: &str, code: Option<i32>| {
        if let Some(post) = advance(&shared, &sid, status, code).filter(|_| !plan.silent) {
            // The other end only goes away with the simulator.
            let _gone = news.send((Instant::now(), post));
        }
    };
    pause(&shared).await;
    if let Some(code) = plan.fail.filter(|code| fails_early(*code)) {
        let word = if WHATSAPP.contains(&code) { "undelivered" } else { "failed" };
        return tell(word, Some(code));
    }
    if !plan.early {
        tell("sent", None);
    }
    pause(&shared).await;
    match plan.fail {
        Some(code) => tell("undelivered", Some(code)),
        None => tell("delivered", None),
    }
}

fn fails_early(code: i32) -> bool {
    !AFTER_SENT.contains(&code) && !AFTER_WHATSAPP.contains(&code)
}

/// The person looks: what was delivered to them is read, unless they tell nobody.
pub(crate) async fn read_all(shared: &Arc<Shared>, person: &str) {
    let unread: Vec<String> = shared.read(|state| {
        let theirs = state.sent_to(person).filter(|m| m.is_whatsapp() && m.status == "delivered");
        let told = state.whatsapp.has_receipts(person);
        theirs.filter(|_| told).map(|m| m.sid.clone()).collect()
    });
    for sid in unread {
        if let Some(post) = advance(shared, &sid, "read", None) {
            post.send(shared).await;
        }
    }
}

async fn pause(shared: &Shared) {
    let delay: Duration = shared.read(|state| state.delay);
    sleep(delay).await;
}

/// Changes the status, unless the message is over already, and makes the report of it.
fn advance(shared: &Shared, sid: &str, status: &str, code: Option<i32>) -> Option<Post> {
    let message = shared.write(|state| {
        let message = state.message(sid)?;
        if matches!(message.status.as_str(), "canceled" | "failed" | "read") {
            return None;
        }
        let now = state.now();
        let service = service_sender(state, message);
        state.update(sid, |m| {
            status.clone_into(&mut m.status);
            m.error_code = code;
            m.from.get_or_insert(service);
            m.date_sent.get_or_insert(now);
        })
    })?;
    let sender = shared.read(|state| state.whatsapp.sender(message.business()).cloned());
    let usual = sender.as_ref().and_then(|s| s.url("status_callback_url"));
    let url = message.status_callback.as_deref().or(usual)?;
    let params = match &sender {
        Some(sender) if message.is_whatsapp() => whatsapp_params(&message, sender),
        _ => callback_params(&message),
    };
    Some(Post::new(url, &message, status, params))
}

/// What a Messaging Service sends from.
fn service_sender(state: &State, message: &SimMessage) -> String {
    let sender = state
        .whatsapp
        .any_sender(&message.account_sid)
        .filter(|_| message.is_whatsapp());
    sender.map_or_else(|| SERVICE_NUMBER.to_owned(), |sender| sender.sender_id.clone())
}

/// As of a text, and what the channel adds; the person is masked where it names them itself.
fn whatsapp_params(m: &SimMessage, sender: &SimSender) -> Vec<(String, String)> {
    let mut form = callback_params(m);
    form.retain(|(name, _)| name != "RawDlrDoneDate");
    let number = m.to.strip_prefix(PREFIX).unwrap_or_default();
    let masked = format!("{}XXXX", &number[..number.len().saturating_sub(4)]);
    form.extend(params(&[
        ("ChannelPrefix", "whatsapp"),
        ("ChannelToAddress", &masked),
        ("ChannelInstallSid", &sender.sid),
        ("ExternalUserId", &user_id(&m.to)),
    ]));
    if m.content.is_some() {
        form.push(("StructuredMessage".into(), "true".into()));
    }
    let event = match m.status.as_str() {
        "delivered" | "read" | "undelivered" | "failed" => m.status.to_uppercase(),
        _ => return form,
    };
    form.push(("EventType".into(), event));
    if let Some(code) = m.error_code {
        form.push(("ChannelStatusMessage".into(), twilio::errors::describe(code)));
    }
    form
}

fn callback_params(m: &SimMessage) -> Vec<(String, String)> {
    let mut form = params(&[
        ("SmsSid", &m.sid),
        ("SmsStatus", &m.status),
        ("MessageStatus", &m.status),
        ("To", &m.to),
        ("MessageSid", &m.sid),
        ("AccountSid", &m.account_sid),
        ("From", m.from.as_deref().unwrap_or_default()),
        ("ApiVersion", "2010-04-01"),
    ]);
    if let Some(service) = &m.messaging_service_sid {
        form.push(("MessagingServiceSid".into(), service.clone()));
    }
    if let Some(code) = m.error_code {
        form.push(("ErrorCode".into(), code.to_string()));
    }
    if m.status == "delivered" {
        form.push(("RawDlrDoneDate".into(), m.date_updated.format("%y%m%d%H%M").to_string()));
    }
    form
}

/// Posts the reports in their order, or in the order the plan asks for.
async fn report(shared: Arc<Shared>, plan: Plan, mut reports: mpsc::UnboundedReceiver<News>) {
    let mut held = Vec::new();
    while let Some((at, post)) = reports.recv().await {
        if plan.reversed {
            held.push((at, post));
        } else {
            post_copies(&shared, &plan, at, &post).await;
        }
    }
    for (at, post) in held.iter().rev() {
        post_copies(&shared, &plan, *at, post).await;
    }
}

async fn post_copies(shared: &Shared, plan: &Plan, at: Instant, post: &Post) {
    sleep_until(at + plan.late).await;
    join_all((0..plan.copies).map(|_| post.send(shared))).await;
}
