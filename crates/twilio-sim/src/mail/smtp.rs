//! A mail server without TLS that takes everything, as far as no fault says otherwise.

use std::io;
use std::slice::Iter;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver, LineReceiver, RequestReceiver};
use smtp_proto::{
    AUTH_PLAIN, EXT_8BIT_MIME, EXT_AUTH, EXT_ENHANCED_STATUS_CODES, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EhloResponse, Error,
    MailFrom, Request,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::reports::{self, Report, is_status};
use crate::faults::{Fault, FaultKind};
use crate::mailbox::SimMail;
use crate::shared::Shared;

/// The largest mail that is taken, in bytes.
const MAX_SIZE: usize = 10 * 1024 * 1024;
/// The longest line of a mail (RFC 5322); mail servers on the way may break or refuse a longer one.
const MAX_LINE: usize = 998;
/// The most recipients of a mail.
const MAX_RECIPIENTS: usize = 100;
/// The most sessions at once.
const MAX_SESSIONS: usize = 200;
/// What the server calls itself.
const NAME: &str = "sim.invalid";

/// Takes mail until the simulator is dropped. A session in which nothing is said for `idle` is closed.
pub(crate) async fn listen(shared: Arc<Shared>, listener: TcpListener, idle: Duration) {
    let mut listener = listener;
    let places = Arc::new(Semaphore::new(MAX_SESSIONS));
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        let place = Arc::clone(&places).try_acquire_owned();
        let session = Session {
            shared: Arc::clone(&shared),
            stream,
            idle,
            greeted: false,
            from: None,
            to: Vec::new(),
        };
        shared.spawn(async move {
            let ended = match place {
                Ok(_place) => session.run().await,
                Err(_) => session.turn_away().await,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a mail session broke off");
            }
        });
    }
}

struct Session {
    shared: Arc<Shared>,
    stream: TcpStream,
    idle: Duration,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// What the next bytes are.
enum Reading {
    Commands,
    /// The answer to the 334 of `AUTH`.
    Password(LineReceiver<()>),
    Mail(Incoming),
    /// None any more: the session ends.
    Nothing,
}

impl Session {
    async fn turn_away(mut self) -> io::Result<()> {
        self.say("421 4.3.2 Too many sessions at once").await
    }

    async fn run(mut self) -> io::Result<()> {
        if self.fault(&[], &[FaultKind::MailBusy]).is_some() {
            return self.say("421 4.3.2 Busy, by a fault").await;
        }
        self.say(&format!("220 {NAME} ESMTP")).await?;
        let mut reading = Reading::Commands;
        let mut requests = RequestReceiver::default();
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let Ok(size) = timeout(self.idle, self.stream.read(&mut chunk)).await else {
                return self.say("421 4.4.2 Nothing was said for too long").await;
            };
            let size = size?;
            if size == 0 {
                return Ok(());
            }
            let mut bytes = chunk[..size].iter();
            while bytes.len() > 0 {
                reading = self.take(reading, &mut requests, &mut bytes).await?;
                if matches!(reading, Reading::Nothing) {
                    return Ok(());
                }
            }
        }
    }

    /// Takes what belongs together from the bytes; says what comes next.
    async fn take(&mut self, reading: Reading, requests: &mut RequestReceiver, bytes: &mut Iter<'_, u8>) -> io::Result<Reading> {
        match reading {
            Reading::Commands => match requests.ingest(bytes).map(Request::into_owned) {
                Ok(request) => self.command(request).await,
                Err(Error::NeedsMoreData { .. }) => Ok(Reading::Commands),
                Err(error) => self.not_understood(&error).await,
            },
            Reading::Password(mut line) => match line.ingest(bytes) {
                true => self.signed_in().await,
                false => Ok(Reading::Password(line)),
            },
            Reading::Mail(incoming) if incoming.is_cut() => Ok(Reading::Nothing),
            Reading::Mail(mut incoming) => match incoming.ingest(bytes) {
                true => self.end_of_mail(incoming).await,
                false => Ok(Reading::Mail(incoming)),
            },
            Reading::Nothing => Ok(Reading::Nothing),
        }
    }

