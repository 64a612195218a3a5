//! Texts as WhatsApp has approved them, and handing them in.

use contract::whatsapp::TwinView;
use domain::templates::Kind;
use leptos::prelude::*;

use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Every text that has a wording on WhatsApp.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_wordings() -> Result<Vec<TwinView>, AppError> {
    Ok(services::twins::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Hands one in to WhatsApp.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn submit_wording(kind: String, language: String) -> Result<Vec<TwinView>, AppError> {
    let form = ssr::Form::new(wording_form(&kind, &language), super::PATH);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::twins::submit(&s, &actor, &kind, &language).await?;
        Ok(services::twins::list(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

fn wording_form(kind: &str, language: &str) -> String {
    format!("wording-{kind}-{language}")
}

#[component]
pub fn Wordings(may_manage: bool) -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_wordings());
    view! { <Awaited from=found view=move |found| view! { <All found may_manage /> } /> }
}

#[component]
fn All(found: Vec<TwinView>, may_manage: bool) -> impl IntoView {
    let all = RwSignal::new(found);
    let list = move || {
        let twins = all.get();
        let is_replaced = |twin: &TwinView| {
            let draft = |other: &TwinView| other.state == "draft" && other.kind == twin.kind && other.language == twin.language;
            twin.state != "draft" && twins.iter().any(draft)
        };
        twins
            .iter()
            .map(|twin| view! { <One twin=twin.clone() all may_submit=may_manage && !is_replaced(twin) /> })
            .collect_view()
    };
    view! {
        <section class="flex flex-col gap-3" aria-labelledby="wordings-heading">
            <h2 id="wordings-heading">"Templates on WhatsApp"</h2>
            <p class="text-sm text-muted">
                "Once somebody has not written there for 24 hours, only a text that WhatsApp has approved may go to them."
            </p>
            <ul class="flex flex-col gap-3">{list}</ul>
        </section>
    }
}

#[component]
fn One(twin: TwinView, all: RwSignal<Vec<TwinView>>, may_submit: bool) -> impl IntoView {
    let (class, icon) = match twin.state.as_str() {
        "approved" => ("state badge-confirmed", icondata::LuCheck),
        "rejected" | "paused" | "disabled" => ("state badge-declined", icondata::LuCircleX),
        "draft" => ("state badge-cancelled", icondata::LuCircleHelp),
        _ => ("state badge-waiting", icondata::LuClock),
    };
    let what = twin.kind.parse::<Kind>().map_or("Text", Kind::label);
    let language = if twin.language == "es" { "Spanish" } else { "English" };
    let may_submit = may_submit && ["draft", "rejected", "disabled"].contains(&twin.state.as_str());
    let reason = twin
        .reason
        .clone()
        .map(|reason| view! { <p class="text-sm font-medium">{reason}</p> });
    let marketing = (twin.category.as_deref() == Some("MARKETING")).then(|| {
        view! {
            <p class="text-sm font-medium">
                "WhatsApp takes it for marketing: it costs more, and does not reach numbers in the US."
            </p>
        }
    });
    let (kind, written_in) = (twin.kind.clone(), twin.language.clone());
    let hand_in = may_submit.then(|| view! { <HandIn kind language=written_in all /> });
    let buttons = (!twin.buttons.is_empty()).then(|| twin.buttons.join(" · "));
    let buttons = buttons.map(|buttons| {
        view! {
            <p class="text-sm text-muted" lang=twin.language.clone()>
                {buttons}
            </p>
        }
    });
    view! {
        <li class="panel flex flex-col gap-2 p-4" data-wording=twin.kind.clone() data-language=twin.language.clone() data-state=twin.state.clone()>
            <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <h3 class="text-base font-semibold">{format!("{what}, {language}")}</h3>
                <span class=class>
                    <Icon icon />
                    {twin.words.clone()}
                </span>
                {twin
                    .checked_at
                    .map(|at| {
                        view! {
                            <span class="text-sm text-muted">"looked at " <Timestamp at say=TimeFormat::Inline /></span>
                        }
                    })}
            </div>
            {reason}
            {marketing}
            <p class="whitespace-pre-wrap text-sm" dir="auto" lang=twin.language.clone()>
                {twin.body.clone()}
            </p>
            {buttons}
            {hand_in}
        </li>
    }
}

#[component]
fn HandIn(kind: String, language: String, all: RwSignal<Vec<TwinView>>) -> impl IntoView {
    let action = ServerAction::<SubmitWording>::new();
    let form = FormState::new(&wording_form(&kind, &language), action, use_session().flash());
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            all.set(new);
        }
    });
    view! {
        <ActionForm action attr:class="flex flex-wrap items-end gap-3">
            <input type="hidden" name="kind" value=kind />
            <input type="hidden" name="language" value=language />
            <Submit form label="Hand in for approval" />
            <FormNote form saved="Handed in." />
        </ActionForm>
    }
}
