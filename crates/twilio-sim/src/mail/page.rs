//! The page's HTML. Everything that came from outside goes through [`escape`]; a mail's own HTML is only shown in a frame.

use super::one_click;
use super::view::{Line, View};
use crate::faults::FaultKind;
use crate::mailbox::{SimMail, SimPart};
use crate::pages::faults::{Button, Panel};
use crate::pages::{document, escape, links};

/// Characters of a source that the page shows.
const MAX_SOURCE: usize = 100_000;

/// Headers shown, if a mail has them.
const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Reply-To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Content-Type",
];

/// What can go wrong with e-mail.
pub(super) const FAULTS: Panel = Panel {
    page: "/mail",
    nouns: ["mail", "mails"],
    calm: "Nothing is armed: every mail goes through. A fault meets the next mails the business sends.",
    fields: "<label>How many mails<input name=\"count\" type=\"number\" min=\"1\" value=\"1\"></label>\
             <label>Only to<input name=\"to\" type=\"email\" placeholder=\"any address\"></label>\
             <label>Code<input name=\"code\" inputmode=\"numeric\" placeholder=\"550\"></label>\
             <label>Enhanced code<input name=\"status\" placeholder=\"5.1.1\"></label>\
             <label>Wait, in ms<input name=\"ms\" inputmode=\"numeric\" placeholder=\"1000\"></label>",
    buttons: &BUTTONS,
    holds: FaultKind::is_about_mail,
};

const BUTTONS: [Button; 9] = [
    (
        FaultKind::MailRefuse,
        "mail_refuse",
        "Refuse the address",
        "Answer the recipient with the code (550); not taken",
    ),
    (
        FaultKind::MailRefuseAfter,
        "mail_refuse_after",
        "Refuse the mail",
        "Answer the finished mail with the code (554); not taken",
    ),
    (
        FaultKind::MailUnanswered,
        "mail_unanswered",
        "Cut line, but taken",
        "Take the mail, but close the connection without an answer",
    ),
    (
        FaultKind::MailCut,
        "mail_cut",
        "Cut line, not taken",
        "Close the connection in the middle of the mail; not taken",
    ),
    (
        FaultKind::MailSlow,
        "mail_slow",
        "Slow, but taken",
        "Take the mail, but answer only after the wait",
    ),
    (
        FaultKind::MailBusy,
        "mail_busy",
        "Busy",
        "Greet the next connection with 421; leave “Only to” empty",
    ),
    (
        FaultKind::MailBounce,
        "mail_bounce",
        "Comes back",
        "Take the mail, then report it as undeliverable (5.1.1)",
    ),
    (
        FaultKind::MailDelay,
        "mail_delay",
        "Is late",
        "Take the mail, then report that it is still on its way (4.4.1)",
    ),
    (
        FaultKind::MailComplaint,
        "mail_complaint",
        "Complaint",
        "Take the mail, then report that its reader called it spam",
    ),
];

/// The whole page: the list, and, if one was asked for, a mail beside it.
pub(super) fn page(view: &View, asked: bool) -> String {
    let open = view.open.as_ref();
    let body = format!(
        "<header class=\"top\"><div><h1>Mail</h1><p class=\"lead\"><strong>This is a simulator.</strong> \
         These are the e-mails your app sent, as a pretended mail server took them. No e-mail leaves this machine.</p></div>{}</header>\
         <aside class=\"panels\" aria-label=\"Tools\">{}</aside>\
         <main class=\"mail{}\"><section class=\"mails\" aria-labelledby=\"count\"><h2 id=\"count\" aria-live=\"polite\">{}</h2>\
         <ol id=\"mails\">{}</ol><p id=\"footnote\" class=\"muted\">{}</p></section>{}</main>",
        links("/mail"),
        FAULTS.html(&view.faults),
        if asked { " reading" } else { "" },
        count(view.lines.len()),
        view.lines
            .iter()
            .map(|l| line(l, open.is_some_and(|mail| mail.seq == l.seq)))
            .collect::<String>(),
        footnote(view),
        open.map_or_else(|| nothing(asked), mail),
    );
    document("Mail", &body)
}

/// For a form that could not be understood.
pub(super) fn refusal() -> String {
    let body =
        "<main><h1>That did not work</h1><p>A fault needs its kind.</p><p><a href=\"/mail\">Back to the mail</a></p></main>";
    document("Not understood", body)
}

fn count(mails: usize) -> String {
    match mails {
        0 => "No mail yet".to_owned(),
        1 => "1 mail".to_owned(),
        n => format!("{n} mails"),
    }
}

fn footnote(view: &View) -> &'static str {
    if view.lines.is_empty() {
        "Whatever e-mail your app sends appears here at once: reminders, confirmations, invitations."
    } else {
        ""
    }
}

fn line(line: &Line, current: bool) -> String {
    format!(
        "<li id=\"mail-{0}\"><a href=\"/mail/{0}\"{1}><b>{2}</b><span>{3}</span>{4}</a></li>",
        line.seq,
        if current { " aria-current=\"true\"" } else { "" },
        escape(subject(&line.subject)),
        escape(&line.to),
        time(line.at),
    )
}

fn subject(subject: &str) -> &str {
    if subject.is_empty() { "No subject" } else { subject }
}

fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    format!(
        "<time datetime=\"{}\">{}</time>",
        at.to_rfc3339(),
        at.format("%-d %b, %H:%M:%S UTC")
    )
}

