//! What the page looks like, as HTML. Everything that somebody typed goes through `esc`.

use std::fmt::Write as _;

use domain::offer_page::Words;
use services::waitlist::page::{OfferPage, Open, Stands};

use crate::visit_page::html::{STYLE, document, esc};

/// What somebody was offered.
pub fn offer(token: &str, page: &OfferPage) -> String {
    let words = page.words;
    let with = |sentence: &str| esc(&words.with(sentence, &page.business, ""));
    let (heading, body) = match &page.stands {
        Stands::Open(open) => {
            let heading = if page.is_times { words.heading_times } else { words.heading };
            (heading, can_be_answered(token, page, open))
        }
        Stands::Taken { when, visit } => {
            let link = visit.as_ref().map(|url| {
                let (url, says) = (esc(url), esc(words.visit_link));
                format!("<p class=\"links\"><a href=\"{url}\">{says}</a></p>\n")
            });
            let said = format!(
                "<section class=\"card\"><p class=\"stands good\">{}</p><p role=\"status\">{}</p>\n{}</section>\n",
                esc(when),
                with(words.taken_lead),
                link.unwrap_or_default()
            );
            (words.taken, said)
        }
        Stands::Declined if page.is_times => (words.none_suited, told(&with(words.none_suited_lead))),
        Stands::Declined => (words.declined, told(&with(words.declined_lead))),
        Stands::Over if page.is_times => (words.over, told(&with(words.over_times_lead))),
        Stands::Over => (words.over, told(&with(words.over_lead))),
    };
    let head = format!(
        "<header><p class=\"business\">{}</p><h1>{}</h1></header>\n",
        esc(&page.business),
        esc(heading)
    );
    let body = format!("{head}{body}{}", footer(words, &page.contact_line));
    document(words.code, &format!("{heading} – {}", page.business), STYLE, &body)
}

fn told(sentence: &str) -> String {
    format!("<section class=\"card\"><p role=\"status\">{sentence}</p></section>\n")
}

fn can_be_answered(token: &str, page: &OfferPage, open: &Open) -> String {
    let words = page.words;
    let mut html = String::from("<section class=\"card\">");
    if let (false, Some((_, when))) = (page.is_times, open.times.first()) {
        let _ = write!(html, "<p class=\"stands\">{}</p>", esc(when));
    }
    let until = open.until.as_deref();
    let until = until.map(|until| words.with(words.held, &page.business, until));
    let _ = writeln!(html, "<p>{}</p>", esc(until.as_deref().unwrap_or(words.race)));
    html.push_str("</section>\n");
    html.push_str(&facts(words, open));
    let _ = writeln!(
        html,
        "<form method=\"post\" action=\"/o/{}/answer\" class=\"card\">",
        esc(token)
    );
    if page.is_times {
        for (n, when) in &open.times {
            let _ = writeln!(
                html,
                "<button class=\"primary\" name=\"answer\" value=\"{n}\">{}</button>",
                esc(when)
            );
        }
    } else {
        let _ = writeln!(
            html,
            "<button class=\"primary\" name=\"answer\" value=\"yes\">{}</button>",
            esc(words.take)
        );
    }
    let no = if page.is_times { words.none_suits } else { words.pass };
    let _ = writeln!(html, "<button name=\"answer\" value=\"no\">{}</button></form>", esc(no));
    html
}

fn facts(words: &Words, open: &Open) -> String {
    let place = open.location.as_ref().map(|(name, address)| match address.as_str() {
        "" => name.clone(),
        address => format!("{name}, {address}"),
    });
    let staff = Some(open.staff.clone()).filter(|staff| !staff.is_empty());
    let all = [
        (words.what_for, open.type_name.clone()),
        (words.whom, open.for_name.clone()),
        (words.with, staff),
        (words.place, place),
        (words.instead_of, open.instead_of.clone()),
    ];
    let rows: String = all
        .into_iter()
        .filter_map(|(what, value)| Some(format!("<dt>{}</dt><dd>{}</dd>", esc(what), esc(&value?))))
        .collect();
    if rows.is_empty() {
        rows
    } else {
        format!("<dl class=\"card\">{rows}</dl>\n")
    }
}

fn footer(words: &Words, contact_line: &str) -> String {
    if contact_line.is_empty() {
        return String::new();
    }
    format!("<footer><p>{} {}</p></footer>\n", esc(words.questions), esc(contact_line))
}
