//! The page's HTML. Everything that came from outside goes through [`escape`].

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::pages::{document, escape, links};
use crate::whatsapp::SimSender;

const QUALITIES: [&str; 4] = ["HIGH", "MEDIUM", "LOW", "UNKNOWN"];

/// The whole page.
pub(super) fn page(senders: &[SimSender], now: DateTime<Utc>, account: &str) -> String {
    let body = format!(
        "<header class=\"top\"><div><h1>Senders</h1><p class=\"lead\"><strong>This is a simulator.</strong> \
         These are the WhatsApp senders of its accounts, which at Twilio are made in the console.</p></div>{}</header>\
         <aside class=\"panels\" aria-label=\"Tools\">{}</aside>\
         <main data-clock><h2 class=\"sr\">Senders</h2><div id=\"cards\" class=\"cards\">{}</div>\
         <p id=\"footnote\" class=\"muted footnote\">{}</p></main>",
        links("/senders"),
        new_sender(account, senders.is_empty()),
        senders.iter().map(|sender| card(sender, now)).collect::<String>(),
        if senders.is_empty() {
            "No sender yet. Make one, and your app can find it."
        } else {
            ""
        },
    );
    document("Senders", &body)
}

/// For a form that could not be understood.
pub(super) fn refusal() -> String {
    let body = "<main><h1>That did not work</h1><p>A sender needs a phone number like +14155550100 and an account that is known here.</p>\
                <p><a href=\"/senders\">Back to the senders</a></p></main>";
    document("Not understood", body)
}

fn new_sender(account: &str, open: bool) -> String {
    format!(
        "<details class=\"panel\" id=\"new\"{}><summary>New sender</summary><form method=\"post\" action=\"/senders/new\" class=\"fields\" data-clear=\"phone\">\
         <label>Phone number<input name=\"phone\" type=\"tel\" required pattern=\"\\+[1-9][0-9]{{6,14}}\" placeholder=\"+15550001111\" title=\"+ and 7 to 15 digits\"></label>\
         <label>Account<input name=\"account\" autocomplete=\"off\" value=\"{}\"></label>\
         <button class=\"primary\">Make it</button></form></details>",
        if open { " open" } else { "" },
        escape(account),
    )
}

fn card(sender: &SimSender, now: DateTime<Utc>) -> String {
    let status = sender.status_at(now);
    let class = if sender.sends_at(now) { "delivered" } else { "failed" };
    format!(
        "<article class=\"card\" id=\"{0}\" aria-labelledby=\"{0}-name\"><header><h3 id=\"{0}-name\">{1}</h3>\
         <p><span class=\"status {class}\">{2}</span></p></header><dl>{3}</dl>{4}</article>",
        sender.sid,
        escape(&sender.sender_id),
        escape(status),
        facts(sender),
        forms(sender),
    )
}

fn facts(sender: &SimSender) -> String {
    let fact = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape(value)),
    };
    let text = |from: &Map<String, Value>, name: &str| from.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let posts = |name: &str| match text(&sender.webhook, name) {
        url if url.is_empty() => "nowhere of its own".to_owned(),
        url => url,
    };
    let reasons: Vec<String> = sender
        .offline_reasons
        .iter()
        .map(|why| format!("{} {}", why.code, why.message))
        .collect();
    [
        fact("SID", &sender.sid),
        fact("Account", &sender.account_sid),
        fact("Why", &reasons.join("; ")),
        fact("Quality", &sender.quality_rating),
        fact("Limit", &sender.messaging_limit),
        fact("Messages go to", &posts("callback_url")),
        fact("Reports go to", &posts("status_callback_url")),
        fact("Name", &text(&sender.profile, "name")),
        fact(
            "Asked for",
            &sender
                .pending_name
                .as_ref()
                .map_or_else(String::new, |(name, status)| format!("{name} · {status}")),
        ),
        fact("About", &text(&sender.profile, "about")),
        fact("Description", &text(&sender.profile, "description")),
        fact("Trade", &text(&sender.profile, "vertical")),
    ]
    .concat()
}

fn forms(sender: &SimSender) -> String {
    let id = escape(&sender.sender_id);
    let quality = |word: &&str| {
        let selected = if *word == sender.quality_rating { " selected" } else { "" };
        format!("<option{selected}>{word}</option>")
    };
    format!(
        "<form method=\"post\" action=\"/senders/state\"><input type=\"hidden\" name=\"sender_id\" value=\"{id}\"><div class=\"fields\">\
         <label>Quality<select name=\"quality\">{}</select></label>\
         <label>Limit<input name=\"limit\" autocomplete=\"off\" value=\"{}\"></label>\
         <label>Sandbox joined by<input name=\"sandbox\" autocomplete=\"off\" placeholder=\"no sandbox\" value=\"{}\"></label>\
         <label>Code, if it is off<input name=\"code\" inputmode=\"numeric\" autocomplete=\"off\" value=\"63020\"></label></div>\
         <div class=\"quick\" role=\"group\" aria-label=\"State of {id}\"><button name=\"status\" value=\"ONLINE\">Online</button>\
         <button name=\"status\" value=\"OFFLINE\">Offline</button><button name=\"status\" value=\"ONLINE:UPDATING\">Updating</button>{}</div></form>",
        QUALITIES.iter().map(quality).collect::<String>(),
        escape(&sender.messaging_limit),
        escape(sender.sandbox.as_deref().unwrap_or_default()),
        if sender.pending_name.is_some() {
            "<button name=\"name\" value=\"COMPLETED\">Grant the name</button><button name=\"name\" value=\"DECLINED\">Decline it</button>"
        } else {
            ""
        },
    )
}
