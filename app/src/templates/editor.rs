//! Where a text is written: how it would arrive is shown beside it, on a visit of the business, with everything that is wrong with it.

use contract::templates::{TemplatePage, TemplatePreview, TemplateWarning, TrialVisit};
use domain::{permissions::Permission, prices, templates::Variable};
use leptos::{ev::Event, prelude::*, server_fn::ServerFn};

use super::{
    Approved, FORM, PreviewTyped, SaveTemplate, Whose,
    history::{History, Reset},
    typed,
    writing::{PAUSE, Writing},
};
use crate::{
    components::Icon,
    forms::{FormNote, FormState, Submit, as_text},
    session::use_session,
};

/// The form's id: the visit that it is tried with stands beside it.
const WRITTEN: &str = "template-form";

#[component]
pub fn Editor(open: TemplatePage) -> impl IntoView {
    let session = use_session();
    let may_write = session.may(Permission::WriteTemplates);
    let visits = open.visits.clone();
    let writing = Writing::new(open);
    let form = may_write.then(|| view! { <Form writing /> });
    let facts = (!may_write).then(|| view! { <p class="text-sm text-muted">"Only owners and admins change this."</p> });
    let own = move || writing.template.with(|one| one.own);
    let approval = move || {
        writing.template.with(|one| one.approval.clone()).map(|of| {
            view! {
                <div class="flex flex-col gap-1">
                    <Approved of />
                    <a class="link w-fit text-sm" href="/settings/numbers#wordings-heading">"Templates on WhatsApp, and handing them in"</a>
                </div>
            }
        })
    };
    view! {
        <p class="flex items-center gap-2">
            {move || view! { <Whose own=own() /> }}
        </p>
        {approval}
        <div class="grid items-start gap-4 lg:grid-cols-2">
            <section class="panel flex flex-col gap-3 p-5" aria-labelledby="write-heading">
                <h2 id="write-heading">"The text"</h2>
                {facts}
                {form}
                {move || (may_write && own()).then(|| view! { <Reset writing /> })}
            </section>
            <section class="panel flex flex-col gap-3 p-5" aria-labelledby="arrives-heading">
                <h2 id="arrives-heading">"How it arrives"</h2>
                <Trial writing visits />
                <Shown writing />
            </section>
        </div>
        <History writing may_write />
    }
}

#[component]
fn Form(writing: Writing) -> impl IntoView {
    let action = ServerAction::<SaveTemplate>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    let now = writing.template.get_untracked();
    // What was typed before the page was loaded anew.
    let before = typed(use_session());
    let said = |name: &str, otherwise: String| before.get(name).cloned().unwrap_or(otherwise);
    let body = said("body", now.body);
    let subject = said("subject", now.subject.clone().unwrap_or_default());
    writing.body.set(body.clone());
    let mail = now.channel == "email";
    Effect::new(move |_| {
        if let Some(Ok(saved)) = action.value().get() {
            writing.became(saved);
        }
    });
    let mut pause = debounce(PAUSE, move |()| writing.show());
    let typed = move |event: Event| {
        writing.body.set(event_target_value(&event));
        pause(());
    };
    let mut pause = debounce(PAUSE, move |()| writing.show());
    let line_typed = move |event: Event| {
        writing.subject.set(Some(event_target_value(&event)));
        pause(());
    };
    let wrong = move || {
        let fields = form
            .problem
            .with(|problem| problem.as_ref().map(|problem| problem.fields.clone()).unwrap_or_default());
        fields
            .into_iter()
            .map(|field| view! { <li class="field-error">{field.message}</li> })
            .collect_view()
    };
    let is_wrong = move || {
        form.problem
            .with(|problem| problem.as_ref().is_some_and(|problem| !problem.fields.is_empty()))
    };
    let line = mail.then(|| {
        view! {
            <div class="flex flex-col gap-1">
                <label for="template-subject" class="field-label">"Subject"</label>
                <input
                    node_ref=writing.line
                    id="template-subject"
                    name="subject"
                    class="input w-full"
                    value=subject
                    dir="auto"
                    autocomplete="off"
                    on:input=line_typed
                />
            </div>
        }
    });
    view! {
        <ActionForm action attr:id=WRITTEN attr:class="flex flex-col gap-3">
            <FormNote form saved="Saved. From now on this is what customers get." />
            <input type="hidden" name="kind" value=now.kind />
            <input type="hidden" name="channel" value=now.channel />
            <input type="hidden" name="language" value=now.language />
            <input type="hidden" name="version" value=move || writing.template.with(|one| one.version.to_string()) autocomplete="off" />
            {line}
            <div class="flex flex-col gap-1">
                <label for="template-body" class="field-label">"Words"</label>
                <textarea
                    node_ref=writing.area
                    id="template-body"
                    name="body"
                    rows="7"
                    class="textarea w-full"
                    class:textarea-error=is_wrong
                    required
                    dir="auto"
                    aria-invalid=move || is_wrong().to_string()
                    aria-describedby="template-wrong"
                    on:input=typed
                    inner_html=as_text(&body)
                ></textarea>
                <ul id="template-wrong" class="flex list-inside list-disc flex-col gap-1">{wrong}</ul>
            </div>
            <Variables writing names=now.variables needed=now.needed />
            <div class="flex flex-wrap items-center gap-2">
                <Submit form label="Save text" />
                <button
                    type="submit"
                    class="btn min-h-11"
                    formaction=PreviewTyped::url()
                    formnovalidate
                    on:click=move |event| {
                        event.prevent_default();
                        writing.show();
                    }
                >
                    "Show how it arrives"
                </button>
            </div>
        </ActionForm>
    }
}