fn nothing(asked: bool) -> String {
    let words = if asked {
        "This mail is not here any more. <a class=\"back\" href=\"/mail\">All mail</a>"
    } else {
        "Choose a mail to read it."
    };
    format!("<section class=\"open none\"><p class=\"muted\">{words}</p></section>")
}

fn mail(mail: &SimMail) -> String {
    let seq = mail.seq;
    format!(
        "<article class=\"open\" aria-labelledby=\"subject\"><a class=\"back\" href=\"/mail\">All mail</a>\
         <h2 id=\"subject\">{}</h2><p class=\"muted\">{}</p><dl>{}</dl>{}{}{}{}\
         <details class=\"panel\" id=\"source\"><summary>Source</summary><pre tabindex=\"0\" aria-label=\"Source\">{}</pre>\
         <p><a href=\"/mail/{seq}/source\">The source alone</a></p></details></article>",
        escape(subject(&mail.subject)),
        time(mail.at),
        facts(mail),
        acts(mail),
        html(mail),
        text(mail),
        parts(mail),
        escape(&mail.raw.chars().take(MAX_SOURCE).collect::<String>()),
    )
}

fn facts(mail: &SimMail) -> String {
    let fact = |name: &str, value: &str| format!("<div><dt>{name}</dt><dd>{}</dd></div>", linked(value));
    let bounces = match mail.envelope_from.as_str() {
        "" => "nobody",
        address => address,
    };
    let headers = HEADERS.iter().filter_map(|name| Some(fact(name, mail.header(name)?)));
    let envelope = [
        fact("Delivered to", &mail.envelope_to.join(", ")),
        fact("Bounces go to", bounces),
    ];
    headers.chain(envelope).collect()
}

/// What can become of a mail that was taken.
fn acts(mail: &SimMail) -> String {
    let seq = mail.seq;
    let notes: String = mail.notes.iter().map(|note| format!("<li>{}</li>", escape(note))).collect();
    let unsubscribe = match one_click(mail) {
        Some(_) => format!(
            "<form method=\"post\" action=\"/mail/{seq}/unsubscribe\" class=\"quick\"><button>Unsubscribe with one click</button></form>"
        ),
        None => String::new(),
    };
    format!(
        "<form method=\"post\" action=\"/mail/{seq}/report\" class=\"quick\" aria-label=\"What comes back\">\
         <label class=\"sr\" for=\"status\">Enhanced code</label><input id=\"status\" name=\"status\" placeholder=\"5.1.1\" autocomplete=\"off\">\
         <button name=\"kind\" value=\"bounce\">Comes back</button><button name=\"kind\" value=\"delay\">Is late</button>\
         <button name=\"kind\" value=\"complaint\">Complain</button></form>{unsubscribe}<ul id=\"notes\" class=\"armed\" aria-live=\"polite\">{notes}</ul>"
    )
}

/// What it brings besides: invitations, reports.
fn parts(mail: &SimMail) -> String {
    let one = |part: &SimPart| {
        let parameters: String = part
            .parameters
            .iter()
            .map(|(name, value)| format!("; {name}={value}"))
            .collect();
        let name = part.name.as_deref().map_or_else(String::new, |name| format!(" — {name}"));
        let text = part.text.as_deref().unwrap_or("Not a text.");
        format!(
            "<h3>{}</h3><pre class=\"plain\" tabindex=\"0\">{}</pre>",
            escape(&format!("{}{parameters}{name}", part.content_type)),
            escape(&text.chars().take(MAX_SOURCE).collect::<String>()),
        )
    };
    mail.parts.iter().map(one).collect()
}

/// The frame has a policy of its own, which the page could not give it: `style` attributes, which mails need, and nothing else.
fn html(mail: &SimMail) -> String {
    let Some(_) = &mail.html else {
        return "<h3>HTML</h3><p class=\"muted\">This mail has no HTML.</p>".to_owned();
    };
    format!(
        "<h3>HTML</h3><iframe src=\"/mail/{}/html\" title=\"The mail’s HTML\" \
         sandbox=\"allow-popups allow-popups-to-escape-sandbox\" referrerpolicy=\"no-referrer\"></iframe>",
        mail.seq
    )
}

fn text(mail: &SimMail) -> String {
    match &mail.text {
        Some(text) => format!("<h3>Plain text</h3><pre class=\"plain\">{}</pre>", linked(text)),
        None => "<h3>Plain text</h3><p class=\"muted\">This mail has no plain text.</p>".to_owned(),
    }
}

/// Text in which addresses of pages can be followed.
fn linked(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(start) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || "<>\"".contains(c))
            .unwrap_or(from.len());
        let url = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
        let safe = escape(url);
        html.push_str(&escape(before));
        html.push_str(&format!(
            "<a href=\"{safe}\" target=\"_blank\" rel=\"noopener noreferrer\">{safe}</a>"
        ));
        rest = &from[url.len()..];
    }
    html.push_str(&escape(rest));
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_button_with_the_name_the_api_knows() {
        for (kind, name, ..) in BUTTONS {
            assert_eq!(serde_json::to_value(kind).ok(), Some(serde_json::Value::String(name.into())));
            assert!(kind.is_about_mail());
        }
    }

    #[test]
    fn links_end_where_the_address_does_and_are_escaped() {
        assert_eq!(
            linked("See (https://a.example/x?a=1&b=2). <b>"),
            "See (<a href=\"https://a.example/x?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer\">https://a.example/x?a=1&amp;b=2</a>). &lt;b&gt;"
        );
        assert_eq!(
            linked("http://"),
            "<a href=\"http://\" target=\"_blank\" rel=\"noopener noreferrer\">http://</a>"
        );
    }
}
