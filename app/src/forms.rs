//! Forms that work with and without JavaScript: what was typed stays, and what is wrong stands at its field.

use std::collections::BTreeMap;

use contract::Problem;
use leptos::{html, prelude::*, server_fn::ServerFn};

use crate::{error::AppError, flash::Flash};

/// One form on a page: its fields ask it for what was typed and what is wrong.
#[derive(Clone, Copy)]
pub struct FormState {
    name: StoredValue<String>,
    typed: StoredValue<BTreeMap<String, String>>,
    pub problem: Signal<Option<Problem>>,
    pub pending: Signal<bool>,
    pub saved: Signal<bool>,
}

impl FormState {
    /// `flash` is only believed if it is this form's.
    pub fn new<S>(name: &str, action: ServerAction<S>, flash: Option<Flash>) -> Self
    where
        S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + 'static,
    {
        let flash = flash.filter(|flash| flash.form == name);
        let (typed, before) = flash.map_or_else(|| (BTreeMap::new(), None), |f| (f.typed, Some(f.problem)));
        let value = action.value();
        let problem = {
            let before = before.clone().flatten();
            Signal::derive(move || {
                value.with(|value| match value {
                    Some(Err(AppError(problem))) => Some(problem.clone()),
                    Some(Ok(_)) => None,
                    None => before.clone(),
                })
            })
        };
        let was_saved = matches!(before, Some(None));
        let saved = Signal::derive(move || value.with(|value| value.as_ref().map_or(was_saved, Result::is_ok)));
        Self {
            name: StoredValue::new(name.to_owned()),
            typed: StoredValue::new(typed),
            problem,
            pending: action.pending().into(),
            saved,
        }
    }

    /// What was typed into `field`, else `otherwise`.
    pub fn value(&self, field: &str, otherwise: impl Into<String>) -> String {
        self.typed
            .with_value(|typed| typed.get(field).cloned())
            .unwrap_or_else(|| otherwise.into())
    }

    /// Whether the form is shown again after it was refused.
    pub fn is_shown_again(&self) -> bool {
        self.typed.with_value(|typed| !typed.is_empty())
    }

    /// For a form that makes something new each time: grows when that was made, and fields that are drawn anew by it are empty again.
    pub fn round(self) -> RwSignal<u32> {
        let forget = move || self.typed.set_value(BTreeMap::new());
        if self.saved.get_untracked() {
            forget();
        }
        let round = RwSignal::new(0);
        Effect::new(move |before: Option<()>| {
            if self.saved.get() && before.is_some() {
                forget();
                round.update(|n| *n += 1);
            }
        });
        round
    }

    fn error(self, field: &'static str) -> Signal<Option<String>> {
        let problem = self.problem;
        Signal::derive(move || problem.with(|p| p.as_ref().and_then(|p| p.for_field(field).map(str::to_owned))))
    }

    fn id(&self, field: &str) -> String {
        self.name.with_value(|name| format!("{name}-{field}"))
    }
}

/// What is wrong with the form as a whole, or that it was saved.
#[component]
pub fn FormNote(form: FormState, #[prop(optional, into)] saved: String) -> impl IntoView {
    let problem = move || {
        form.problem.with(|p| {
            p.as_ref().map(|p| {
                if p.fields.is_empty() {
                    p.detail.clone()
                } else {
                    p.title.clone()
                }
            })
        })
    };
    let ok = move || (form.saved.get() && !saved.is_empty()).then(|| saved.clone());
    view! {
        <p role="alert" class="text-sm font-semibold text-error empty:hidden">{problem}</p>
        <p role="status" class="text-sm font-semibold text-success empty:hidden">{ok}</p>
    }
}

/// Leads to what the form collides with: `path` and its id.
#[component]
pub fn Collision(form: FormState, path: &'static str, words: &'static str) -> impl IntoView {
    let other = move || form.problem.with(|p| p.as_ref().and_then(|p| p.conflicts_with));
    let link = move |id| {
        view! {
            <a class="link w-fit text-sm" href=format!("{path}/{id}")>
                {words}
            </a>
        }
    };
    move || other().map(link)
}