/// What can be put into it, each as a button.
#[component]
fn Variables(writing: Writing, names: Vec<String>, needed: Vec<String>) -> impl IntoView {
    let buttons = names
        .into_iter()
        .map(|name| {
            let label = name.parse::<Variable>().map_or("", Variable::label);
            let must = needed.contains(&name);
            let written = format!("{{{{ {name} }}}}");
            view! {
                <li class="flex flex-wrap items-baseline gap-x-2">
                    <button
                        type="button"
                        class="btn btn-ghost btn-sm min-h-11 font-mono md:min-h-8"
                        aria-label=format!("Insert {name}")
                        on:click=move |_| writing.insert(&name)
                    >
                        {written}
                    </button>
                    <span class="text-sm text-muted">{label} {must.then_some(" (needed)")}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"What can stand in it"</summary>
            <ul class="flex flex-col pt-1">{buttons}</ul>
            <p class="pt-2 text-sm text-muted">
                "What not everybody has is written between " <code>"{% if staff %}"</code> " and " <code>"{% endif %}"</code> "."
            </p>
        </details>
    }
}

/// The visit it is tried with.
#[component]
fn Trial(writing: Writing, visits: Vec<TrialVisit>) -> impl IntoView {
    let chosen = typed(use_session()).get("visit").cloned().unwrap_or_default();
    writing.visit.set(chosen.parse().ok());
    let options = visits
        .into_iter()
        .map(|visit| {
            let id = visit.id.to_string();
            let selected = id == chosen;
            view! { <option value=id selected=selected>{visit.label}</option> }
        })
        .collect_view();
    let choose = move |event: Event| {
        writing.visit.set(event_target_value(&event).parse().ok());
        writing.show();
    };
    view! {
        <div class="flex flex-col gap-1">
            <label for="trial-visit" class="field-label">"About"</label>
            <select id="trial-visit" name="visit" form=WRITTEN class="select w-full" autocomplete="off" on:change=choose>
                <option value="">"An invented visit"</option>
                {options}
            </select>
        </div>
    }
}

#[component]
fn Shown(writing: Writing) -> impl IntoView {
    let preview = writing.preview;
    let subject = move || preview.with(|shown| shown.subject.clone());
    let warnings = move || {
        let all = preview.with(|shown| shown.warnings.clone());
        all.into_iter().map(|warning| view! { <Warning warning /> }).collect_view()
    };
    view! {
        <div class="flex flex-col gap-3" data-preview="">
            <p class="font-semibold wrap-anywhere empty:hidden" dir="auto">{subject}</p>
            <blockquote class="rounded border border-base-300 bg-base-200 p-3 whitespace-pre-wrap wrap-anywhere" dir="auto">
                {move || preview.with(|shown| shown.text.clone())}
            </blockquote>
            <p class="text-sm text-muted tabular" role="status">{move || preview.with(size)}</p>
            <ul class="flex flex-col gap-2 empty:hidden">{warnings}</ul>
        </div>
    }
}

/// What it costs, in words: `142 characters · 1 part · about $0.0083`.
fn size(shown: &TemplatePreview) -> String {
    let mut words = match shown.characters {
        1 => "1 character".to_owned(),
        n => format!("{n} characters"),
    };
    let parts = |n: u32| if n == 1 { "1 part".to_owned() } else { format!("{n} parts") };
    if shown.segments > 0 && shown.segments < shown.segments_as_written {
        words += &format!(" · {} → {} without accents", parts(shown.segments_as_written), shown.segments);
    } else if shown.segments > 0 {
        words += &format!(" · {}", parts(shown.segments));
    }
    if let Some(micros) = shown.cost_micros {
        words += &format!(" · about ${}", prices::exact_dollars(micros));
    }
    words
}

#[component]
fn Warning(warning: TemplateWarning) -> impl IntoView {
    let (icon, class) = if warning.refused {
        (icondata::LuBan, "flex items-start gap-2 text-sm text-error")
    } else {
        (icondata::LuTriangleAlert, "flex items-start gap-2 text-sm")
    };
    view! {
        <li class=class data-warning=warning.code>
            <Icon icon />
            <span>{warning.detail}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_it_costs() {
        let shown = |segments, segments_as_written| TemplatePreview {
            characters: 142,
            segments,
            segments_as_written,
            cost_micros: Some(8_300),
            ..TemplatePreview::default()
        };
        assert_eq!(size(&shown(1, 1)), "142 characters · 1 part · about $0.0083");
        assert_eq!(
            size(&shown(1, 2)),
            "142 characters · 2 parts → 1 without accents · about $0.0083"
        );
        assert_eq!(
            size(&TemplatePreview {
                characters: 1,
                ..TemplatePreview::default()
            }),
            "1 character"
        );
    }
}
