//! The page's HTML. Everything that came from outside goes through [`escape`].

use std::fmt::Write as _;

use crate::pages::{document, escape, links};
use crate::state::State;
use crate::whatsapp::{ReviewPace, SimContent, Standing};

/// Contents shown.
const MAX: usize = 200;

/// What can be said about a template: the word, and what stands on its button.
const VERDICTS: [(&str, &str); 4] = [
    ("approved", "Approve"),
    ("rejected", "Reject"),
    ("paused", "Pause"),
    ("disabled", "Disable"),
];
const CATEGORIES: [&str; 3] = ["UTILITY", "MARKETING", "AUTHENTICATION"];

/// What the page shows, taken from the state in one look.
pub(super) struct View {
    /// Newest first.
    contents: Vec<(SimContent, Option<Standing>)>,
    hidden: usize,
    pace: ReviewPace,
}

impl View {
    pub fn of(state: &State) -> Self {
        let all = state.whatsapp.contents();
        let shown = all.iter().rev().take(MAX);
        let standing = |content: &SimContent| state.whatsapp.standing(&content.sid, state.now());
        Self {
            contents: shown.map(|c| (c.clone(), standing(c))).collect(),
            hidden: all.len().saturating_sub(MAX),
            pace: state.whatsapp.pace.clone(),
        }
    }
}

/// The whole page.
pub(super) fn page(view: &View) -> String {
    let body = format!(
        "<header class=\"top\"><div><h1>Templates</h1><p class=\"lead\"><strong>This is a simulator.</strong> \
         These are the templates your app made for WhatsApp. Here you are the one who looks at them.</p></div>{}</header>\
         <aside class=\"panels\" aria-label=\"Tools\">{}</aside>\
         <main data-clock><h2 class=\"sr\">Templates</h2><div id=\"cards\" class=\"cards\">{}</div>\
         <p id=\"footnote\" class=\"muted footnote\">{}</p></main>",
        links("/templates"),
        pace(&view.pace),
        view.contents
            .iter()
            .map(|(content, standing)| card(content, standing.as_ref()))
            .collect::<String>(),
        footnote(view),
    );
    document("Templates", &body)
}

/// For a form that could not be understood.
pub(super) fn refusal() -> String {
    let body = "<main><h1>That did not work</h1><p>A template must have been handed in, and a word must be said about it; a pace needs \
                its seconds.</p><p><a href=\"/templates\">Back to the templates</a></p></main>";
    document("Not understood", body)
}

fn footnote(view: &View) -> String {
    match (view.contents.is_empty(), view.hidden) {
        (true, _) => "No template yet. What your app makes appears here at once.".to_owned(),
        (false, 0) => String::new(),
        (false, hidden) => format!("{hidden} older ones are not shown."),
    }
}

fn pace(pace: &ReviewPace) -> String {
    format!(
        "<details class=\"panel\" id=\"pace\"><summary>Who decides <span class=\"count\">{}</span></summary>\
         <form method=\"post\" action=\"/templates/pace\" class=\"fields\">\
         <label class=\"check\"><input type=\"checkbox\" name=\"by_itself\" value=\"1\"{}> By itself, after a while</label>\
         <label>Pending after, in s<input name=\"pending_after\" type=\"number\" min=\"0\" required value=\"{}\"></label>\
         <label>Decided after, in s<input name=\"decided_after\" type=\"number\" min=\"0\" required value=\"{}\"></label>\
         <label>Becomes<select name=\"category\"><option value=\"\">what was asked for</option>{}</select></label>\
         <button class=\"primary\">Keep</button></form></details>",
        if pace.by_itself { "the clock" } else { "you" },
        if pace.by_itself { " checked" } else { "" },
        pace.pending_after,
        pace.decided_after,
        options(&CATEGORIES, pace.category.as_deref()),
    )
}