    async fn command(&mut self, request: Request<String>) -> io::Result<Reading> {
        match request {
            Request::Ehlo { .. } => self.greet().await,
            Request::Helo { .. } => {
                self.greeted = true;
                self.go_on(&format!("250 {NAME}")).await
            }
            Request::Auth { mechanism, .. } if mechanism != AUTH_PLAIN => self.go_on("504 5.5.4 Only AUTH PLAIN is known").await,
            Request::Auth { initial_response, .. } if initial_response.is_empty() => {
                self.say("334 ").await?;
                Ok(Reading::Password(LineReceiver::default()))
            }
            Request::Auth { .. } => self.signed_in().await,
            Request::Mail { from } => self.sender(from).await,
            Request::Rcpt { to } => self.recipient(to.address).await,
            Request::Data => self.begin_mail().await,
            Request::Rset => {
                self.forget();
                self.go_on("250 2.0.0 Forgotten").await
            }
            Request::Noop { .. } => self.go_on("250 2.0.0 Here").await,
            Request::Vrfy { .. } => self.go_on("252 2.1.5 Try it").await,
            Request::Quit => {
                self.say("221 2.0.0 Goodbye").await?;
                Ok(Reading::Nothing)
            }
            other => self.go_on(&format!("502 5.5.1 {} is not known here", other.name())).await,
        }
    }

    async fn not_understood(&mut self, error: &Error) -> io::Result<Reading> {
        let answer = match error {
            Error::InvalidSenderAddress => "501 5.1.7 That is no sender's address".to_owned(),
            Error::InvalidRecipientAddress => "501 5.1.3 That is no recipient's address".to_owned(),
            Error::SyntaxError { syntax } => format!("501 5.5.2 Expected: {syntax}"),
            Error::InvalidParameter { param } => format!("501 5.5.4 Not understood: {param}"),
            Error::UnsupportedParameter { param } => {
                let printable: String = param.chars().filter(char::is_ascii_graphic).take(40).collect();
                format!("555 5.5.4 Not known here: {printable}")
            }
            // Where the next command begins is not known any more.
            Error::ResponseTooLong => {
                self.say("500 5.5.2 Line too long").await?;
                return Ok(Reading::Nothing);
            }
            _ => "500 5.5.1 Not understood".to_owned(),
        };
        self.go_on(&answer).await
    }

    async fn greet(&mut self) -> io::Result<Reading> {
        self.greeted = true;
        self.forget();
        let mut answer = Vec::new();
        let mut extensions = EhloResponse::new(NAME);
        extensions.capabilities =
            EXT_SIZE | EXT_8BIT_MIME | EXT_SMTP_UTF8 | EXT_ENHANCED_STATUS_CODES | EXT_PIPELINING | EXT_AUTH;
        extensions.auth_mechanisms = AUTH_PLAIN;
        extensions.size = MAX_SIZE;
        extensions.write(&mut answer)?;
        self.stream.write_all(&answer).await?;
        Ok(Reading::Commands)
    }

    async fn signed_in(&mut self) -> io::Result<Reading> {
        self.go_on("235 2.7.0 Any name and password will do").await
    }

    async fn sender(&mut self, from: MailFrom<String>) -> io::Result<Reading> {
        if !self.greeted {
            return self.go_on("503 5.5.1 EHLO first").await;
        }
        if self.from.is_some() {
            return self.go_on("503 5.5.1 There is a sender already").await;
        }
        if from.size > MAX_SIZE {
            return self.go_on(TOO_LARGE).await;
        }
        self.from = Some(from.address);
        self.go_on("250 2.1.0 Sender taken").await
    }

    async fn recipient(&mut self, address: String) -> io::Result<Reading> {
        if self.from.is_none() {
            return self.go_on("503 5.5.1 MAIL first").await;
        }
        if self.to.len() == MAX_RECIPIENTS {
            return self.go_on("452 4.5.3 Too many recipients").await;
        }
        let to = std::slice::from_ref(&address);
        if let Some(fault) = self.fault(to, &[FaultKind::MailRefuse]) {
            return self.refuse(&fault, 550, "Recipient refused").await;
        }
        self.to.push(address);
        self.go_on("250 2.1.5 Recipient taken").await
    }

    async fn begin_mail(&mut self) -> io::Result<Reading> {
        if self.to.is_empty() {
            return self.go_on("503 5.5.1 RCPT first").await;
        }
        let fault = self.fault(
            &self.to,
            &[
                FaultKind::MailCut,
                FaultKind::MailRefuseAfter,
                FaultKind::MailUnanswered,
                FaultKind::MailSlow,
            ],
        );
        self.say("354 Go ahead; a line with only a dot ends it").await?;
        Ok(Reading::Mail(Incoming::new(fault)))
    }

