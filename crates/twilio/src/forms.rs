//! What Twilio posts to our webhooks, typed (docs/twilio.md §3 and §6).
//!
//! Parsing is tolerant of what Twilio may add (unknown parameters are skipped, of a repeated one the first counts) and strict about what
//! everything else hangs on: the ids and the two addresses. U+0000 is dropped from every value, because no database column takes it. Check
//! the [signature](crate::signature) over the raw bytes first.

mod whatsapp;

pub use whatsapp::{InboundDetails, Location, Media, StatusDetails};

/// Longest address (`From`, `To`) taken, in bytes.
const MAX_ADDRESS: usize = 256;
/// Longest `Body` taken, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Why a form could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not text once percent-decoded.
    #[error("the request is not a form in UTF-8")]
    NotAForm,
    /// A parameter that Twilio always sends is absent or empty.
    #[error("the form has no {0}")]
    Missing(&'static str),
    /// A parameter is longer than anything Twilio sends.
    #[error("the form's {0} is too long")]
    TooLong(&'static str),
    /// A parameter does not have the shape it always has.
    #[error("the form's {0} does not look like Twilio's")]
    Bad(&'static str),
}

/// A text from a person (docs/twilio.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// `SM…` or `MM…`; the same on every delivery of the same message.
    pub message_sid: String,
    /// `AC…` of the account that owns the number.
    pub account_sid: String,
    /// `MG…` when the number is in a Messaging Service.
    pub messaging_service_sid: Option<String>,
    /// The person: `+E164`, a short code, or `whatsapp:` + number or user id.
    pub from: String,
    /// Our number, in the same shapes.
    pub to: String,
    /// The text; empty when there is only media.
    pub body: String,
    /// Count of attachments.
    pub num_media: u32,
    /// Count of SMS segments.
    pub num_segments: u32,
    /// `STOP`, `START` or `HELP` when Advanced Opt-Out has handled (and answered) the text.
    pub opt_out_type: Option<String>,
    /// The message of ours that the person replied to (WhatsApp).
    pub original_replied_message_sid: Option<String>,
    /// Id of the tapped quick-reply button (WhatsApp).
    pub button_payload: Option<String>,
    /// The person's own name for themselves (WhatsApp).
    pub profile_name: Option<String>,
    /// What WhatsApp says beside it.
    pub details: InboundDetails,
}

/// News of a message we sent (docs/twilio.md §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `SM…` or `MM…`.
    pub message_sid: String,
    /// `AC…` of the sending account.
    pub account_sid: String,
    /// Twilio's word in lower case, such as `delivered`; words unknown to us occur.
    pub message_status: String,
    /// Twilio's error code when it failed; see [`crate::errors`].
    pub error_code: Option<i32>,
    /// Twilio's own text to the code.
    pub error_message: Option<String>,
    /// Our number.
    pub from: Option<String>,
    /// The person.
    pub to: Option<String>,
    /// What WhatsApp says beside it.
    pub details: StatusDetails,
}

impl Inbound {
    /// Reads the raw body of an inbound-message webhook.
    ///
    /// # Errors
    /// [`Malformed`] when the ids or addresses are not there or not in shape, or a number is not one.
    pub fn parse(raw: &[u8]) -> Result<Self, Malformed> {
        let form = Form::parse(raw)?;
        let num_media = form.count("NumMedia", 0)?;
        Ok(Self {
            message_sid: form.message_sid()?,
            account_sid: form.account_sid()?,
            messaging_service_sid: form.optional("MessagingServiceSid"),
            from: form.address("From")?,
            to: form.address("To")?,
            body: form.body()?,
            num_media,
            num_segments: form.count("NumSegments", 1)?,
            opt_out_type: form.optional("OptOutType").map(|word| word.to_ascii_uppercase()),
            original_replied_message_sid: form.optional("OriginalRepliedMessageSid"),
            button_payload: form.optional("ButtonPayload"),
            profile_name: form.optional("ProfileName"),
            details: InboundDetails::read(&form, num_media),
        })
    }
}

