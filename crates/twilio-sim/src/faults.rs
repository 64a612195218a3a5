//! Things that go wrong on purpose (docs/twilio.md §12).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP 400 with `code` (21610 if none is given); nothing is stored.
    Refuse,
    /// HTTP 429 with code 20429; nothing is stored.
    RateLimit,
    /// HTTP 500 with code 20500; nothing is stored.
    ErrorBefore,
    /// HTTP 500 with code 20500, but the message is stored and sent.
    ErrorAfter,
    /// The message is stored and sent, but the answer comes only after `ms`.
    Timeout,
    /// The answer (HTTP 500) comes only after `ms`; nothing is stored.
    TimeoutBefore,
    /// The message is stored and sent, but the connection is closed without an answer.
    ResetAfter,
    /// The message is stored and sent and HTTP 201 is said, but the connection ends in the middle of the body.
    TornAnswer,
    /// The message is stored, sent and answered only after `ms`, even if the caller is gone by then.
    StoreLate,
    /// The message is accepted and then ends as failed or undelivered with `code` (30008 if none is given).
    AsyncFail,
    /// Each callback is posted `times` times at once (2 if none is given).
    DuplicateCallbacks,
    /// The callback for `delivered` is posted before the one for `sent`.
    ReverseCallbacks,
    /// Callbacks are posted `ms` later than the status changed.
    LateCallbacks,
    /// The callback for `sent` is posted before the create is answered.
    EarlyCallback,
    /// No callback is posted.
    NoCallbacks,
    /// The list of messages is answered with HTTP 500; for lists, not for creates.
    ListError,
    /// The list of messages, or one message, is answered with HTTP 429; for what is read, not for creates.
    ReadRateLimit,
    /// The mail server greets with 421; for connections, so it must not be armed for one recipient.
    MailBusy,
    /// The recipient is answered with `code` (550 if none is given); the mail is not kept unless it has others.
    MailRefuse,
    /// The mail is answered with `code` (554 if none is given) when all of it has come; it is not kept.
    MailRefuseAfter,
    /// The mail is kept, but the connection is closed without an answer.
    MailUnanswered,
    /// The connection is closed when the first bytes of the mail have come; it is not kept.
    MailCut,
    /// The mail is kept, but the answer comes only after `ms`.
    MailSlow,
    /// The mail is kept, and then comes back with `status` (5.1.1 if none is given).
    MailBounce,
    /// The mail is kept, and then it is said to be late (`status`, 4.4.1 if none is given).
    MailDelay,
    /// The mail is kept, and then its reader complains.
    MailComplaint,
}

impl FaultKind {
    /// Whether it concerns what happens after the create, not its answer.
    fn is_about_callbacks(self) -> bool {
        use FaultKind::{AsyncFail, DuplicateCallbacks, EarlyCallback, LateCallbacks, NoCallbacks, ReverseCallbacks};
        matches!(
            self,
            AsyncFail | DuplicateCallbacks | ReverseCallbacks | LateCallbacks | EarlyCallback | NoCallbacks
        )
    }

    fn is_about_reading(self) -> bool {
        matches!(self, Self::ListError | Self::ReadRateLimit)
    }

    /// Whether it concerns e-mail, not texts.
    pub(crate) fn is_about_mail(self) -> bool {
        use FaultKind::{MailBusy, MailCut, MailRefuse, MailRefuseAfter, MailSlow, MailUnanswered};
        self.is_about_reports()
            || matches!(
                self,
                MailBusy | MailRefuse | MailRefuseAfter | MailUnanswered | MailCut | MailSlow
            )
    }

    /// Whether it concerns what comes back about an e-mail that was taken.
    pub(crate) fn is_about_reports(self) -> bool {
        matches!(self, Self::MailBounce | Self::MailDelay | Self::MailComplaint)
    }

    fn is_before_storing(self) -> bool {
        matches!(self, Self::Refuse | Self::RateLimit | Self::ErrorBefore | Self::TimeoutBefore)
    }
}

/// A fault that waits for the next creates. One create meets at most one fault of its answer (the one armed first), and, if the message is
/// stored, one of each kind that concerns its callbacks. Faults of e-mail wait for the next mails in the same way: one for each connection,
/// one for each recipient, one for each mail when its text comes, and one when it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// For how many more creates.
    #[serde(default = "one")]
    pub count: u32,
    /// Only for creates, or mails, to this address.
    #[serde(default)]
    pub to: Option<String>,
    /// Twilio's error code, for `refuse` and `async_fail`; the mail server's, from 400 to 599, for `mail_refuse` and `mail_refuse_after`.
    #[serde(default)]
    pub code: Option<i32>,
    /// The mail server's enhanced code, such as `5.7.1`; what usually goes with `code` if not given.
    #[serde(default)]
    pub status: Option<String>,
    /// Milliseconds, for `timeout`, `timeout_before`, `store_late`, `late_callbacks` and `mail_slow`; 1,000 if not given.
    #[serde(default)]
    pub ms: Option<u64>,
    /// How many copies, for `duplicate_callbacks`.
    #[serde(default)]
    pub times: Option<u32>,
}