    async fn end_of_mail(&mut self, incoming: Incoming) -> io::Result<Reading> {
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        if let Some(complaint) = incoming.complaint() {
            return self.go_on(complaint).await;
        }
        let fault = incoming.fault.filter(|fault| fault.kind != FaultKind::MailCut);
        if let Some(fault) = fault.as_ref().filter(|fault| fault.kind == FaultKind::MailRefuseAfter) {
            return self.refuse(fault, 554, "Mail refused").await;
        }
        let mail = SimMail::read(from, to, &incoming.raw);
        tracing::info!(to = ?mail.envelope_to, subject = %mail.subject, "mail");
        let to = mail.envelope_to.clone();
        let seq = self.shared.write(|state| state.keep_mail(mail));
        self.report_later(&to, seq);
        match fault {
            Some(fault) if fault.kind == FaultKind::MailUnanswered => return Ok(Reading::Nothing),
            Some(fault) => sleep(fault.wait()).await,
            None => {}
        }
        self.go_on(&format!("250 2.0.0 Kept as {seq}")).await
    }

    /// What comes back about the mail, if something does; not in the same breath.
    fn report_later(&self, to: &[String], seq: u64) {
        let kinds = [FaultKind::MailBounce, FaultKind::MailDelay, FaultKind::MailComplaint];
        let Some(fault) = self.fault(to, &kinds) else { return };
        let shared = Arc::clone(&self.shared);
        self.shared.spawn(async move {
            reports::report(&shared, seq, &Report::of(&fault)).await;
        });
    }

    fn fault(&self, to: &[String], kinds: &[FaultKind]) -> Option<Fault> {
        self.shared.write(|state| state.take_mail_fault(to, kinds))
    }

    /// Answers with the fault's code; a server that says 421 closes.
    async fn refuse(&mut self, fault: &Fault, code: u16, words: &str) -> io::Result<Reading> {
        let chosen = fault.code.and_then(|code| u16::try_from(code).ok());
        let code = chosen.filter(|code| (400..600).contains(code)).unwrap_or(code);
        let status = fault.status.as_deref().filter(|status| is_status(status));
        self.say(&format!(
            "{code} {} {words}, by a fault",
            status.unwrap_or(usual_status(code))
        ))
        .await?;
        Ok(if code == 421 { Reading::Nothing } else { Reading::Commands })
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn go_on(&mut self, line: &str) -> io::Result<Reading> {
        self.say(line).await?;
        Ok(Reading::Commands)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await
    }
}

const TOO_LARGE: &str = "552 5.3.4 Larger than 10 MB";

/// What servers mean by a code when they mean the usual thing by it.
fn usual_status(code: u16) -> &'static str {
    match code {
        421 => "4.3.2",
        450 => "4.2.1",
        452 => "4.2.2",
        550 => "5.1.1",
        552 => "5.2.2",
        553 => "5.1.3",
        554 => "5.7.1",
        400..500 => "4.0.0",
        _ => "5.0.0",
    }
}

/// A mail of which not all is there yet.
struct Incoming {
    fault: Option<Fault>,
    receiver: DataReceiver,
    raw: Vec<u8>,
    /// Takes the place of the receiver when the mail is too large: its end is still to be found.
    rest: Option<DummyDataReceiver>,
}

impl Incoming {
    fn new(fault: Option<Fault>) -> Self {
        let mut receiver = DataReceiver::new();
        // The line break after DATA: without it, a dot that comes at once would not be the end.
        receiver.ingest(&mut b"\r\n".iter(), &mut Vec::new());
        Self {
            fault,
            receiver,
            raw: Vec::new(),
            rest: None,
        }
    }

    fn is_cut(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::MailCut)
    }

    /// Returns whether that was all of it.
    fn ingest(&mut self, bytes: &mut Iter<'_, u8>) -> bool {
        if let Some(rest) = &mut self.rest {
            return rest.ingest(bytes);
        }
        let all = self.receiver.ingest(bytes, &mut self.raw);
        if self.raw.len() > MAX_SIZE {
            self.raw = Vec::new();
            self.rest = Some(DummyDataReceiver::new_data(&self.receiver));
        }
        all
    }

    /// Why a mail can't be taken, whatever the faults say.
    fn complaint(&self) -> Option<&'static str> {
        if self.rest.is_some() {
            return Some(TOO_LARGE);
        }
        let length = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).len();
        let too_long = self.raw.split(|b| *b == b'\n').any(|line| length(line) > MAX_LINE);
        too_long.then_some("554 5.6.0 A line is longer than 998 bytes")
    }
}
