//! The panel that arms faults.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::Value;

use super::escape;
use crate::faults::{Fault, FaultKind};
use crate::form::Form;
use crate::shared::Shared;

/// A fault's kind, its name in forms, its button, and what it does.
pub(crate) type Button = (FaultKind, &'static str, &'static str, &'static str);

/// The faults of one page.
pub(crate) struct Panel {
    /// The page; its forms are posted to `faults` and `faults/clear` below it.
    pub page: &'static str,
    /// What meets the faults: one, and several.
    pub nouns: [&'static str; 2],
    /// What is said while none is armed.
    pub calm: &'static str,
    /// The fields that go with the buttons.
    pub fields: &'static str,
    pub buttons: &'static [Button],
    /// Whether a kind belongs on this page.
    pub holds: fn(FaultKind) -> bool,
}

impl Panel {
    pub fn html(&self, armed: &[Fault]) -> String {
        let buttons: String = self
            .buttons
            .iter()
            .map(|(_, name, label, words)| {
                format!("<button name=\"kind\" value=\"{name}\" title=\"{words}\"><b>{label}</b><small>{words}</small></button>")
            })
            .collect();
        let armed: Vec<&Fault> = armed.iter().filter(|fault| (self.holds)(fault.kind)).collect();
        let count = match armed.len() {
            0 => "none armed".to_owned(),
            some => format!("{some} armed"),
        };
        format!(
            "<details class=\"panel\" id=\"faults\"><summary>Faults <span id=\"armed-count\" class=\"count\">{count}</span></summary>\
             <div id=\"armed\" aria-live=\"polite\">{}</div>\
             <form method=\"post\" action=\"{}/faults\"><div class=\"fields\">{}</div>\
             <div class=\"kinds\" role=\"group\" aria-label=\"Arm a fault\">{buttons}</div></form></details>",
            self.list(&armed),
            self.page,
            self.fields,
        )
    }

    fn list(&self, armed: &[&Fault]) -> String {
        if armed.is_empty() {
            return format!("<p class=\"muted\">{}</p>", self.calm);
        }
        let items: String = armed
            .iter()
            .map(|fault| format!("<li>{}</li>", escape(&self.label(fault))))
            .collect();
        format!(
            "<ul class=\"armed\">{items}</ul><form method=\"post\" action=\"{}/faults/clear\"><button>Disarm all</button></form>",
            self.page
        )
    }

    fn label(&self, fault: &Fault) -> String {
        let button = self.buttons.iter().find(|(kind, ..)| *kind == fault.kind);
        let label = button.map_or("", |(_, _, label, _)| label);
        let [one, several] = self.nouns;
        let mut words = match fault.count {
            1 => format!("{label} — next {one}"),
            count => format!("{label} — next {count} {several}"),
        };
        if let Some(to) = &fault.to {
            words.push_str(&format!(" to {to}"));
        }
        let details = [
            fault.code.map(|n| format!("code {n}")),
            fault.status.clone(),
            fault.ms.map(|n| format!("{n} ms")),
            fault.times.map(|n| format!("{n} copies")),
        ];
        for detail in details.into_iter().flatten() {
            words.push_str(", ");
            words.push_str(&detail);
        }
        words
    }

    /// Arms what the form says; `refusal` is the page for one that can't be understood.
    pub fn arm(&self, shared: &Shared, form: &Form, refusal: impl FnOnce() -> String) -> Response {
        match read(form).filter(|fault| (self.holds)(fault.kind)) {
            Some(fault) => {
                shared.write(|state| state.arm(fault));
                Redirect::to(self.page).into_response()
            }
            None => (StatusCode::BAD_REQUEST, Html(refusal())).into_response(),
        }
    }

    /// Disarms the faults of this page.
    pub fn disarm(&self, shared: &Shared) -> Redirect {
        shared.write(|state| state.disarm(self.holds));
        Redirect::to(self.page)
    }
}

fn read(form: &Form) -> Option<Fault> {
    let kind = serde_json::from_value(Value::String(form.get("kind")?.to_owned())).ok()?;
    Some(Fault {
        kind,
        count: number(form, "count").unwrap_or(1),
        to: form.filled("to").map(|to| to.trim().to_owned()),
        code: number(form, "code"),
        status: form.filled("status").map(|status| status.trim().to_owned()),
        ms: number(form, "ms"),
        times: number(form, "times"),
    })
}

fn number<T: std::str::FromStr>(form: &Form, name: &str) -> Option<T> {
    form.get(name)?.trim().parse().ok()
}
