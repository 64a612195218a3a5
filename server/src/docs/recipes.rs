//! Jobs that programs do, each in three languages. What is shown is what is run: files of `docs/recipes`.

use std::fmt::Write as _;

use axum::response::Response;

use super::page;
use crate::visit_page::html::esc;

struct Recipe {
    name: &'static str,
    title: &'static str,
    words: &'static str,
    /// curl, JavaScript, Python.
    code: [&'static str; 3],
}

macro_rules! recipe {
    ($name:literal, $title:literal, $words:literal) => {
        Recipe {
            name: $name,
            title: $title,
            words: $words,
            code: [
                include_str!(concat!("../../../docs/recipes/", $name, ".sh")),
                include_str!(concat!("../../../docs/recipes/", $name, ".mjs")),
                include_str!(concat!("../../../docs/recipes/", $name, ".py")),
            ],
        }
    };
}

const LANGUAGES: [(&str, &str); 3] = [("curl", "sh"), ("JavaScript", "mjs"), ("Python", "py")];

const RECIPES: [Recipe; 7] = [
    recipe!(
        "showup",
        "What the others use",
        "One function that asks. SHOWUP_URL is where Showup is, SHOWUP_KEY your key; neither belongs into a program’s text."
    ),
    recipe!(
        "contacts",
        "Add people, or bring them up to date",
        "Up to 200 at once, and each row says what became of it. Sent again, nothing changes. Nobody is texted without a yes: opt_in says where it was given."
    ),
    recipe!(
        "visit",
        "Book, move and cancel a visit",
        "Your own id of the visit (external_id) makes it one visit, however often it is sent. Reminders follow it by themselves."
    ),
    recipe!(
        "text",
        "Send a text once",
        "An Idempotency-Key of your own makes it one text, even if you had to ask twice because the answer was lost."
    ),
    recipe!(
        "sync",
        "Read what has changed",
        "Keep the updated_at of the last row and ask from there the next time. Contacts, tasks, conversations and the waitlist are read alike."
    ),
    recipe!(
        "webhook",
        "Hear what happens",
        "Told at least once and in order for each thing: remember webhook-id and do nothing twice. Check the signature by a library of standardwebhooks.com, with the body as it came."
    ),
    recipe!(
        "trigger",
        "Have a text sent by calling an address",
        "For systems that can do no more than that. The same reference within a day is one text."
    ),
];

pub async fn show() -> Response {
    let mut body = String::new();
    for recipe in &RECIPES {
        let _ = write!(
            body,
            "<section class=\"card\" id=\"{}\"><h2>{}</h2><p>{}</p>",
            recipe.name,
            esc(recipe.title),
            esc(recipe.words)
        );
        for ((language, ending), code) in LANGUAGES.iter().zip(recipe.code) {
            // What can be scrolled must be reached without a mouse.
            let _ = write!(
                body,
                "<h3>{language}</h3><pre tabindex=\"0\" role=\"region\" aria-label=\"{}.{ending}\"><code>{}</code></pre>",
                recipe.name,
                esc(code)
            );
        }
        body.push_str("</section>\n");
    }
    page("Recipes", &body)
}