/// A labelled input. `hint` says what is expected; the server's words about this field stand below it.
#[component]
pub fn Field(
    form: FormState,
    name: &'static str,
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] list: Option<&'static str>,
) -> impl IntoView {
    let id = form.id(name);
    let note = format!("{id}-note");
    let error = form.error(name);
    let input = NodeRef::<html::Input>::new();
    if autocomplete == "current-password" {
        // A password that was refused is typed again, as after loading the page.
        Effect::new(move |_| {
            if let (Some(_), Some(input)) = (form.problem.get(), input.get()) {
                input.set_value("");
            }
        });
    }
    view! {
        <div class="flex flex-col gap-1">
            <label for=id.clone() class="field-label">
                {label}
            </label>
            <input
                node_ref=input
                id=id
                name=name
                type=kind
                class="input w-full"
                class:input-error=move || error.read().is_some()
                value=form.value(name, value)
                autocomplete=autocomplete
                required=required
                list=list
                dir="auto"
                aria-invalid=move || error.read().is_some().to_string()
                aria-describedby=note.clone()
            />
            <FieldNote id=note error hint />
        </div>
    }
}

/// A labelled text of several lines.
#[component]
pub fn Area(
    form: FormState,
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let id = form.id(name);
    let note = format!("{id}-note");
    let error = form.error(name);
    view! {
        <div class="flex flex-col gap-1">
            <label for=id.clone() class="field-label">
                {label}
            </label>
            <textarea
                id=id
                name=name
                rows="3"
                class="textarea w-full"
                class:textarea-error=move || error.read().is_some()
                required=required
                dir="auto"
                aria-invalid=move || error.read().is_some().to_string()
                aria-describedby=note.clone()
                inner_html=as_text(&form.value(name, value))
            ></textarea>
            <FieldNote id=note error hint />
        </div>
    }
}

/// What stands in a `<textarea>` or a `<title>`, for `inner_html`: what is in them Leptos writes as it is, so a `<` would begin an element.
pub fn as_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A labelled choice of one among `options` (value, words).
#[component]
pub fn Choice(
    form: FormState,
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] required: bool,
    #[prop(optional)] node: NodeRef<html::Select>,
) -> impl IntoView {
    let id = form.id(name);
    let note = format!("{id}-note");
    let error = form.error(name);
    let chosen = form.value(name, value);
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="flex flex-col gap-1">
            <label for=id.clone() class="field-label">
                {label}
            </label>
            <select
                node_ref=node
                id=id
                name=name
                class="select w-full"
                class:select-error=move || error.read().is_some()
                required=required
                aria-invalid=move || error.read().is_some().to_string()
                aria-describedby=note.clone()
            >
                {options}
            </select>
            <FieldNote id=note error hint />
        </div>
    }
}

/// A labelled box to tick: `yes` if it was. What was saved with it is not asked for by the next time.
#[component]
pub fn Check(form: FormState, name: &'static str, label: &'static str, #[prop(optional, into)] hint: String) -> impl IntoView {
    let id = form.id(name);
    let note = format!("{id}-note");
    let error = form.error(name);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let (true, Some(input)) = (form.saved.get(), input.get()) {
            input.set_checked(false);
        }
    });
    view! {
        <div class="flex flex-col gap-1">
            <label class="flex min-h-11 items-center gap-2.5">
                <input
                    node_ref=input
                    id=id
                    type="checkbox"
                    name=name
                    value="yes"
                    class="checkbox"
                    aria-invalid=move || error.read().is_some().to_string()
                    aria-describedby=note.clone()
                />
                {label}
            </label>
            <FieldNote id=note error hint />
        </div>
    }
}

#[component]
fn FieldNote(id: String, error: Signal<Option<String>>, hint: String) -> impl IntoView {
    view! {
        <p id=id>
            <span class="field-error block empty:hidden">{move || error.get()}</span>
            <span class="field-hint block empty:hidden">{hint}</span>
        </p>
    }
}

/// The button that sends the form; a `quiet` one where something else is the main thing on the page.
#[component]
pub fn Submit(form: FormState, label: &'static str, #[prop(optional)] quiet: bool) -> impl IntoView {
    let class = if quiet {
        "btn btn-ghost min-h-11"
    } else {
        "btn btn-primary min-h-11"
    };
    view! {
        <button type="submit" class=class aria-busy=move || form.pending.get().to_string()>
            {label}
        </button>
    }
}
