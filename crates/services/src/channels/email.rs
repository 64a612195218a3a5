//! E-MAIL, through a mail server (SMTP). One connection and one recipient for each mail, so that every outcome belongs to one mail.
//!
//! What is known of a mail afterwards depends on how far it came. Before its text is under way nothing was taken, whatever broke; after
//! that only the server's own word counts, and where there is none the mail may or may not have arrived (law 2).

mod answers;
pub(super) mod customers;
mod letter;
mod returns;
mod server;

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use domain::outcome::{Accepted, Outcome};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Attachment, Mailbox, MultiPart,
        dkim::{DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey},
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        client::{AsyncSmtpConnection, Tls},
        commands,
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use answers::Step;
pub(super) use answers::failed;
pub(crate) use answers::of_address as is_dead;
pub use letter::Letter;
use returns::Returns;
use server::Server;

/// Whoever hands a mail over hears what became of it within this time.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// What is signed of a mail, besides its text: of what it does not have, that it has none.
const SIGNED: [&str; 11] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Saying goodbye is polite and changes nothing.
const GOODBYE: Duration = Duration::from_secs(2);

/// A mail server, and who its mail is from.
pub struct Email {
    server: Server,
    from: Mailbox,
    timeout: Duration,
    /// Who vouches for what we send.
    dkim: Option<DkimConfig>,
    /// Where what can't be delivered comes back to.
    returns: Option<Returns>,
}

/// A mail as it is to be handed over.
pub struct Mail<'a> {
    /// Ours; it is the name in its Message-ID, the same however often it is tried.
    pub id: Uuid,
    pub to: &'a str,
    pub reply_to: Option<&'a str>,
    pub subject: &'a str,
    pub letter: &'a Letter,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Where who gets it can end that, for mail to customers.
    pub unsubscribe: Option<&'a str>,
    /// Whose mail it is, where that is not the installation.
    pub from: Option<&'a str>,
    /// As HTML calls it.
    pub language: &'static str,
    /// A calendar file that comes with it.
    pub calendar: Option<&'a str>,
}

