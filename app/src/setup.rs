//! The first steps of a business: where it stands, the next thing to do, and examples to look around with.

use contract::setup::{Guide, Step};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{Awaited, Icon},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Where it all stands.
const HERE: &str = "/setup";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_guide() -> Result<Guide, AppError> {
    Ok(services::pages::guide::guide(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Puts the first steps away, or brings them back: `hide` is there for the one.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn put_guide_away(hide: Option<String>) -> Result<Guide, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::first_steps::hide(&s, &actor, hide.is_some()).await?;
        Ok(services::pages::guide::guide(&s, &actor).await?)
    };
    ssr::post_form(ssr::Form::new("guide", HERE), work, |_| None).await
}

/// Adds examples, or takes them out: `remove` is there for that.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_samples(remove: Option<String>) -> Result<Guide, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        if remove.is_some() {
            services::samples::remove(&s, &actor).await?;
        } else {
            services::samples::add(&s, &actor).await?;
        }
        Ok(services::pages::guide::guide(&s, &actor).await?)
    };
    ssr::post_form(ssr::Form::new("samples", HERE), work, |_| None).await
}

#[component]
pub fn SetupPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_guide());
    view! {
        <Title text="First steps" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <h1>"First steps"</h1>
            <Awaited from=found view=|guide| view! { <Steps guide /> } />
        </div>
    }
}

#[component]
fn Steps(guide: Guide) -> impl IntoView {
    let session = use_session();
    let hiding = ServerAction::<PutGuideAway>::new();
    let samples = ServerAction::<SetSamples>::new();
    let hide_form = FormState::new("guide", hiding, session.flash());
    let samples_form = FormState::new("samples", samples, session.flash());
    let shown = RwSignal::new(guide);
    Effect::new(move |_| {
        if let Some(Ok(guide)) = hiding.value().get() {
            shown.set(guide);
        }
    });
    Effect::new(move |_| {
        if let Some(Ok(guide)) = samples.value().get() {
            shown.set(guide);
        }
    });
    let words = move || {
        let guide = shown.read();
        if guide.is_done() {
            "All of it is done: reminders leave by themselves from now on.".to_owned()
        } else {
            format!("{} of {} done.", guide.count(), guide.steps.len())
        }
    };
    let list = move || {
        let guide = shown.read();
        let next = guide.next().map(|step| step.key.clone());
        let one = |step: &Step| {
            let is_next = next.as_ref() == Some(&step.key);
            view! { <OneStep step=step.clone() is_next /> }
        };
        guide.steps.iter().map(one).collect_view()
    };
    let away = move || {
        session.may_manage().then(|| {
            let hidden = shown.read().hidden;
            let label = if hidden { "Show on Today again" } else { "Put away" };
            view! {
                <ActionForm action=hiding attr:class="flex flex-col gap-2">
                    <FormNote form=hide_form />
                    {(!hidden).then(|| view! { <input type="hidden" name="hide" value="yes" /> })}
                    <div>
                        <Submit form=hide_form label=label quiet=true />
                    </div>
                </ActionForm>
            }
        })
    };
    let examples = move || {
        session.may_manage().then(|| {
            let some = shown.read().samples > 0;
            let label = if some { "Remove the examples" } else { "Add examples" };
            view! {
                <section class="panel flex flex-col gap-3 p-5" aria-labelledby="samples-heading">
                    <h2 id="samples-heading">"Examples"</h2>
                    <p class="text-sm text-muted">
                        "A few people with a visit each, to look around with. Nobody is texted, and taking them out takes out exactly them."
                    </p>
                    <ActionForm action=samples attr:class="flex flex-col gap-2">
                        <FormNote form=samples_form />
                        {some.then(|| view! { <input type="hidden" name="remove" value="yes" /> })}
                        <div>
                            <Submit form=samples_form label=label />
                        </div>
                    </ActionForm>
                </section>
            }
        })
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="steps-heading">
            <h2 id="steps-heading" class="sr-only">
                "The steps"
            </h2>
            <p role="status" class="font-semibold">
                {words}
            </p>
            <ol class="flex flex-col divide-y divide-base-300">{list}</ol>
            {away}
        </section>
        {examples}
    }
}

#[component]
fn OneStep(step: Step, is_next: bool) -> impl IntoView {
    let (icon, class, word) = if step.done {
        (icondata::LuCircleCheck, "text-success", "done")
    } else {
        (icondata::LuCircle, "text-muted", "to do")
    };
    let button = if is_next {
        "btn btn-primary btn-sm min-h-11"
    } else {
        "btn btn-ghost btn-sm min-h-11"
    };
    let link = (!step.done).then(|| {
        view! {
            <a class=button href=step.href.clone()>
                "Go there"
                <span class="sr-only">{format!(": {}", step.title)}</span>
            </a>
        }
    });
    view! {
        <li class="flex items-start gap-3 py-3" data-step=step.key data-done=step.done.to_string()>
            <span class=class>
                <Icon icon />
            </span>
            <div class="min-w-0 flex-1">
                <p class="font-medium">
                    {step.title} <span class="sr-only">{format!(" ({word})")}</span>
                </p>
                <p class="text-sm text-muted">{step.words}</p>
            </div>
            {link}
        </li>
    }
}

/// On *Today*, until all is done or it was put away.
#[component]
pub fn GuideCard(guide: Guide) -> impl IntoView {
    let asked = use_session().may_manage() && !guide.hidden;
    let next = guide.next().filter(|_| asked).cloned();
    next.map(|next| {
        view! {
            <section class="panel flex flex-wrap items-center gap-3 p-4 print:hidden" aria-labelledby="guide-heading">
                <div class="min-w-0 flex-1">
                    <h2 id="guide-heading">{format!("First steps: {} of {} done", guide.count(), guide.steps.len())}</h2>
                    <p class="text-sm text-muted">{format!("Next: {}. {}", next.title, next.words)}</p>
                </div>
                <a class="btn btn-primary btn-sm min-h-11" href=HERE>
                    "Go on"
                </a>
            </section>
        }
    })
}