fn one() -> u32 {
    1
}

impl Fault {
    /// For the next create, to whomever.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            count: 1,
            to: None,
            code: None,
            status: None,
            ms: None,
            times: None,
        }
    }

    /// For the next `count` creates.
    #[must_use]
    pub fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Only for creates to this address.
    #[must_use]
    pub fn to(mut self, to: impl Into<String>) -> Self {
        self.to = Some(to.into());
        self
    }

    /// With Twilio's error code, or the mail server's.
    #[must_use]
    pub fn code(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// With the mail server's enhanced code.
    #[must_use]
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// With a duration in milliseconds.
    #[must_use]
    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = Some(ms);
        self
    }

    /// With a number of copies.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(1000))
    }

    fn concerns(&self, to: &str) -> bool {
        self.count > 0 && self.to.as_deref().is_none_or(|only| only == to)
    }

    fn concerns_mail(&self, to: &[String]) -> bool {
        let only = self.to.as_deref();
        self.count > 0 && only.is_none_or(|only| to.iter().any(|to| to.eq_ignore_ascii_case(only)))
    }
}

/// How the callbacks of one message will go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub fail: Option<i32>,
    pub copies: u32,
    pub reversed: bool,
    pub late: Duration,
    pub early: bool,
    pub silent: bool,
}

/// The armed faults, first armed first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Armed(Vec<Fault>);

impl Armed {
    pub fn arm(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    pub fn clear(&mut self, these: impl Fn(FaultKind) -> bool) {
        self.0.retain(|fault| !these(fault.kind));
    }

    /// Uses up one count of a fault of this kind, which meets a reading.
    pub fn take_reading(&mut self, kind: FaultKind) -> Option<Fault> {
        self.take_where(|fault| fault.kind == kind && fault.count > 0)
    }

    /// Uses up one count of the first fault of these kinds that meets a mail to these addresses.
    pub fn take_mail(&mut self, to: &[String], kinds: &[FaultKind]) -> Option<Fault> {
        self.take_where(|fault| kinds.contains(&fault.kind) && fault.concerns_mail(to))
    }

    /// Uses up one count of the fault that meets the answer to something that is no message, and so has no callbacks.
    pub fn take_answer(&mut self, to: &str) -> Option<Fault> {
        self.take_first(to, |kind| {
            !kind.is_about_callbacks() && !kind.is_about_reading() && !kind.is_about_mail()
        })
    }

    /// Uses up one count of the fault that meets this create's answer, and, if the message will be stored, of those that meet its
    /// callbacks.
    pub fn take(&mut self, to: &str) -> (Option<Fault>, Plan) {
        let answer = self.take_answer(to);
        let mut plan = Plan {
            copies: 1,
            ..Plan::default()
        };
        if answer.as_ref().is_none_or(|fault| !fault.kind.is_before_storing()) {
            self.take_plan(to, &mut plan);
        }
        (answer, plan)
    }

    fn take_plan(&mut self, to: &str, plan: &mut Plan) {
        use FaultKind::{AsyncFail, DuplicateCallbacks, EarlyCallback, LateCallbacks, NoCallbacks, ReverseCallbacks};
        plan.fail = self.take_first(to, |k| k == AsyncFail).map(|f| f.code.unwrap_or(30008));
        plan.copies = self
            .take_first(to, |k| k == DuplicateCallbacks)
            .map_or(1, |f| f.times.unwrap_or(2));
        plan.reversed = self.take_first(to, |k| k == ReverseCallbacks).is_some();
        plan.late = self
            .take_first(to, |k| k == LateCallbacks)
            .map_or(Duration::ZERO, |f| f.wait());
        plan.early = self.take_first(to, |k| k == EarlyCallback).is_some();
        plan.silent = self.take_first(to, |k| k == NoCallbacks).is_some();
    }

    fn take_first(&mut self, to: &str, wanted: impl Fn(FaultKind) -> bool) -> Option<Fault> {
        self.take_where(|fault| wanted(fault.kind) && fault.concerns(to))
    }

    fn take_where(&mut self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let at = self.0.iter().position(wanted)?;
        let fault = self.0[at].clone();
        self.0[at].count -= 1;
        self.0.retain(|fault| fault.count > 0);
        Some(fault)
    }
}