impl Status {
    /// Reads the raw body of a status callback.
    ///
    /// # Errors
    /// [`Malformed`] when an id or the status is not there or not in shape, or the error code is not a number.
    pub fn parse(raw: &[u8]) -> Result<Self, Malformed> {
        let form = Form::parse(raw)?;
        Ok(Self {
            message_sid: form.message_sid()?,
            account_sid: form.account_sid()?,
            message_status: form.status()?,
            error_code: form.error_code()?,
            error_message: form.optional("ErrorMessage"),
            from: form.optional("From"),
            to: form.optional("To"),
            details: StatusDetails::read(&form),
        })
    }
}

/// The account a webhook says it comes from. Nothing has shown yet that it does: this tells whose token the signature is to be checked
/// with.
#[must_use]
pub fn claimed_account(raw: &[u8]) -> Option<String> {
    Form::parse(raw).ok()?.account_sid().ok()
}

/// Decoded names and values in the order they came.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(raw: &[u8]) -> Result<Self, Malformed> {
        let pairs = raw.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
                Ok((decode(&pair[..at])?, decode(pair.get(at + 1..).unwrap_or_default())?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.get(name).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn required(&self, name: &'static str) -> Result<String, Malformed> {
        self.optional(name).ok_or(Malformed::Missing(name))
    }

    fn message_sid(&self) -> Result<String, Malformed> {
        let sid = self.required("MessageSid")?;
        if is_sid(&sid, &["SM", "MM"]) {
            Ok(sid)
        } else {
            Err(Malformed::Bad("MessageSid"))
        }
    }

    fn account_sid(&self) -> Result<String, Malformed> {
        let sid = self.required("AccountSid")?;
        if is_sid(&sid, &["AC"]) {
            Ok(sid)
        } else {
            Err(Malformed::Bad("AccountSid"))
        }
    }

    fn address(&self, name: &'static str) -> Result<String, Malformed> {
        let address = self.required(name)?;
        if address.len() > MAX_ADDRESS {
            Err(Malformed::TooLong(name))
        } else {
            Ok(address)
        }
    }

    fn body(&self) -> Result<String, Malformed> {
        let body = self.get("Body").unwrap_or_default();
        if body.len() > MAX_BODY {
            Err(Malformed::TooLong("Body"))
        } else {
            Ok(body.to_owned())
        }
    }

    fn count(&self, name: &'static str, absent: u32) -> Result<u32, Malformed> {
        self.optional(name)
            .map_or(Ok(absent), |n| n.parse().map_err(|_| Malformed::Bad(name)))
    }

    fn status(&self) -> Result<String, Malformed> {
        let status = self.required("MessageStatus")?.to_ascii_lowercase();
        let word = status.len() <= 40 && status.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-'));
        if word {
            Ok(status)
        } else {
            Err(Malformed::Bad("MessageStatus"))
        }
    }

    fn error_code(&self) -> Result<Option<i32>, Malformed> {
        let code = self
            .optional("ErrorCode")
            .map(|c| c.parse().map_err(|_| Malformed::Bad("ErrorCode")))
            .transpose()?;
        Ok(code.filter(|c| *c != 0))
    }
}

/// One of the prefixes and letters or digits behind it. Twilio writes 32 hexadecimal digits; others who speak its API (test doubles,
/// compatible carriers) write what they like, so only the prefix and a bound are asked for.
#[must_use]
pub fn is_sid(text: &str, prefixes: &[&str]) -> bool {
    (3..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && prefixes
            .iter()
            .any(|prefix| text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// `+` is a space, `%XX` a byte, a `%` without two digits itself; then UTF-8 without U+0000.
fn decode(piece: &[u8]) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, next) = match (first, hex_pair(tail)) {
            (b'%', Some(byte)) => (byte, &tail[2..]),
            (b'+', _) => (b' ', tail),
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = next;
    }
    bytes.retain(|b| *b != 0);
    String::from_utf8(bytes).map_err(|_| Malformed::NotAForm)
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| {
        text.get(at)
            .and_then(|b| char::from(*b).to_digit(16))
            .and_then(|d| u8::try_from(d).ok())
    };
    Some(digit(0)? * 16 + digit(1)?)
}
