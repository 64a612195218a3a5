//! What the page looks like, as HTML. Everything that somebody typed goes through `esc`.

use std::fmt::Write as _;

use domain::{
    consent::{Channel, State},
    language::Language,
};
use services::preferences::Preferences;

use crate::visit_page::html::{STYLE, document, esc};

/// The page of somebody.
pub fn page(token: &str, page: &Preferences) -> String {
    let words = page.words;
    let with = |sentence: &str| esc(&words.with(sentence, &page.business));
    let mut body = String::new();
    let _ = writeln!(
        body,
        "<header><p class=\"business\">{}</p><h1>{}</h1></header><p>{}</p>",
        esc(&page.business),
        esc(words.heading),
        esc(words.intro)
    );
    if let Some(stands) = page.emails {
        let (says, wanted, press) = match stands {
            State::OptedIn => (words.emails_on, "no", words.stop_emails),
            State::Unknown | State::OptedOut => (words.emails_off, "yes", words.start_emails),
        };
        body.push_str(&section(words.emails, &with(says), &button(token, "emails", wanted, press)));
    }
    if let Some(stands) = page.texts {
        // Texts are taken up again by a text: the network holds them back until then.
        let (says, press) = match stands {
            State::OptedIn => (words.texts_on, button(token, "texts", "no", words.stop_texts)),
            State::Unknown | State::OptedOut => (words.texts_off, String::new()),
        };
        body.push_str(&section(words.texts, &with(says), &press));
    }
    let (says, wanted, press) = if page.offers {
        (words.offers_on, "no", words.stop_offers)
    } else {
        (words.offers_off, "yes", words.start_offers)
    };
    body.push_str(&section(words.offers, &with(says), &button(token, "offers", wanted, press)));
    body.push_str(&wishes(token, page));
    let _ = writeln!(
        body,
        "<details class=\"card\"><summary>{}</summary><p>{}</p>{}</details>",
        esc(words.everything),
        with(words.everything_hint),
        button(token, "everything", "no", words.stop_everything)
    );
    if !page.contact_line.is_empty() {
        let _ = writeln!(
            body,
            "<footer><p>{} {}</p></footer>",
            esc(words.questions),
            esc(&page.contact_line)
        );
    }
    document(words.code, &words.with(words.title, &page.business), STYLE, &body)
}

/// `says` and `press` are HTML.
fn section(head: &str, says: &str, press: &str) -> String {
    format!(
        "<section class=\"card\"><h2>{}</h2><p role=\"status\">{says}</p>{press}</section>\n",
        esc(head)
    )
}

fn wishes(token: &str, page: &Preferences) -> String {
    let words = page.words;
    let option = |value: &str, name: &str, chosen: bool| {
        let chosen = if chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{chosen}>{}</option>", esc(value), esc(name))
    };
    let languages: String = [(Language::English, "English"), (Language::Spanish, "Español")]
        .iter()
        .map(|(language, name)| option(language.as_str(), name, *language == page.language))
        .collect();
    // Where there is a choice.
    let choice = page.emails.is_some() && page.texts.is_some();
    let ways = if choice {
        let ways: String = [(Channel::Sms, words.by_text), (Channel::Email, words.by_email)]
            .iter()
            .map(|(way, name)| option(way.as_str(), name, *way == page.first))
            .collect();
        format!(
            "<label for=\"channel\">{}</label><select id=\"channel\" name=\"channel\">{ways}</select>",
            esc(words.first)
        )
    } else {
        String::new()
    };
    format!(
        "<section class=\"card\"><h2>{}</h2><form method=\"post\" action=\"/u/{}/preferences\">{ways}\
         <label for=\"language\">{}</label><select id=\"language\" name=\"language\">{languages}</select>\
         <button>{}</button></form></section>\n",
        esc(words.wishes),
        esc(token),
        esc(words.language),
        esc(words.save)
    )
}

fn button(token: &str, act: &str, wanted: &str, words: &str) -> String {
    let class = if wanted == "no" { "danger" } else { "primary" };
    format!(
        "<form method=\"post\" action=\"/u/{}/{act}\"><input type=\"hidden\" name=\"wanted\" value=\"{wanted}\">\
         <button class=\"{class}\">{}</button></form>\n",
        esc(token),
        esc(words)
    )
}
