//! What a mail says, written once: its plain text and its HTML are both made of this, so that neither says what the other does not.

use serde::{Deserialize, Serialize};

/// A mail's paragraphs, in their order. Everything in it is plain text; what means something in HTML is escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Paragraph(String),
    Link {
        words: String,
        url: String,
    },
    Button {
        words: String,
        url: String,
    },
    /// What need not be read.
    Small(String),
    /// What a machine reads: JSON of a kind.
    Data {
        kind: String,
        json: String,
    },
}

const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:6px;background:#1d4ed8;color:#ffffff;text-decoration:none;font-weight:600";
const BODY: &str = "margin:0 auto;padding:24px;max-width:36em;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5";

impl Letter {
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Part::Paragraph(text.into()))
    }

    #[must_use]
    pub fn link(self, words: impl Into<String>, url: impl Into<String>) -> Self {
        let (words, url) = (words.into(), url.into());
        self.with(Part::Link { words, url })
    }

    /// A link that stands out: what the mail is about is done there.
    #[must_use]
    pub fn button(self, words: impl Into<String>, url: impl Into<String>) -> Self {
        let (words, url) = (words.into(), url.into());
        self.with(Part::Button { words, url })
    }

    /// Why somebody got it, and the like.
    #[must_use]
    pub fn small(self, text: impl Into<String>) -> Self {
        self.with(Part::Small(text.into()))
    }

    /// What a machine reads and no person sees.
    #[must_use]
    pub fn data(self, kind: impl Into<String>, json: &serde_json::Value) -> Self {
        let (kind, json) = (kind.into(), json.to_string());
        self.with(Part::Data { kind, json })
    }

    /// A letter that was stored as its text: paragraphs with empty lines between. Words with an address of ours (`base`) beneath them are a
    /// button again.
    #[must_use]
    pub fn read(text: &str, base: &str) -> Self {
        let ours = |url: &str| {
            let inside = url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
            inside && !url.contains(char::is_whitespace)
        };
        text.split("\n\n")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .fold(Self::default(), |letter, part| match part.rsplit_once(":\n") {
                Some((words, url)) if !words.contains('\n') && ours(url) => letter.button(words, url),
                _ => letter.paragraph(part),
            })
    }

    /// Addresses of its buttons.
    pub fn buttons(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Button { url, .. } => Some(url.as_str()),
            _ => None,
        })
    }

    /// The same, to somebody by name.
    #[must_use]
    pub fn to(mut self, name: &str) -> Self {
        self.0.insert(0, Part::Paragraph(format!("Hello {name},")));
        self
    }

    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// For programs that show no HTML.
    pub fn text(&self) -> String {
        let parts = self.0.iter().filter_map(|part| match part {
            Part::Data { .. } => None,
            Part::Paragraph(text) | Part::Small(text) => Some(text.clone()),
            Part::Link { words, url } | Part::Button { words, url } => Some(format!("{words}:\n{url}")),
        });
        parts.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// A whole page, with nothing in it that would have to be fetched.
    pub fn html(&self, language: &str) -> String {
        let parts: String = self.0.iter().map(Part::html).collect();
        format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\"></head>\n<body style=\"{BODY}\">\n{parts}</body>\n</html>\n"
        )
    }
}

impl Part {
    fn html(&self) -> String {
        match self {
            Part::Paragraph(text) => format!("<p>{}</p>\n", lines(text)),
            Part::Small(text) => format!("<p style=\"font-size:13px;opacity:.75\">{}</p>\n", lines(text)),
            // Nothing in it ends it: in JSON a bracket may be written by its number.
            Part::Data { kind, json } => {
                format!(
                    "<script type=\"{}\">{}</script>\n",
                    escape(kind),
                    json.replace('<', "\\u003c")
                )
            }
            Part::Link { words, url } => anchor(words, url, ""),
            Part::Button { words, url } => anchor(words, url, BUTTON),
        }
    }
}

/// A link to a page of the web; anything else that an address could do stays text.
fn anchor(words: &str, url: &str, style: &str) -> String {
    let (words, shown) = (escape(words), escape(url));
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return format!("<p>{words}: {shown}</p>\n");
    }
    format!("<p><a href=\"{shown}\" style=\"{style}\">{words}</a></p>\n")
}

fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_say_the_same() {
        let letter = Letter::default()
            .paragraph("Hello,\nit is \"open\" & <ready>.")
            .button("Look", "https://app.example/a?b=1&c='2'")
            .link("More", "http://app.example/")
            .small("You get this because…");
        let text = letter.text();
        assert_eq!(
            text,
            "Hello,\nit is \"open\" & <ready>.\n\nLook:\nhttps://app.example/a?b=1&c='2'\n\nMore:\nhttp://app.example/\n\nYou get this because…\n"
        );
        let html = letter.html("en");
        for part in [
            "<p>Hello,<br>\nit is &quot;open&quot; &amp; &lt;ready&gt;.</p>",
            "<a href=\"https://app.example/a?b=1&amp;c=&#39;2&#39;\"",
            ">Look</a>",
            "<a href=\"http://app.example/\"",
            "You get this because…</p>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn nothing_that_is_written_becomes_markup() {
        let bad = "</p><script>alert(1)</script>\" onclick=\"x";
        let letter = Letter::default()
            .paragraph(bad)
            .small(bad)
            .link(bad, format!("https://x.test/{bad}"))
            .button(bad, format!("javascript:{bad}"));
        let html = letter.html("en");
        assert!(!html.contains("<script") && !html.contains("\" onclick"), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
    }

    #[test]
    fn what_a_machine_reads_is_one_piece_and_no_person_sees_it() {
        let json = serde_json::json!({ "recipientName": "</script><b>Ann" });
        let letter = Letter::default().paragraph("Hello").data("application/json+x", &json);
        let html = letter.html("en");
        let inside = html
            .split("<script type=\"application/json+x\">")
            .nth(1)
            .and_then(|rest| rest.split("</script>").next());
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(inside.expect("a script")).expect("JSON"),
            json
        );
        assert_eq!(letter.text(), "Hello\n");
    }

    #[test]
    fn what_is_stored_as_text_is_the_same_letter_again() {
        let base = "https://app.example";
        let letter = Letter::default()
            .paragraph("Two lines\nof one paragraph.")
            .button("Confirm", "https://app.example/v/0123")
            .paragraph("The end.");
        assert_eq!(Letter::read(&letter.text(), base), letter);
        assert_eq!(letter.buttons().collect::<Vec<_>>(), ["https://app.example/v/0123"]);
        // An address of somebody else's is no button, however it is written.
        for text in [
            "Look:\nhttps://app.example.evil.test/v",
            "Look:\nhttps://app.example",
            "Look:\nhttps://app.example/v x",
        ] {
            assert_eq!(Letter::read(text, base).buttons().count(), 0, "{text}");
        }
    }

    #[test]
    fn it_is_kept_as_it_was() {
        let letter = Letter::default().paragraph("One").button("Two", "https://x.test/");
        let kept = serde_json::to_string(&letter).expect("JSON");
        assert_eq!(serde_json::from_str::<Letter>(&kept).expect("a letter"), letter);
    }
}
