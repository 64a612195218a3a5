//! What a mail server says of a mail that it could not deliver (RFC 3464), and a provider of one that was complained about (RFC 5965).

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

/// Headers of the report that say at which address of ours it arrived.
const ARRIVED_AT: [&str; 5] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"];

/// A report is a few kilobytes, with a few parts; in more than that nobody looks.
const MOST_PARTS: usize = 30;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// Addresses that may be the one which its mail was sent from.
    pub addresses: Vec<String>,
    pub said: Said,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It was not delivered and will not be: the enhanced status, as in `5.1.1`, and what the other server said.
    Failed { status: String, detail: String },
    /// Who got it says that they do not want it.
    Abuse,
    /// That it takes longer, that it was passed on: nothing has been decided.
    Nothing,
}

/// Reads a report; none for a mail that is none.
pub(super) fn read(raw: &[u8]) -> Option<Report> {
    let message = MessageParser::new().with_mime_headers().default_header_text().parse(raw)?;
    let parts = message.parts.iter().take(MOST_PARTS);
    let of_kind = |kind: &'static str| parts.clone().find(move |part| is(part, kind));
    let mut addresses: Vec<String> = ARRIVED_AT.iter().flat_map(|name| header(&message, name)).collect();
    let said = if let Some(part) = of_kind("delivery-status") {
        delivery(&fields(&text(part)))
    } else if let Some(part) = of_kind("feedback-report") {
        let groups = fields(&text(part));
        addresses.extend(value(groups.concat().as_slice(), "original-mail-from"));
        feedback(&groups.concat())
    } else {
        return None;
    };
    addresses.extend(returned(&message));
    Some(Report { addresses, said })
}

fn is(part: &MessagePart<'_>, subtype: &str) -> bool {
    let kind = part.content_type();
    kind.is_some_and(|kind| kind.ctype() == "message" && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case(subtype)))
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

/// Where the mail that is reported of said that it comes from: whole, or its headers alone.
fn returned(report: &Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for part in report.parts.iter().take(MOST_PARTS) {
        match &part.body {
            PartType::Message(inner) => found.extend(header(inner, "return-path")),
            _ if part
                .content_type()
                .is_some_and(|kind| kind.subtype() == Some("rfc822-headers")) =>
            {
                found.extend(value(&fields(&text(part)).concat(), "return-path"));
            }
            _ => {}
        }
    }
    found
}

/// Addresses in a header, which may be there more than once.
fn header(message: &Message<'_>, name: &str) -> Vec<String> {
    let raw = message.headers_raw().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    raw.flat_map(|(_, text)| bare(text)).collect()
}

/// The addresses in a text like `A <a@x.test>, b@x.test`.
fn bare(text: &str) -> Vec<String> {
    let words = text.split([',', ' ', '\t', '\r', '\n', ';', '<', '>', '"']);
    words.filter(|word| word.contains('@')).map(str::to_owned).collect()
}

type Field = (String, String);

/// Groups of `Name: value`, with empty lines between them; a line that begins with a space goes on with the one before.
fn fields(text: &str) -> Vec<Vec<Field>> {
    let mut groups: Vec<Vec<Field>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn value(group: &[Field], name: &str) -> Option<String> {
    group.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// One of our mails has one recipient, so the first that is told of is that one.
fn delivery(groups: &[Vec<Field>]) -> Said {
    let Some(group) = groups.iter().find(|group| value(group, "action").is_some()) else {
        return Said::Nothing;
    };
    let action = value(group, "action").unwrap_or_default().to_ascii_lowercase();
    let status = value(group, "status").unwrap_or_default();
    let status = status.split([' ', '(']).next().unwrap_or_default().to_owned();
    // "failed" with a status that says it may work later is what some say of a full mailbox in the end.
    if action != "failed" || !status.starts_with(['4', '5']) {
        return Said::Nothing;
    }
    let diagnostic = value(group, "diagnostic-code").unwrap_or_default();
    let detail = diagnostic
        .split_once(';')
        .map_or(diagnostic.as_str(), |(_, said)| said.trim());
    Said::Failed {
        status,
        detail: detail.to_owned(),
    }
}

fn feedback(fields: &[Field]) -> Said {
    match value(fields, "feedback-type")
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("abuse" | "opt-out" | "opt-out-list") => Said::Abuse,
        _ => Said::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "bounce+0193@mail.example.com";

    fn file(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/bounces/{name}.eml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        text.replace("{from}", OURS).replace("{to}", "ann@x.test").into_bytes()
    }

    fn said(name: &str) -> Said {
        read(&file(name)).unwrap_or_else(|| panic!("{name} is a report")).said
    }

    fn failed(status: &str, detail: &str) -> Said {
        Said::Failed {
            status: status.to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn reports_of_several_servers_are_read() {
        for (name, expected) in [
            (
                "postfix_no_such_user",
                failed("5.1.1", "550 5.1.1 <ann@x.test>: Recipient address rejected: User unknown"),
            ),
            ("exchange_full", failed("5.2.2", "550 5.2.2 Mailbox full")),
            ("policy", failed("5.7.26", "550 5.7.26 This mail is unauthenticated")),
            ("delayed", Said::Nothing),
            ("abuse", Said::Abuse),
        ] {
            assert_eq!(said(name), expected, "{name}");
            let addresses = read(&file(name)).map(|report| report.addresses).unwrap_or_default();
            assert!(addresses.iter().any(|address| address == OURS), "{name}: {addresses:?}");
        }
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        for raw in [
            &b""[..],
            b"Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
            b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x--\r\n",
            b"\xff\xfe\x00\x01",
        ] {
            assert_eq!(read(raw), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_nothing_breaks(raw in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            let _ = read(&raw);
            let mut report = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n".to_vec();
            report.extend(&raw);
            let _ = read(&report);
        }
    }
}