fn options(all: &[&str], chosen: Option<&str>) -> String {
    let one = |word: &&str| {
        let selected = if chosen == Some(*word) { " selected" } else { "" };
        format!("<option{selected}>{word}</option>")
    };
    all.iter().map(one).collect()
}

fn card(content: &SimContent, standing: Option<&Standing>) -> String {
    let status = standing.map_or("unsubmitted", |s| s.status.as_str());
    format!(
        "<article class=\"card\" id=\"{0}\" aria-labelledby=\"{0}-name\"><header><h3 id=\"{0}-name\">{1}</h3>\
         <p><span class=\"status {2}\">{2}</span></p></header><dl>{3}</dl>{4}{5}</article>",
        content.sid,
        escape(name(content)),
        escape(status),
        facts(content, standing),
        preview(content),
        verdict(content, standing),
    )
}

fn name(content: &SimContent) -> &str {
    match content.friendly_name.as_str() {
        "" => "No name",
        name => name,
    }
}

fn facts(content: &SimContent, standing: Option<&Standing>) -> String {
    let mut facts = String::new();
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            let _infallible = write!(facts, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(value));
        }
    };
    fact("SID", &content.sid);
    fact("Account", &content.account_sid);
    fact("Language", &content.language);
    fact("Kinds", &content.types.keys().cloned().collect::<Vec<_>>().join(", "));
    if let (Some(approval), Some(standing)) = (&content.approval, standing) {
        fact("Name", &approval.name);
        fact("Category", &standing.category);
        fact("Handed in", &approval.submitted_at.format("%-d %b, %H:%M:%S UTC").to_string());
        fact("Rejected because", &standing.rejection_reason);
    }
    facts
}

/// As the person will see it, with the samples in their places.
fn preview(content: &SimContent) -> String {
    let words = content.body(content.richest());
    let mut html = String::new();
    let mut rest = words;
    while let Some((before, from)) = rest.split_once("{{") {
        html.push_str(&escape(before));
        let Some((key, after)) = from.split_once("}}") else {
            html.push_str("{{");
            rest = from;
            continue;
        };
        let sample = content.variables.get(key.trim()).map_or("", String::as_str);
        let _infallible = write!(html, "<mark title=\"{{{{{}}}}}\">{}</mark>", escape(key), escape(sample));
        rest = after;
    }
    html.push_str(&escape(rest));
    let buttons: String = content
        .buttons()
        .iter()
        .map(|b| format!("<li title=\"{}\">{}</li>", escape(&b.id), escape(&b.title)))
        .collect();
    let buttons = if buttons.is_empty() {
        buttons
    } else {
        format!("<ul class=\"taps\" aria-label=\"Buttons\">{buttons}</ul>")
    };
    format!("<div class=\"preview\"><p class=\"bubble\">{html}</p>{buttons}</div>")
}

/// Nothing can be said about what was not handed in.
fn verdict(content: &SimContent, standing: Option<&Standing>) -> String {
    let Some(standing) = standing else {
        return "<p class=\"muted\">Not handed in yet.</p>".to_owned();
    };
    let buttons: String = VERDICTS
        .iter()
        .filter(|(word, _)| *word != standing.status)
        .map(|(word, label)| format!("<button name=\"status\" value=\"{word}\">{label}</button>"))
        .collect();
    format!(
        "<form method=\"post\" action=\"/templates/say\"><input type=\"hidden\" name=\"sid\" value=\"{sid}\"><div class=\"fields\">\
         <label>Category<select name=\"category\">{}</select></label>\
         <label>Language there<input name=\"language\" autocomplete=\"off\" size=\"6\" value=\"{}\"></label>\
         <label>Reason, if rejected<input name=\"reason\" autocomplete=\"off\" placeholder=\"INVALID_FORMAT. …\"></label></div>\
         <div class=\"quick\" role=\"group\" aria-label=\"Decide about {}\">{buttons}</div></form>",
        options(&CATEGORIES, Some(&standing.category)),
        escape(&standing.language),
        escape(name(content)),
        sid = content.sid,
    )
}
