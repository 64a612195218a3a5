//! What the page looks like, as HTML. Everything that somebody typed goes through `esc`.

use std::fmt::Write as _;

use contract::appointments::Status;
use domain::{
    consent::Channel,
    visit_page::{ALL, Words},
};
use services::visit_page::{LONGEST_NOTE, VisitPage, google};

/// What was typed and not taken.
#[derive(Default)]
pub struct Typed {
    pub note: Option<String>,
}

pub fn esc(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Where the page's style is.
pub const STYLE: &str = "/v/page.css";

/// A whole page, styled by the file at `style`.
pub fn document(lang: &str, title: &str, style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, nofollow\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"{style}\">\n<link rel=\"icon\" href=\"/favicon.svg\">\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        esc(title)
    )
}

/// A page about no visit, in every language.
pub fn said(all: [(&Words, (&str, &str)); 2]) -> String {
    let mut body = String::new();
    for (index, (words, (head, hint))) in all.iter().enumerate() {
        let level = if index == 0 { 1 } else { 2 };
        let _ = write!(
            body,
            "<section class=\"card\" lang=\"{}\"><h{level}>{}</h{level}>\n<p>{}</p></section>\n",
            words.code,
            esc(head),
            esc(hint)
        );
    }
    let [(words, (head, _)), _] = all;
    document(words.code, head, STYLE, &body)
}

/// A link that has ended, of this business, in every language.
pub fn ended(business: &str, contact_line: &str, all: [&Words; 2]) -> String {
    let mut body = format!("<header><p class=\"business\">{}</p></header>\n", esc(business));
    for (index, words) in all.iter().enumerate() {
        let level = if index == 0 { 1 } else { 2 };
        let _ = writeln!(
            body,
            "<section class=\"card\" lang=\"{}\"><h{level}>{}</h{level}></section>",
            words.code,
            esc(words.gone)
        );
    }
    if !contact_line.is_empty() {
        let _ = writeln!(body, "<p>{}</p>", esc(contact_line));
    }
    let [first, _] = all;
    document(first.code, first.gone, STYLE, &body)
}

/// The page of a visit.
pub fn visit(token: &str, page: &VisitPage, typed: &Typed) -> String {
    let words = page.words;
    let with = |sentence: &str| esc(&words.with(sentence, &page.business));
    let mut body = String::new();
    let _ = writeln!(
        body,
        "<header><p class=\"business\">{}</p><h1>{}</h1></header>",
        esc(&page.business),
        esc(words.heading)
    );
    body.push_str(&facts(page));
    body.push_str(&how_it_stands(page));
    if page.may_answer {
        body.push_str(&answers(token, page, typed));
    }
    if page.status.is_open() {
        body.push_str(&calendar(token, page));
    }
    if page.may_cancel {
        let _ = writeln!(
            body,
            "<details class=\"card\"><summary>{}</summary><p>{}</p>{}</details>",
            esc(words.cancel),
            esc(words.cancel_question),
            button(token, "cancel", "danger", words.cancel_yes)
        );
    }
    body.push_str(&preferences(token, page));
    if page.texts_stopped {
        let _ = writeln!(
            body,
            "<section class=\"card\"><h2>{}</h2><p role=\"status\">{}</p></section>",
            esc(words.texts),
            with(words.stopped)
        );
    } else {
        let _ = writeln!(
            body,
            "<details class=\"card\"><summary>{}</summary><p>{}</p>{}</details>",
            esc(words.stop),
            with(words.stop_hint),
            button(token, "stop-texts", "danger", words.stop)
        );
    }
    body.push_str("<footer>");
    if !page.contact_line.is_empty() {
        let _ = write!(body, "<p>{} {}</p>", esc(words.questions), esc(&page.contact_line));
    }
    let _ = writeln!(body, "<p>{}</p></footer>", esc(words.keep_it));
    document(words.code, &words.with(words.title, &page.business), STYLE, &body)
}

fn facts(page: &VisitPage) -> String {
    let words = page.words;
    let mut list = String::from("<dl class=\"card\">\n");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(list, "<dt>{}</dt><dd>{value}</dd>", esc(name));
    };
    let time = words.time(page.starts_at, page.ends_at, page.place);
    let machine = page.starts_at.format("%Y-%m-%dT%H:%M:%SZ");
    row(words.when, format!("<time datetime=\"{machine}\">{}</time>", esc(&time)));
    if let Some((name, address)) = &page.location {
        let gap = if address.is_empty() { "" } else { "<br>" };
        row(words.place, format!("{}{gap}{}", esc(name), esc(address)));
    }
    if let Some(kind) = &page.type_name {
        row(words.what, esc(kind));
    }
    if !page.whom.is_empty() {
        row(words.whom, format!("<bdi>{}</bdi>", esc(&page.whom)));
    }
    let (class, status) = match page.status {
        Status::Scheduled => ("open", words.scheduled),
        Status::Confirmed => ("good", words.confirmed),
        Status::RescheduleRequested => ("open", words.asked),
        Status::Cancelled => ("bad", words.cancelled),
        Status::Completed | Status::NoShow => ("bad", words.over),
    };
    row(words.status, format!("<span class=\"state {class}\">{}</span>", esc(status)));
    list.push_str("</dl>\n");
    list
}

