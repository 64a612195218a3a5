//! What the form looks like, as HTML. Everything that somebody typed goes through `esc`.

use std::fmt::Write as _;

use domain::waitlist_form::{ALL, NOTICES, Part, Words};
use services::waitlist_form::{Field, FormPage, LONGEST_NOTE, Typed, Wrong, list::ListPage};

use crate::visit_page::html::{document, esc};

/// Its styles are those of the pages of visits, and some of its own.
pub const STYLE: &str = "/w/form.css";

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn page(words: &Words, business: &str, heading: &str, body: &str) -> String {
    let head = format!(
        "<header><p class=\"business\">{}</p><h1>{}</h1></header>\n",
        esc(business),
        esc(heading)
    );
    document(
        words.code,
        &words.with(words.title, business),
        STYLE,
        &format!("{head}{body}"),
    )
}

/// The form, with what was typed and what has to be put right.
pub fn form(page_: &FormPage, typed: &Typed, wrong: &[Wrong]) -> String {
    let words = page_.words;
    let mut body = languages(page_);
    let _ = writeln!(body, "<p>{}</p>", esc(&words.with(words.lead, &page_.business)));
    body.push_str(&summary(words, wrong));
    let _ = writeln!(
        body,
        "<form method=\"post\" action=\"/w/{}/ask\" class=\"card\">",
        esc(&page_.slug)
    );
    let _ = writeln!(body, "<input type=\"hidden\" name=\"lang\" value=\"{}\">", words.code);
    body.push_str(&line(
        ("name", words.your_name, ""),
        &typed.name,
        "type=\"text\" autocomplete=\"name\" maxlength=\"100\"",
        said(wrong, Field::Name),
    ));
    body.push_str(&line(
        ("phone", words.phone, words.phone_hint),
        &typed.phone,
        "type=\"tel\" autocomplete=\"tel\" maxlength=\"40\"",
        said(wrong, Field::Phone),
    ));
    if !page_.types.is_empty() {
        let all: Vec<(String, &str)> = page_.types.iter().map(|(id, name)| (id.to_string(), name.as_str())).collect();
        body.push_str(&chips(
            "type",
            (words.types, words.types_hint),
            &all,
            &typed.types,
            said(wrong, Field::Types),
        ));
    }
    if !page_.places.is_empty() {
        let all: Vec<(String, &str)> = page_
            .places
            .iter()
            .map(|(id, name)| (id.to_string(), name.as_str()))
            .collect();
        body.push_str(&chips(
            "place",
            (words.places, words.places_hint),
            &all,
            &typed.places,
            said(wrong, Field::Places),
        ));
    }
    let parts: Vec<(String, &str)> = Part::ALL.iter().map(|part| (part.to_string(), words.part(*part))).collect();
    body.push_str(&chips(
        "part",
        (words.times, words.times_hint),
        &parts,
        &typed.parts,
        said(wrong, Field::When),
    ));
    let days: Vec<(String, &str)> = DAYS.iter().map(|day| (*day).to_owned()).zip(words.weekdays).collect();
    body.push_str(&chips("day", (words.days, words.days_hint), &days, &typed.days, None));
    body.push_str(&notice(words, typed));
    body.push_str(&notes(words, typed, said(wrong, Field::Notes)));
    let (described, error) = described("agree", said(wrong, Field::Agree));
    let ticked = if typed.agrees { " checked" } else { "" };
    let _ = writeln!(
        body,
        "<label class=\"agree\" for=\"agree\"><input id=\"agree\" type=\"checkbox\" name=\"agree\" value=\"yes\"{ticked}{described}>\
         <span>{}</span></label>{error}\n<button class=\"primary\">{}</button></form>",
        esc(&page_.agreed()),
        esc(words.send_code)
    );
    body.push_str(&footer(words, &page_.contact_line));
    page(words, &page_.business, words.heading, &body)
}

