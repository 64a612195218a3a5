//! The mails that were taken, and where reports about them go.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use mail_parser::{Header, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde::{Deserialize, Serialize};

/// Mails kept; the oldest goes first.
const MAX_MAILS: usize = 500;
/// Bytes of them kept, as they came.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// A mail as the simulator keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimMail {
    /// Counts up; the order of arrival.
    pub seq: u64,
    /// When it arrived, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// Where a bounce would go: the address of `MAIL FROM`; empty for `<>`.
    pub envelope_from: String,
    /// Whom it was for: the addresses of `RCPT TO`.
    pub envelope_to: Vec<String>,
    /// The subject, readable; empty if there is none.
    pub subject: String,
    /// Names and values in the order of the mail: each value on one line, encoded words readable.
    pub headers: Vec<(String, String)>,
    /// The plain text, if there is one.
    pub text: Option<String>,
    /// The HTML, if there is some.
    pub html: Option<String>,
    /// Whatever else it brings, in its order.
    pub parts: Vec<SimPart>,
    /// The mail as it came.
    pub raw: String,
    /// What was done with it since.
    pub notes: Vec<String>,
}

/// A part of a mail that is neither its plain text nor its HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimPart {
    /// `text/calendar`, without its parameters.
    pub content_type: String,
    /// Its parameters, as `method=PUBLISH`.
    pub parameters: Vec<(String, String)>,
    /// What it is to be called when it is kept.
    pub name: Option<String>,
    /// What it says, if it is a text.
    pub text: Option<String>,
}

/// Where reports are posted, as a provider does that takes in bounces for others; without one they only lie in the mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ReportHook {
    /// The address.
    pub url: String,
    /// Headers that go with it, such as a secret.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

impl SimMail {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it was for this address, in any case.
    #[must_use]
    pub fn is_to(&self, address: &str) -> bool {
        self.envelope_to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }

    /// Reads a mail; it has its number and its time when it is kept.
    pub(super) fn read(envelope_from: String, envelope_to: Vec<String>, raw: &[u8]) -> Self {
        let parser = MessageParser::new().with_mime_headers().default_header_text();
        // None for a mail that is empty or has no header.
        let message = parser.parse(raw);
        let message = message.as_ref();
        let headers = message.map(Message::headers).unwrap_or_default();
        Self {
            seq: 0,
            at: DateTime::UNIX_EPOCH,
            envelope_from,
            envelope_to,
            subject: message.and_then(Message::subject).unwrap_or_default().to_owned(),
            headers: headers.iter().map(|h| (h.name().to_owned(), value(h, raw))).collect(),
            text: message.and_then(|message| {
                first(message, |part| match &part.body {
                    PartType::Text(text) => Some(text),
                    _ => None,
                })
            }),
            html: message.and_then(|message| {
                first(message, |part| match &part.body {
                    PartType::Html(html) => Some(html),
                    _ => None,
                })
            }),
            parts: message
                .map(|message| message.parts.iter().filter_map(other).collect())
                .unwrap_or_default(),
            raw: String::from_utf8_lossy(raw).into_owned(),
            notes: Vec::new(),
        }
    }
}

/// A part that has a kind of its own.
fn other(part: &MessagePart<'_>) -> Option<SimPart> {
    let kind = part.content_type()?;
    let content_type = format!("{}/{}", kind.ctype(), kind.subtype()?).to_ascii_lowercase();
    if kind.ctype().eq_ignore_ascii_case("multipart") || matches!(content_type.as_str(), "text/plain" | "text/html") {
        return None;
    }
    let parameters = kind.attributes().unwrap_or_default().iter();
    Some(SimPart {
        content_type,
        parameters: parameters.map(|one| (one.name.to_string(), one.value.to_string())).collect(),
        name: part.attachment_name().map(str::to_owned),
        text: part.text_contents().map(str::to_owned),
    })
}

/// The parser makes a text of HTML and HTML of a text where one is missing; what was not in the mail is not shown.
fn first<'m>(
    message: &'m Message<'m>,
    wanted: impl Fn(&'m MessagePart<'m>) -> Option<&'m std::borrow::Cow<'m, str>>,
) -> Option<String> {
    let bodies = message.text_body.iter().chain(&message.html_body);
    let mut parts = bodies.filter_map(|at| message.part(*at));
    parts.find_map(wanted).map(|text| text.clone().into_owned())
}

