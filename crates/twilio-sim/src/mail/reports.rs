//! What comes back about a mail: that it could not be delivered (RFC 3464), or that somebody complained (RFC 5965).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::rfc2822;
use crate::faults::{Fault, FaultKind};
use crate::mailbox::SimMail;
use crate::shared::Shared;
use crate::state::State;
use crate::words::new_sid;

/// What the server calls itself.
const NAME: &str = "sim.invalid";

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// It did not arrive, or not yet.
    Delivery {
        /// `failed` or `delayed`.
        action: String,
        /// `5.1.1`.
        status: String,
    },
    /// Somebody called it spam.
    Abuse,
}

impl Report {
    /// What a fault asks for.
    pub fn of(fault: &Fault) -> Self {
        let said = |action: &str, usual: &str| Self::Delivery {
            action: action.to_owned(),
            status: fault
                .status
                .clone()
                .filter(|s| is_status(s))
                .unwrap_or_else(|| usual.to_owned()),
        };
        match fault.kind {
            FaultKind::MailComplaint => Self::Abuse,
            FaultKind::MailDelay => said("delayed", "4.4.1"),
            _ => said("failed", "5.1.1"),
        }
    }
}

/// `5.1.1`: what would break out of its line is no status.
pub(super) fn is_status(status: &str) -> bool {
    status.len() <= 9 && status.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Writes a report about a mail, keeps it as a mail to whom bounces go, and posts it where reports are posted; its number. None for a mail
/// that is not there, or that wants no bounces.
pub(crate) async fn report(shared: &Arc<Shared>, seq: u64, report: &Report) -> Option<u64> {
    let (number, raw, hook) = shared.write(|state| {
        let mail = state.mail(seq).filter(|mail| !mail.envelope_from.is_empty())?.clone();
        let raw = write(state, &mail, report);
        let kept = SimMail::read(String::new(), vec![mail.envelope_from], raw.as_bytes());
        Some((state.keep_mail(kept), raw, state.report_hook.clone()))
    })?;
    if let Some(hook) = hook {
        let mut request = shared.http.post(&hook.url).header("content-type", "message/rfc822").body(raw);
        for (name, value) in &hook.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map(|answer| answer.status().as_u16());
        tracing::info!(url = %hook.url, ?answer, "a report about a mail");
    }
    Some(number)
}

fn write(state: &State, mail: &SimMail, report: &Report) -> String {
    let boundary = new_sid("b");
    let to = &mail.envelope_from;
    let recipient = mail.envelope_to.first().map(String::as_str).unwrap_or_default();
    let (kind, subject, words, fields, whole) = match report {
        Report::Delivery { action, status } => (
            "delivery-status",
            "Undelivered Mail Returned to Sender",
            format!("Your message to {recipient} could not be delivered."),
            delivery(mail, recipient, action, status, state.now()),
            false,
        ),
        Report::Abuse => (
            "feedback-report",
            "Complaint about a message",
            format!("This is a report about a message to {recipient}."),
            abuse(mail, recipient),
            true,
        ),
    };
    let original = if whole {
        format!("Content-Type: message/rfc822\r\n\r\n{}", mail.raw)
    } else {
        let head = mail.raw.split("\r\n\r\n").next().unwrap_or_default();
        format!("Content-Type: text/rfc822-headers\r\n\r\n{head}\r\n")
    };
    format!(
        "From: Mail Delivery System <mailer-daemon@{NAME}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {}\r\n\
         Message-ID: <{}@{NAME}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type={kind}; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n\r\n\
         --{boundary}\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n\
         --{boundary}\r\n{original}\r\n--{boundary}--\r\n",
        rfc2822(state.now()),
        new_sid(""),
    )
}

fn delivery(mail: &SimMail, recipient: &str, action: &str, status: &str, now: DateTime<Utc>) -> String {
    let reply = if status.starts_with('4') { 450 } else { 550 };
    format!(
        "Reporting-MTA: dns; {NAME}\r\nArrival-Date: {}\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n\
         Status: {status}\r\nDiagnostic-Code: smtp; {reply} {status} Said by the simulator\r\nLast-Attempt-Date: {}\r\n",
        rfc2822(mail.at),
        rfc2822(now),
    )
}

fn abuse(mail: &SimMail, recipient: &str) -> String {
    format!(
        "Feedback-Type: abuse\r\nUser-Agent: TwilioSim/1\r\nVersion: 1\r\nOriginal-Mail-From: <{}>\r\n\
         Original-Rcpt-To: <{recipient}>\r\nArrival-Date: {}\r\nReporting-MTA: dns; {NAME}\r\n",
        mail.envelope_from,
        rfc2822(mail.at),
    )
}