/// The second step: what was typed goes along, unseen.
pub fn code(page_: &FormPage, typed: &Typed, ticket: &str, wrong: &[Wrong]) -> String {
    let (words, slug) = (page_.words, esc(&page_.slug));
    let kept = carried(words, typed);
    let (described, error) = described("code", said(wrong, Field::Code));
    let sent = esc(&words.with(words.code_sent, &page_.business));
    let body = format!(
        "<p role=\"status\">{sent}</p>\n<form method=\"post\" action=\"/w/{slug}/code\" class=\"card\">{kept}\
         <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\n<label for=\"code\">{label}</label>{error}\
         <input id=\"code\" class=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"20\" \
         required autofocus{described}>\n<button class=\"primary\">{join}</button></form>\n\
         <details class=\"card\"><summary>{no_code}</summary>\n<form method=\"post\" action=\"/w/{slug}/ask\">{kept}<button>{another}</button></form>\
         <form method=\"post\" action=\"/w/{slug}/change\">{kept}<button>{change}</button></form></details>\n{footer}",
        ticket = esc(ticket),
        label = esc(words.code_label),
        join = esc(words.join),
        no_code = esc(words.no_code),
        another = esc(words.another_code),
        change = esc(words.change),
        footer = footer(words, &page_.contact_line),
    );
    page(words, &page_.business, words.code_heading, &body)
}

/// Somebody's place on the list.
pub fn list(token: &str, shown: &ListPage) -> String {
    let words = shown.words;
    let again = shown.slug.as_ref().map(|slug| {
        format!(
            "<p><a href=\"/w/{}?lang={}\">{}</a></p>",
            esc(slug),
            words.code,
            esc(words.again)
        )
    });
    let stays = format!(
        "<form method=\"post\" action=\"/l/{}/stay\" class=\"card\"><p>{}</p><button class=\"primary\">{}</button></form>\n",
        esc(token),
        esc(words.still_waiting),
        esc(words.stay)
    );
    let (heading, body) = if shown.waits {
        let body = format!(
            "<p role=\"status\">{}</p>\n{}<details class=\"card\"><summary>{leave}</summary><p>{}</p>\
             <form method=\"post\" action=\"/l/{}/leave\"><button class=\"danger\">{}</button></form></details>\n",
            esc(&words.with(words.on_list_lead, &shown.business)),
            if shown.asked { stays.as_str() } else { "" },
            esc(words.leave_question),
            esc(token),
            esc(words.leave_yes),
            leave = esc(words.leave),
        );
        (words.on_list, body)
    } else {
        let body = format!(
            "<p role=\"status\">{}</p>\n{}\n",
            esc(words.left_lead),
            again.unwrap_or_default()
        );
        (words.left, body)
    };
    let kept = format!("<footer><p>{}</p></footer>\n", esc(words.keep_it));
    let footer = footer(words, &shown.contact_line);
    page(words, &shown.business, heading, &format!("{body}{footer}{kept}"))
}

fn languages(page_: &FormPage) -> String {
    let others = ALL.into_iter().filter(|words| words.code != page_.words.code);
    let links: String = others
        .map(|words| {
            format!(
                "<a lang=\"{code}\" hreflang=\"{code}\" href=\"/w/{}?lang={code}\">{}</a>",
                esc(&page_.slug),
                esc(words.name),
                code = words.code
            )
        })
        .collect();
    format!("<p class=\"languages\">{links}</p>\n")
}

/// What has to be put right, at the top, where whoever can't see the page hears it first.
fn summary(words: &Words, wrong: &[Wrong]) -> String {
    if wrong.is_empty() {
        return String::new();
    }
    let all: String = wrong
        .iter()
        .map(|one| format!("<li><a href=\"#{}\">{}</a></li>", place(one.field), esc(one.says)))
        .collect();
    format!(
        "<section class=\"card summary\" role=\"alert\"><p>{}</p><ul>{all}</ul></section>\n",
        esc(words.look_again)
    )
}

