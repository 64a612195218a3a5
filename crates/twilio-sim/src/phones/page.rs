//! The page's HTML. Everything that came from outside goes through [`escape`].

use std::fmt::Write as _;

use super::view::{Phone, View, phone_id};
use super::whatsapp;
use crate::faults::FaultKind;
use crate::pages::faults::{Button, Panel};
use crate::pages::{document, escape, links};
use crate::state::{Direction, SimMessage};

/// Quick replies.
const QUICK: [&str; 5] = ["Y", "N", "STOP", "START", "HELP"];

/// What can go wrong with texts.
pub(super) const FAULTS: Panel = Panel {
    page: "/phones",
    nouns: ["text", "texts"],
    calm: "Nothing is armed: every text goes through. A fault meets the next texts the business sends.",
    fields: "<label>How many sends<input name=\"count\" type=\"number\" min=\"1\" value=\"1\"></label>\
             <label>Only to<input name=\"to\" type=\"tel\" placeholder=\"any phone\"></label>\
             <label>Error code<input name=\"code\" inputmode=\"numeric\" placeholder=\"21610\"></label>\
             <label>Wait, in ms<input name=\"ms\" inputmode=\"numeric\" placeholder=\"1000\"></label>\
             <label>Copies<input name=\"times\" inputmode=\"numeric\" placeholder=\"2\"></label>",
    buttons: &BUTTONS,
    holds: |kind| !kind.is_about_mail(),
};

const BUTTONS: [Button; 16] = [
    (
        FaultKind::Refuse,
        "refuse",
        "Refuse",
        "Answer 400 with the code (21610); not sent",
    ),
    (FaultKind::RateLimit, "rate_limit", "Rate limit", "Answer 429; not sent"),
    (
        FaultKind::ErrorBefore,
        "error_before",
        "Error, not sent",
        "Answer 500; not sent",
    ),
    (
        FaultKind::ErrorAfter,
        "error_after",
        "Error, but sent",
        "Answer 500, but the text is sent",
    ),
    (
        FaultKind::TimeoutBefore,
        "timeout_before",
        "Slow, not sent",
        "Wait, then answer 500; not sent",
    ),
    (
        FaultKind::Timeout,
        "timeout",
        "Slow, but sent",
        "Send, but answer only after the wait",
    ),
    (
        FaultKind::ResetAfter,
        "reset_after",
        "Cut line, but sent",
        "Send, but close the connection without an answer",
    ),
    (
        FaultKind::TornAnswer,
        "torn_answer",
        "Half an answer, but sent",
        "Send, but break off in the middle of the answer",
    ),
    (
        FaultKind::StoreLate,
        "store_late",
        "Taken late",
        "Send and answer only after the wait, even if nobody waits for the answer",
    ),
    (
        FaultKind::AsyncFail,
        "async_fail",
        "Fail later",
        "Accept, then report a failure with the code (30008)",
    ),
    (
        FaultKind::DuplicateCallbacks,
        "duplicate_callbacks",
        "Reports twice",
        "Post each report several times at once",
    ),
    (
        FaultKind::ReverseCallbacks,
        "reverse_callbacks",
        "Reports reversed",
        "Report delivered before sent",
    ),
    (
        FaultKind::LateCallbacks,
        "late_callbacks",
        "Reports late",
        "Post each report after the wait",
    ),
    (
        FaultKind::EarlyCallback,
        "early_callback",
        "Report early",
        "Report sent before the create is answered",
    ),
    (FaultKind::NoCallbacks, "no_callbacks", "No reports", "Post no report at all"),
    (
        FaultKind::ListError,
        "list_error",
        "Log unreadable",
        "Answer 500 to whoever lists messages",
    ),
];

/// The whole page.
pub(super) fn page(view: &View) -> String {
    let body = format!(
        "<header class=\"top\"><div><h1>Phones</h1><p class=\"lead\"><strong>This is a simulator.</strong> \
         These are your customers’ phones as a pretended Twilio sees them. No text leaves this machine.</p></div>{}{}</header>\
         <aside class=\"panels\" aria-label=\"Tools\">{}{}</aside>\
         <main data-clock><h2 class=\"sr\">Phones</h2><div id=\"phones\" class=\"phones\">{}</div>{}</main>",
        links("/phones"),
        webhook(view.inbound_url.as_deref()),
        new_phone(view.business.as_deref()),
        FAULTS.html(&view.faults),
        view.phones.iter().map(card).collect::<String>(),
        footnote(view),
    );
    document("Phones", &body)
}

/// For a form that could not be understood.
pub(super) fn refusal() -> String {
    let body = "<main><h1>That did not work</h1><p>A text needs a phone number like +14155550100, a business number and some words; \
                a fault needs its kind.</p><p><a href=\"/phones\">Back to the phones</a></p></main>";
    document("Not understood", body)
}

fn webhook(url: Option<&str>) -> String {
    let words = url.map_or_else(
        || "Texts from these phones are kept, but posted nowhere.".to_owned(),
        |url| format!("Texts from these phones are posted to <code>{}</code>", escape(url)),
    );
    format!("<p class=\"webhook\">{words}</p>")
}

fn new_phone(business: Option<&str>) -> String {
    format!(
        "<details class=\"panel\" id=\"new\"{}><summary>New phone</summary><form method=\"post\" action=\"/phones/text\" class=\"fields\" data-clear=\"text\">\
         <label>Phone number<input name=\"from\" type=\"tel\" required pattern=\"(whatsapp:)?\\+[1-9][0-9]{{6,14}}|whatsapp:[A-Z]{{2}}\\.[A-Za-z0-9.]+\" placeholder=\"+14155550100\" title=\"+ and 7 to 15 digits, on WhatsApp with whatsapp: before them\"></label>\
         <label>Business number<input name=\"to\" type=\"tel\" required value=\"{}\" placeholder=\"+15550001111\"></label>\
         <label class=\"wide\">Text<input name=\"text\" required autocomplete=\"off\" placeholder=\"Hi, do you have time on Friday?\"></label>\
         <button class=\"primary\">Send text</button></form></details>",
        if business.is_none() { " open" } else { "" },
        escape(business.unwrap_or_default()),
    )
}