fn value(header: &Header<'_>, raw: &[u8]) -> String {
    if let Some(text) = header.value().as_text() {
        return text.to_owned();
    }
    let (start, end) = (header.offset_start() as usize, header.offset_end() as usize);
    let folded = String::from_utf8_lossy(raw.get(start..end).unwrap_or_default());
    folded.replace("\r\n", "").trim().to_owned()
}

/// The last mails, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    mails: VecDeque<SimMail>,
    bytes: usize,
    next_seq: u64,
}

impl Mailbox {
    pub fn mails(&self) -> &VecDeque<SimMail> {
        &self.mails
    }

    pub fn mail(&self, seq: u64) -> Option<&SimMail> {
        let first = self.mails.front()?.seq;
        self.mails.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// Keeps a mail that arrived at this time; its number.
    pub fn keep(&mut self, mail: SimMail, at: DateTime<Utc>) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.bytes += mail.raw.len();
        self.mails.push_back(SimMail { seq, at, ..mail });
        while self.mails.len() > MAX_MAILS || (self.bytes > MAX_BYTES && self.mails.len() > 1) {
            let gone = self.mails.pop_front();
            self.bytes -= gone.map_or(0, |mail| mail.raw.len());
        }
        seq
    }

    /// Something was done with a mail.
    pub fn note(&mut self, seq: u64, words: String) {
        let first = self.mails.front().map_or(0, |mail| mail.seq);
        let at = seq.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(mail) = at.and_then(|at| self.mails.get_mut(at)) {
            mail.notes.push(words);
        }
    }

    pub fn clear(&mut self) {
        self.mails.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> SimMail {
        SimMail::read(String::new(), Vec::new(), raw.as_bytes())
    }

    #[test]
    fn a_part_that_is_not_there_is_not_made_up() {
        let plain = read("Subject: Hi\r\n\r\nHello\r\n");
        assert_eq!((plain.text.as_deref(), plain.html), (Some("Hello\r\n"), None));
        let html = read("Content-Type: text/html\r\n\r\n<p>Hello</p>");
        assert_eq!((html.text, html.html.as_deref()), (None, Some("<p>Hello</p>")));
    }

    #[test]
    fn headers_are_on_one_line_and_readable() {
        let mail = read(
            "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nX-Long: one\r\n two\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nHello\r\n",
        );
        assert_eq!(mail.subject, "Grüße");
        assert_eq!(mail.header("subject"), Some("Grüße"));
        assert_eq!(mail.header("x-long"), Some("one two"));
        assert_eq!(mail.header("Content-Type"), Some("text/plain; charset=utf-8"));
    }

    #[test]
    fn what_a_mail_brings_beside_its_words_is_listed() {
        let mail = read(
            "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
             --x\r\nContent-Type: text/calendar; method=PUBLISH; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\n--x--\r\n",
        );
        assert_eq!(mail.text.as_deref(), Some("Hello"));
        let [calendar] = &mail.parts[..] else {
            panic!("{:?}", mail.parts)
        };
        assert_eq!(calendar.content_type, "text/calendar");
        assert!(calendar.parameters.contains(&("method".to_owned(), "PUBLISH".to_owned())));
        assert!(
            calendar
                .text
                .as_deref()
                .is_some_and(|text| text.starts_with("BEGIN:VCALENDAR"))
        );
    }

    #[test]
    fn rubbish_is_kept_too() {
        for raw in [
            "",
            "\r\n",
            "no header at all",
            "\u{0}\u{ff}: \r\n\r\n",
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
        ] {
            assert_eq!(read(raw).raw, raw);
        }
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut mailbox = Mailbox::default();
        for n in 0..MAX_MAILS as u64 + 2 {
            assert_eq!(mailbox.keep(read("Subject: Hi\r\n\r\n"), DateTime::UNIX_EPOCH), n);
        }
        assert_eq!(mailbox.mails().len(), MAX_MAILS);
        assert_eq!((mailbox.mail(1), mailbox.mail(2).map(|m| m.seq)), (None, Some(2)));
        for _ in 0..3 {
            let large = SimMail {
                raw: "x".repeat(MAX_BYTES / 2),
                ..read("")
            };
            mailbox.keep(large, DateTime::UNIX_EPOCH);
        }
        assert_eq!(mailbox.mails().len(), 2);
        mailbox.clear();
        assert_eq!((mailbox.mails().len(), mailbox.bytes), (0, 0));
    }
}