fn place(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Phone => "phone",
        Field::Types => "type",
        Field::Places => "place",
        Field::When => "part",
        Field::Notes => "notes",
        Field::Agree => "agree",
        Field::Code => "code",
    }
}

fn said(wrong: &[Wrong], field: Field) -> Option<&'static str> {
    wrong.iter().find(|one| one.field == field).map(|one| one.says)
}

/// What marks a field that has to be put right, and what says why.
fn described(id: &str, says: Option<&str>) -> (String, String) {
    match says {
        Some(says) => (
            format!(" aria-invalid=\"true\" aria-describedby=\"{id}-error\""),
            format!("<p id=\"{id}-error\" class=\"error\">{}</p>", esc(says)),
        ),
        None => (String::new(), String::new()),
    }
}

fn line((name, label, hint): (&str, &str, &str), value: &str, how: &str, says: Option<&str>) -> String {
    let (described, error) = described(name, says);
    let hint = if hint.is_empty() {
        String::new()
    } else {
        format!("<p class=\"hint\">{}</p>", esc(hint))
    };
    format!(
        "<label for=\"{name}\">{}</label>{hint}{error}<input id=\"{name}\" name=\"{name}\" {how} required value=\"{}\"{described}>\n",
        esc(label),
        esc(value)
    )
}

fn chips(name: &str, (label, hint): (&str, &str), all: &[(String, &str)], chosen: &[String], says: Option<&str>) -> String {
    let (described, error) = described(name, says);
    let boxes: String = all
        .iter()
        .map(|(value, label)| {
            let ticked = if chosen.contains(value) { " checked" } else { "" };
            format!(
                "<label><input type=\"checkbox\" name=\"{name}\" value=\"{}\"{ticked}>{}</label>",
                esc(value),
                esc(label)
            )
        })
        .collect();
    format!(
        "<fieldset id=\"{name}\"{described}><legend>{}</legend><p class=\"hint\">{}</p>{error}<div class=\"chips\">{boxes}</div></fieldset>\n",
        esc(label),
        esc(hint)
    )
}

fn notice(words: &Words, typed: &Typed) -> String {
    let options: String = NOTICES
        .iter()
        .zip(words.notices)
        .map(|(minutes, label)| {
            let chosen = if typed.notice == minutes.to_string() {
                " selected"
            } else {
                ""
            };
            format!("<option value=\"{minutes}\"{chosen}>{}</option>", esc(label))
        })
        .collect();
    format!(
        "<label for=\"notice\">{}</label><select id=\"notice\" name=\"notice\">{options}</select>\n",
        esc(words.notice)
    )
}

fn notes(words: &Words, typed: &Typed, says: Option<&str>) -> String {
    let (described, error) = described("notes", says);
    // A line break right behind the tag is left out by browsers: without one of ours theirs would be lost.
    format!(
        "<label for=\"notes\">{}</label><p class=\"hint\">{}</p>{error}\
         <textarea id=\"notes\" name=\"notes\" rows=\"3\" maxlength=\"{LONGEST_NOTE}\"{described}>\n{}</textarea>\n",
        esc(words.notes),
        esc(words.notes_hint),
        esc(&typed.notes)
    )
}

/// What was typed, for the next step.
fn carried(words: &Words, typed: &Typed) -> String {
    let mut html = String::new();
    let mut field = |name: &str, value: &str| {
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", esc(value));
    };
    field("lang", words.code);
    field("name", &typed.name);
    field("phone", &typed.phone);
    for (name, all) in [
        ("type", &typed.types),
        ("place", &typed.places),
        ("part", &typed.parts),
        ("day", &typed.days),
    ] {
        for one in all {
            field(name, one);
        }
    }
    field("notice", &typed.notice);
    field("notes", &typed.notes);
    if typed.agrees {
        field("agree", "yes");
    }
    html
}

fn footer(words: &Words, contact_line: &str) -> String {
    if contact_line.is_empty() {
        return String::new();
    }
    format!("<footer><p>{} {}</p></footer>\n", esc(words.questions), esc(contact_line))
}
