//! What a phone on WhatsApp has besides its texts: the 24 hours of each sender, buttons to tap, and whether it tells what it has read.

use chrono::{DateTime, TimeDelta, Utc};

use super::view::Phone;
use crate::pages::escape;
use crate::state::{Direction, SimMessage};

/// Things that can be sent beside words: their name in the form, and what stands on the button.
const THINGS: [(&str, &str); 4] = [
    ("photo", "Photo"),
    ("voice", "Voice"),
    ("place", "Place"),
    ("card", "Contact"),
];

/// Until when each business may write what it likes.
pub(super) fn windows(phone: &Phone) -> String {
    let one = |(sender, until): &(String, Option<DateTime<Utc>>)| {
        let who = if phone.windows.len() > 1 {
            format!("<code>{}</code> ", escape(sender))
        } else {
            String::new()
        };
        match until {
            Some(until) => format!(
                "<p>{who}Any words until <time datetime=\"{}\">{}</time>, for {}</p>",
                until.to_rfc3339(),
                until.format("%-d %b, %H:%M UTC"),
                left(*until - phone.now),
            ),
            None => format!("<p>{who}Only templates: this person has not written for 24 hours</p>"),
        }
    };
    phone.windows.iter().map(one).collect()
}

/// In whole minutes, so that the words stay for a while.
fn left(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What the person can do besides writing.
pub(super) fn tools(phone: &Phone) -> String {
    let unread = phone
        .texts
        .iter()
        .any(|m| m.direction == Direction::Outbound && m.status == "delivered");
    let number = escape(&phone.number);
    let things: String = THINGS
        .iter()
        .map(|(name, label)| format!("<button name=\"thing\" value=\"{name}\">{label}</button>"))
        .collect();
    let business = phone.businesses.first().map(|b| escape(b)).unwrap_or_default();
    format!(
        "<form method=\"post\" action=\"/phones/whatsapp\" class=\"quick\"><input type=\"hidden\" name=\"from\" value=\"{number}\">\
         <input type=\"hidden\" name=\"to\" value=\"{business}\"><button name=\"act\" value=\"look\"{}>Look</button>\
         <button name=\"act\" value=\"receipts\" aria-pressed=\"{}\">Receipts</button>\
         <button name=\"act\" value=\"close\">End 24 h</button>{things}</form>",
        if unread && phone.receipts { "" } else { " disabled" },
        phone.receipts,
    )
}

/// The buttons under a message; each brings its id.
pub(super) fn buttons(text: &SimMessage) -> String {
    let Some(content) = text.content.as_ref().filter(|c| !c.buttons.is_empty()) else {
        return String::new();
    };
    let business = escape(text.business());
    let buttons: String = content
        .buttons
        .iter()
        .map(|b| {
            let (title, id) = (escape(&b.title), escape(&b.id));
            format!("<button name=\"tap\" value=\"{id}\" title=\"{id}\">{title}</button>")
        })
        .collect();
    format!(
        "<form method=\"post\" action=\"/phones/whatsapp\" class=\"taps\"><input type=\"hidden\" name=\"from\" value=\"{}\">\
         <input type=\"hidden\" name=\"to\" value=\"{business}\"><input type=\"hidden\" name=\"on\" value=\"{}\">{buttons}</form>",
        escape(&text.to),
        text.sid,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_in_minutes() {
        let said = |seconds| left(TimeDelta::seconds(seconds));
        assert_eq!(
            [said(59), said(61), said(3600), said(86_399)],
            ["less than a minute", "1 min", "1 h 0 min", "23 h 59 min"]
        );
    }
}