/// In a sentence.
fn how_it_stands(page: &VisitPage) -> String {
    let words = page.words;
    let sentence = match page.status {
        Status::Cancelled => words.is_cancelled,
        Status::Completed | Status::NoShow => words.is_over,
        _ if page.undecided => words.undecided,
        _ if !page.may_answer => words.is_over,
        Status::Confirmed => words.thanks,
        Status::RescheduleRequested => words.will_write,
        Status::Scheduled => words.does_it_suit,
    };
    format!(
        "<p class=\"stands\" role=\"status\">{}</p>\n",
        esc(&words.with(sentence, &page.business))
    )
}

fn answers(token: &str, page: &VisitPage, typed: &Typed) -> String {
    let words = page.words;
    let mut html = String::new();
    if page.status != Status::Confirmed {
        html.push_str(&button(token, "confirm", "primary", words.confirm));
    }
    if page.status != Status::RescheduleRequested {
        html.push_str(&ask(token, page, typed));
    }
    html
}

fn ask(token: &str, page: &VisitPage, typed: &Typed) -> String {
    let words = page.words;
    let (open, error, value) = match &typed.note {
        Some(note) => (
            " open",
            format!(
                "<p id=\"note-error\" class=\"error\" role=\"alert\">{}</p>",
                esc(words.note_too_long)
            ),
            esc(note),
        ),
        None => ("", String::new(), String::new()),
    };
    let described = if typed.note.is_some() {
        " aria-invalid=\"true\" aria-describedby=\"note-error\""
    } else {
        ""
    };
    format!(
        "<details class=\"card\"{open}><summary>{ask}</summary><p>{hint}</p>\
         <form method=\"post\" action=\"/v/{token}/another-time\"><label for=\"note\">{note}</label>{error}\
         <textarea id=\"note\" name=\"note\" rows=\"3\" maxlength=\"{LONGEST_NOTE}\"{described}>\n{value}</textarea>\
         <button class=\"primary\">{ask}</button></form></details>\n",
        ask = esc(words.ask),
        hint = esc(&words.with(words.ask_hint, &page.business)),
        token = esc(token),
        note = esc(words.note),
    )
}

fn calendar(token: &str, page: &VisitPage) -> String {
    let words = page.words;
    format!(
        "<section class=\"card\"><h2>{}</h2><ul class=\"links\"><li><a href=\"/v/{}/visit.ics\">{}</a></li>\
         <li><a href=\"{}\" rel=\"noreferrer noopener nofollow\">{}</a></li></ul></section>\n",
        esc(words.calendar),
        esc(token),
        esc(words.calendar_file),
        esc(&google(page)),
        esc(words.calendar_google)
    )
}

fn preferences(token: &str, page: &VisitPage) -> String {
    let words = page.words;
    let option = |value: &str, name: &str, chosen: bool| {
        let chosen = if chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{chosen}>{}</option>", esc(value), esc(name))
    };
    let languages: String = ALL
        .iter()
        .map(|one| option(one.code, one.name, one.code == words.code))
        .collect();
    let channels = page.channel.map(|best| {
        let options = [(Channel::Sms, words.by_text), (Channel::Email, words.by_email)];
        let options: String = options.iter().map(|(c, name)| option(c.as_str(), name, *c == best)).collect();
        format!(
            "<label for=\"channel\">{}</label><select id=\"channel\" name=\"channel\">{options}</select><p class=\"hint\">{}</p>",
            esc(words.channel),
            esc(words.channel_hint)
        )
    });
    format!(
        "<details class=\"card\"><summary>{reach}</summary><form method=\"post\" action=\"/v/{token}/preferences\">\
         <label for=\"language\">{language}</label><select id=\"language\" name=\"language\">{languages}</select>{channels}\
         <button>{save}</button></form></details>\n",
        reach = esc(words.reach),
        token = esc(token),
        language = esc(words.language),
        channels = channels.unwrap_or_default(),
        save = esc(words.save),
    )
}

fn button(token: &str, act: &str, class: &str, words: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/v/{}/{act}\"><button class=\"{class}\">{}</button></form>\n",
        esc(token),
        esc(words)
    )
}
