//! The go-live self-test: what is right, what is not, what to do about it and where.

use std::time::Duration;

use contract::selftest::SelfTestView;
use domain::selftest::{Line, Status};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form's name.
const FORM: &str = "self-test";

/// Where it stands.
#[cfg(feature = "ssr")]
const HERE: &str = "/settings/self-test";

/// How often a page looks how far the test is.
const LOOK: Duration = Duration::from_millis(700);

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_self_test() -> Result<SelfTestView, AppError> {
    Ok(services::selftest::view(&ssr::services()?, &ssr::actor().await?).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn run_self_test() -> Result<SelfTestView, AppError> {
    let work = async move { Ok(services::selftest::run_now(&ssr::services()?, &ssr::actor().await?).await?) };
    ssr::post_form(ssr::Form::new(FORM, HERE), work, |_| None).await
}

#[component]
pub fn SelfTestPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_self_test());
    view! {
        <Title text="Self-test" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <p>
                <a class="link text-sm" href="/settings">
                    "Settings"
                </a>
            </p>
            <h1>"Self-test"</h1>
            <p class="text-muted">
                "Looks whether everything is so that texts leave and answers arrive: your Twilio account, your numbers, and the address that Twilio calls. It runs each night, too, and holds nothing back."
            </p>
            <Awaited from=found view=|view| view! { <Test view /> } />
        </div>
    }
}

#[component]
fn Test(view: SelfTestView) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(view);
    let action = ServerAction::<RunSelfTest>::new();
    let form = FormState::new(FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(view)) = action.value().get() {
            shown.set(view);
        }
    });
    // While it runs; a browser without scripts loads the page again.
    Effect::new(move |_| {
        if !shown.read().running {
            return;
        }
        let later = set_timeout_with_handle(
            move || {
                spawn_local(async move {
                    if let Ok(view) = get_self_test().await {
                        shown.try_set(view);
                    } else {
                        shown.try_update(|_| {});
                    }
                });
            },
            LOOK,
        );
        on_cleanup(move || {
            if let Ok(later) = later {
                later.clear();
            }
        });
    });
    let may_run = shown.with_untracked(|view| view.may_run);
    let run = move || {
        may_run.then(|| {
            view! {
                <ActionForm action attr:class="flex flex-col gap-2">
                    <FormNote form />
                    <div>
                        <Submit form label="Run now" />
                    </div>
                </ActionForm>
            }
        })
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="test-heading">
            <h2 id="test-heading">"The last test"</h2>
            <Progress shown />
            {run}
            <Lines shown />
        </section>
    }
}

/// How far it is, or how it ended.
#[component]
fn Progress(shown: RwSignal<SelfTestView>) -> impl IntoView {
    let words = move || {
        let view = shown.read();
        if view.running {
            return format!("Testing: {} of {} parts done…", view.done, view.of);
        }
        match (view.finished_at, view.failing, view.warnings) {
            (None, ..) => "It has not run yet.".to_owned(),
            (_, 0, 0) => "Everything is in order.".to_owned(),
            (_, 0, 1) => "Nothing fails; 1 thing to look at.".to_owned(),
            (_, 0, warnings) => format!("Nothing fails; {warnings} things to look at."),
            (_, failing, 0) => format!("{failing} to put right."),
            (_, failing, warnings) => format!("{failing} to put right, {warnings} to look at."),
        }
    };
    let bar = move || {
        let view = shown.read();
        view.running.then(|| {
            view! { <progress class="progress progress-primary w-full" max=view.of.to_string() value=view.done.to_string() aria-label="Parts of the test that are done"></progress> }
        })
    };
    let times = move || {
        let view = shown.read();
        let at = view
            .finished_at
            .map(|at| view! { "Tested " <Timestamp at say=TimeFormat::Inline /> ". " });
        let next = view
            .next_at
            .map(|at| view! { "Next by itself " <Timestamp at say=TimeFormat::Inline /> "." });
        view! { {at} {next} }
    };
    view! {
        <p role="status" class="font-semibold">
            {words}
        </p>
        {bar}
        <p class="text-sm text-muted">{times}</p>
    }
}

#[component]
fn Lines(shown: RwSignal<SelfTestView>) -> impl IntoView {
    let lines = Memo::new(move |_| shown.read().lines.clone());
    let list = move || {
        let lines = lines.get();
        (!lines.is_empty()).then(|| {
            view! { <ul class="flex flex-col divide-y divide-base-300">{lines.into_iter().map(|line| view! { <OneLine line /> }).collect_view()}</ul> }
        })
    };
    view! { {list} }
}

/// Words and a shape beside the colour.
fn mark(status: Status) -> (&'static str, icondata::Icon, &'static str) {
    match status {
        Status::Ok => ("OK", icondata::LuCircleCheck, "text-success"),
        Status::Skipped => ("Not tested", icondata::LuCircleDashed, "text-muted"),
        Status::Warn => ("Look at this", icondata::LuTriangleAlert, "text-warning"),
        Status::Fail => ("Fails", icondata::LuCircleX, "text-error"),
    }
}

#[component]
fn OneLine(line: Line) -> impl IntoView {
    let (word, icon, class) = mark(line.status);
    let outside = line.link.starts_with("https://");
    let link = (!line.link.is_empty()).then(|| {
        let (words, rel) = if outside {
            ("Open at Twilio", "noreferrer")
        } else {
            ("Open", "")
        };
        view! {
            " "
            <a class="link" href=line.link.clone() rel=rel>
                {words}
                <span class="sr-only">{format!(": {}", line.title)}</span>
            </a>
        }
    });
    let fix = (!line.fix.is_empty()).then(|| view! { <p class="text-sm">{line.fix} {link}</p> });
    view! {
        <li class="flex gap-3 py-3" data-line=line.key>
            <span class=class>
                <Icon icon />
            </span>
            <div class="min-w-0 flex-1">
                <p class="font-medium">
                    {line.title} <span class=format!("{class} text-sm")>{format!(" · {word}")}</span>
                </p>
                <p class="text-sm text-muted break-words">{line.seen}</p>
                {fix}
            </div>
        </li>
    }
}