fn footnote(view: &View) -> String {
    let words = match (view.phones.is_empty(), view.hidden) {
        (true, _) => "No phone has a text yet. Send one from your app, or open “New phone” and text the business.".to_owned(),
        (false, 0) => String::new(),
        (false, hidden) => format!("{hidden} more phones with older texts are not shown."),
    };
    format!("<p id=\"footnote\" class=\"muted footnote\">{words}</p>")
}

fn card(phone: &Phone) -> String {
    let id = phone_id(&phone.number);
    let number = escape(&phone.number);
    format!(
        "<article class=\"phone\" id=\"{id}\" aria-labelledby=\"{id}-name\"><header><h3 id=\"{id}-name\">{number}</h3><p class=\"state\">{}</p>\
         <div class=\"windows\">{}</div></header><div class=\"thread\" role=\"log\" aria-live=\"polite\" aria-label=\"Texts on {number}\" tabindex=\"0\"><ol>{}</ol></div>\
         <div class=\"tools\">{}</div>{}</article>",
        state(phone),
        whatsapp::windows(phone),
        phone
            .texts
            .iter()
            .map(|text| bubble(text, phone.businesses.len() > 1))
            .collect::<String>(),
        if phone.is_whatsapp() {
            whatsapp::tools(phone)
        } else {
            String::new()
        },
        composer(phone, &id),
    )
}

fn state(phone: &Phone) -> String {
    if phone.is_whatsapp() {
        return "<span class=\"badge calm\">WhatsApp</span>".to_owned();
    }
    if phone.opted_out.is_empty() {
        return String::new();
    }
    format!(
        "<span class=\"badge\">opted out of {}</span>",
        escape(&phone.opted_out.join(", "))
    )
}

fn bubble(text: &SimMessage, name_business: bool) -> String {
    let (class, who) = match text.direction {
        Direction::Outbound => ("business", "Business"),
        Direction::Inbound => ("own", "This phone"),
        Direction::Network => ("network", "Network"),
    };
    let business = if name_business {
        format!("<span>{}</span>", escape(text.business()))
    } else {
        String::new()
    };
    format!(
        "<li id=\"{}\" class=\"{class}\"><p class=\"bubble\"><span class=\"sr\">{who}: </span>{}</p>{}<p class=\"meta\">{}{business}\
         <time datetime=\"{}\">{}</time></p></li>",
        text.sid,
        escape(words(text)),
        whatsapp::buttons(text),
        fate(text),
        text.date_created.to_rfc3339(),
        text.date_created.format("%H:%M:%S UTC"),
    )
}

fn words(text: &SimMessage) -> &str {
    if text.body.is_empty() {
        "No words, but something else"
    } else {
        &text.body
    }
}

/// What became of a text, in words with a coloured dot.
fn fate(text: &SimMessage) -> String {
    let mut words = String::new();
    let (class, status) = match text.direction {
        Direction::Outbound => (text.status.as_str(), text.status.as_str()),
        Direction::Network => ("network", "network message"),
        Direction::Inbound => match text.webhook.as_deref() {
            Some(answer) if answer.starts_with("webhook answered 2") => ("delivered", answer),
            Some(answer) => ("failed", answer),
            None => ("queued", "posting"),
        },
    };
    let _infallible = write!(words, "<span class=\"status {}\">{}", escape(class), escape(status));
    if let Some(code) = text.error_code {
        let _infallible = write!(words, " · {code} {}", escape(&twilio::errors::describe(code)));
    }
    words.push_str("</span>");
    words
}

fn composer(phone: &Phone, id: &str) -> String {
    let quick: String = QUICK
        .iter()
        .map(|word| format!("<button name=\"quick\" value=\"{word}\" formnovalidate>{word}</button>"))
        .collect();
    let number = escape(&phone.number);
    format!(
        "<form class=\"composer\" method=\"post\" action=\"/phones/text\" data-clear=\"text\"><input type=\"hidden\" name=\"from\" value=\"{number}\">{}\
         <div class=\"write\"><label class=\"sr\" for=\"{id}-text\">Text from {number}</label>\
         <input id=\"{id}-text\" name=\"text\" required autocomplete=\"off\" placeholder=\"Text message\"><button class=\"primary\">Send</button></div>\
         <div class=\"quick\" role=\"group\" aria-label=\"Quick replies from {number}\">{quick}</div></form>",
        recipient(&phone.businesses, id),
    )
}

/// Whom the phone texts: said in words if there is one business number, chosen if there are several.
fn recipient(businesses: &[String], id: &str) -> String {
    match businesses {
        [only] => format!(
            "<p class=\"to\">to {0}<input type=\"hidden\" name=\"to\" value=\"{0}\"></p>",
            escape(only)
        ),
        several => {
            let options: String = several.iter().map(|b| format!("<option>{}</option>", escape(b))).collect();
            format!("<p class=\"to\"><label for=\"{id}-to\">to</label> <select id=\"{id}-to\" name=\"to\">{options}</select></p>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_button_with_the_name_the_api_knows() {
        for (kind, name, ..) in BUTTONS {
            assert_eq!(serde_json::to_value(kind).ok(), Some(serde_json::Value::String(name.into())));
        }
    }
}