impl Email {
    /// `url` is `smtp://` or `smtps://` with host, port, user and password; `from` is like `Showup <no-reply@example.com>`.
    ///
    /// # Errors
    /// A sentence for the operator, without what is secret in `url`.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, String> {
        let server = Server::read(url).map_err(|why| format!("SMTP_URL: {why}"))?;
        let from = from.trim();
        if from.is_empty() {
            return Err("MAIL_FROM: give the sender of e-mails, as in Showup <no-reply@example.com>.".to_owned());
        }
        let from = from
            .parse()
            .map_err(|_| format!("MAIL_FROM: {from:?} is no sender; write it as in Showup <no-reply@example.com>."))?;
        Ok(Self {
            server,
            from,
            timeout: TIMEOUT,
            dkim: None,
            returns: None,
        })
    }

    /// With a signature (DKIM) for the domain: `key` is an RSA key in PEM (PKCS#1), or the 32 bytes of an Ed25519 key in Base64.
    ///
    /// # Errors
    /// A sentence for the operator, without the key.
    pub fn signing(self, selector: &str, domain: &str, key: &SecretString) -> Result<Self, String> {
        let name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !name(selector) || !name(domain) {
            return Err("DKIM_SELECTOR and DKIM_DOMAIN: give both, as in 2027 and example.com.".to_owned());
        }
        let key = key.expose_secret().trim();
        let algorithm = if key.starts_with("-----BEGIN") {
            DkimSigningAlgorithm::Rsa
        } else {
            DkimSigningAlgorithm::Ed25519
        };
        let read = DkimSigningKey::new(key, algorithm).map_err(|_| {
            "DKIM_KEY: it is neither an RSA key that begins with -----BEGIN RSA PRIVATE KEY----- nor an Ed25519 key in Base64.".to_owned()
        })?;
        Ok(Self {
            dkim: Some(signature(selector, domain, read)),
            ..self
        })
    }

    /// With an address that what can't be delivered comes back to, each mail at one of its own; who hands it to us knows the secret.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn returning_to(self, address: &str, secret: &SecretString) -> Result<Self, String> {
        Ok(Self {
            returns: Some(Returns::new(address, secret)?),
            ..self
        })
    }

    /// Where mail comes back to, if that is set up.
    pub(crate) fn returns(&self) -> Option<&Returns> {
        self.returns.as_ref()
    }

    /// For tests, which do not wait so long for what never comes.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Who mail is from, as people see it.
    pub fn from(&self) -> String {
        self.from.to_string()
    }

    /// Hands a mail over, once.
    pub async fn send(&self, mail: &Mail<'_>) -> Outcome {
        let to = match mail.to.parse::<Address>() {
            Ok(to) => to,
            Err(_) => return answers::no_address(),
        };
        let (envelope, raw) = match self.written(mail, to.clone()) {
            Ok(written) => written,
            Err(cause) => return answers::not_writable(&cause),
        };
        let mut step = Step::Connect;
        let calling = tokio::time::timeout(self.timeout, self.hand_over(&envelope, &raw, &mut step)).await;
        let outcome = match calling {
            Ok(Ok((connection, _))) => {
                goodbye(connection).await;
                Outcome::Accepted(Accepted {
                    // The server's name for it means nothing anywhere else; ours is the Message-ID.
                    provider_id: None,
                    account: None,
                    said: String::new(),
                    status: None,
                    error_code: None,
                    segments: None,
                })
            }
            Ok(Err(error)) => answers::outcome(step, &error, mail.to),
            Err(_) => answers::no_answer(step),
        };
        let reply = match &outcome {
            Outcome::Refused { reply, .. } | Outcome::TryLater { reply, .. } | Outcome::Unknown { reply, .. } => *reply,
            Outcome::Accepted(_) => Some(250),
        };
        tracing::info!(mail = %mail.id, ?step, reply, taken = matches!(outcome, Outcome::Accepted(_)), "mail handed over");
        outcome
    }

    /// Whether the mail server answers and knows us; no mail is sent.
    ///
    /// # Errors
    /// What is wrong, in a sentence, and what to do about it.
    pub async fn check(&self) -> Result<(), (String, String)> {
        let mut step = Step::Connect;
        let outcome = match tokio::time::timeout(self.timeout, self.connect(&mut step)).await {
            Ok(Ok(connection)) => {
                goodbye(connection).await;
                return Ok(());
            }
            Ok(Err(error)) => answers::outcome(step, &error, ""),
            Err(_) => answers::no_answer(step),
        };
        match outcome {
            Outcome::Refused { failure, .. } | Outcome::TryLater { failure, .. } => Err((failure.words, failure.next_step)),
            Outcome::Accepted(_) | Outcome::Unknown { .. } => Ok(()),
        }
    }

    /// Host and port, for who sets it up.
    pub fn place(&self) -> String {
        self.server.place()
    }

    async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Error> {
        let (server, hello) = (&self.server, ClientId::default());
        let at_once = match &server.tls {
            Tls::Wrapper(tls) => Some(tls.clone()),
            _ => None,
        };
        let place = (server.host.as_str(), server.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(self.timeout), &hello, at_once, None).await?;
        match &server.tls {
            Tls::Required(tls) => connection.starttls(tls.clone(), &hello).await?,
            Tls::Opportunistic(tls) if connection.can_starttls() => connection.starttls(tls.clone(), &hello).await?,
            _ => {}
        }
        if let Some(credentials) = &server.credentials {
            *step = Step::SignIn;
            connection.auth(server::MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// One command after another, so that `step` tells how far it came.
    async fn hand_over(
        &self,
        envelope: &Envelope,
        raw: &[u8],
        step: &mut Step,
    ) -> Result<(AsyncSmtpConnection, Response), Error> {
        let mut connection = self.connect(step).await?;
        // Everything in the text is written in ASCII, but an address may be in any letters.
        let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let wide = !envelope.to().iter().chain(envelope.from()).all(ascii);
        let wide = wide && connection.server_info().supports_feature(Extension::SmtpUtfEight);
        let parameters = if wide { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
        *step = Step::Sender;
        connection
            .command(commands::Mail::new(envelope.from().cloned(), parameters))
            .await?;
        *step = Step::Recipient;
        for to in envelope.to() {
            connection.command(commands::Rcpt::new(to.clone(), Vec::new())).await?;
        }
        *step = Step::Data;
        connection.command(commands::Data).await?;
        *step = Step::Text;
        let response = connection.message(raw).await?;
        Ok((connection, response))
    }

    fn written(&self, mail: &Mail<'_>, to: Address) -> Result<(Envelope, Vec<u8>), String> {
        let words = |e: lettre::error::Error| e.to_string();
        // What comes back of mail to customers says by its address which it was; mail to staff comes back to whoever runs this.
        let own = self.returns.as_ref().filter(|_| mail.unsubscribe.is_some());
        let back = match own {
            Some(returns) => returns.address(mail.id)?,
            None => self.from.email.clone(),
        };
        let envelope = Envelope::new(Some(back), vec![to.clone()]).map_err(words)?;
        let from = match mail.from {
            Some(name) => Mailbox::new(Some(domain::words::line(name)), self.from.email.clone()),
            None => self.from.clone(),
        };
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .date(SystemTime::from(mail.at))
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            // So that no machine answers to it.
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(reply_to) = mail.reply_to {
            message = message.reply_to(reply_to.parse().map_err(|_| "the address for replies is none".to_owned())?);
        }
        if let Some(url) = mail.unsubscribe {
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let parts = MultiPart::alternative_plain_html(mail.letter.text(), mail.letter.html(mail.language));
        let parts = match mail.calendar {
            Some(file) => {
                let kind = ContentType::parse("text/calendar; method=PUBLISH; charset=utf-8").map_err(|e| e.to_string())?;
                let file = Attachment::new("visit.ics".to_owned()).body(file.to_owned(), kind);
                MultiPart::mixed().multipart(parts).singlepart(file)
            }
            None => parts,
        };
        let mut message = message.multipart(parts).map_err(words)?;
        if let Some(dkim) = &self.dkim {
            message.sign(dkim);
        }
        Ok((envelope, message.formatted()))
    }
}

fn signature(selector: &str, domain: &str, key: DkimSigningKey) -> DkimConfig {
    let headers = SIGNED.iter().map(|name| HeaderName::new_from_ascii_str(name));
    let relaxed = DkimCanonicalization {
        header: DkimCanonicalizationType::Relaxed,
        body: DkimCanonicalizationType::Relaxed,
    };
    DkimConfig::new(selector.to_owned(), domain.to_owned(), key, headers.collect(), relaxed)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

async fn goodbye(mut connection: AsyncSmtpConnection) {
    let _ = tokio::time::timeout(GOODBYE, connection.quit()).await;
}
