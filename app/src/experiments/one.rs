//! One test: both texts, what is counted of each, and what may be said.

use contract::experiments::{ArmView, ExperimentView, Status};
use domain::{
    experiments::{Count, Measure},
    permissions::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::{AdoptExperiment, PATH, StartExperiment, StateBadge, StopExperiment, get_experiment, measure_of, text_of};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    session::use_session,
};

#[component]
pub fn OnePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<Uuid>().ok()));
    let test = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => get_experiment(id).await,
                None => Err(AppError::new(contract::Code::NotFound, "There is no such test.")),
            }
        },
    );
    view! { <Awaited from=test view=|test| view! { <One test /> } /> }
}

#[component]
fn One(test: ExperimentView) -> impl IntoView {
    let (title, measure) = (text_of(&test), measure_of(&test));
    let aim = format!(
        "{}: {} of 100 now, {} would be worth it. It takes {} people for each text.",
        measure.map_or("Compared", Measure::label),
        test.usual_percent,
        test.worth_percent,
        test.needed
    );
    let arms = test
        .arms
        .iter()
        .cloned()
        .map(|arm| {
            let better = test.winner.as_deref() == Some(arm.arm.as_str());
            view! { <Arm arm better measure needed=test.needed /> }
        })
        .collect_view();
    let acts = use_session()
        .may(Permission::WriteTemplates)
        .then(|| view! { <Acts test=test.clone() /> });
    view! {
        <Title text="Test of a text" />
        <div class="flex max-w-4xl flex-col gap-4 p-4">
            <div>
                <a class="link inline-flex min-h-11 items-center gap-1 md:min-h-8" href=PATH>
                    <Icon icon=icondata::LuChevronLeft />
                    "All tests"
                </a>
                <div class="flex flex-wrap items-center gap-2">
                    <h1 class="min-w-0 wrap-anywhere">{title}</h1>
                    <StateBadge status=test.status />
                </div>
                <p class="text-muted">{aim}</p>
            </div>
            <section class="panel flex flex-col gap-3 p-5" aria-labelledby="standing-heading">
                <h2 id="standing-heading">"What can be said"</h2>
                <p class="text-lg font-semibold" data-standing="">{test.standing.clone()}</p>
                <Progress test=test.clone() />
                {acts}
            </section>
            <div class="grid items-start gap-4 lg:grid-cols-2">{arms}</div>
            <p class="text-sm text-muted">
                {format!("Planned by {} · ", test.planned_by)} <Timestamp at=test.created_at say=TimeFormat::Short />
                {test.started_at.map(|at| view! { " · started " <Timestamp at say=TimeFormat::Short /> })}
                {test.ended_at.map(|at| view! { " · over " <Timestamp at say=TimeFormat::Short /> })}
            </p>
        </div>
    }
}

/// How far it is, and how long it takes.
#[component]
fn Progress(test: ExperimentView) -> impl IntoView {
    let bar = matches!(test.status, Status::Running | Status::Done).then(|| {
        view! {
            <progress class="progress progress-primary w-full" max="100" value=test.progress.to_string() aria-label="People counted, of those it takes"></progress>
        }
    });
    let rate = test.people_a_day;
    let when = match (test.status, test.expected_at) {
        (Status::Planned | Status::Running, Some(at)) if test.enrolling || test.status == Status::Planned => view! {
            <p class="text-sm text-muted" data-expected="">
                {format!("At about {} people a day everybody will have got one of the texts by ", a_day(rate))}
                <Timestamp at say=TimeFormat::Short /> "."
            </p>
        }
        .into_any(),
        (Status::Planned, None) => view! {
            <p class="notice" data-expected="">
                "At as many people as get this text now it would take more than ten years, or nobody gets it. A larger difference takes fewer people."
            </p>
        }
        .into_any(),
        (Status::Running, _) if !test.enrolling => view! {
            <p class="text-sm text-muted">"As many people as it takes have got one of the texts. What came of it is waited for; nobody new comes in."</p>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let how = (test.status == Status::Running).then(|| {
        view! { <p class="text-sm text-muted">"Don’t go by the numbers below before that: who looks early and often finds a winner where there is none."</p> }
    });
    view! { {bar} {when} {how} }
}

/// "12", "0.5"
fn a_day(rate: f64) -> String {
    if rate >= 10.0 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.1}")
    }
}

/// One of the texts, with what is counted of it.
#[component]
fn Arm(arm: ArmView, better: bool, measure: Option<Measure>, needed: u32) -> impl IntoView {
    let is_a = arm.arm == "a";
    let (name, id) = if is_a {
        ("A, the text as it was", "arm-a")
    } else {
        ("B, the text that is tried", "arm-b")
    };
    let counted = Count {
        hits: arm.hits,
        of: arm.counted,
    };
    let hit = measure.map_or("did", Measure::hit);
    let interval = counted.interval();
    let shown = interval.map_or_else(
        || "Nobody is counted yet.".to_owned(),
        |interval| format!("{} of {} {hit}; the true share lies within {interval}", arm.hits, arm.counted),
    );
    let bar = interval.zip(counted.rate()).map(|(interval, rate)| {
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let (x, width) = (percent(interval.low), percent((interval.high - interval.low).max(0.005)));
        view! {
            <svg class="h-6 w-full" role="img" aria-label=shown.clone() data-interval=interval.to_string()>
                <rect x="0" y="10" width="100%" height="4" rx="2" class="fill-base-300" />
                <rect x=x y="6" width=width height="12" rx="3" class="fill-primary opacity-40" />
                <circle cx=percent(rate) cy="12" r="5" class="fill-primary" />
            </svg>
        }
    });
    let facts = [
        ("Got it", format!("{} of {needed}", arm.people)),
        ("Outcome known", arm.counted.to_string()),
        ("Still to come", arm.waiting.to_string()),
        ("Never known", arm.not_counted.to_string()),
        ("Asked for no more texts", arm.opted_out.to_string()),
    ];
    let facts = facts
        .into_iter()
        .map(|(label, value)| {
            view! {
                <div class="flex justify-between gap-2">
                    <dt class="text-muted">{label}</dt>
                    <dd class="tabular-nums">{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby=id data-arm=arm.arm.clone()>
            <div class="flex flex-wrap items-center gap-2">
                <h2 id=id>{name}</h2>
                {better.then(|| view! { <span class="state badge-confirmed">"Better"</span> })}
            </div>
            <p class="font-semibold wrap-anywhere empty:hidden" dir="auto">{arm.subject}</p>
            <blockquote class="rounded border border-base-300 bg-base-200 p-3 text-sm whitespace-pre-wrap wrap-anywhere" dir="auto">
                {arm.body}
            </blockquote>
            {bar}
            <p data-counted="">{shown}</p>
            <dl class="flex flex-col gap-1 text-sm">{facts}</dl>
        </section>
    }
}

/// What can be done about it.
#[component]
fn Acts(test: ExperimentView) -> impl IntoView {
    let id = test.id.to_string();
    match test.status {
        Status::Planned => view! {
            <div class="flex flex-wrap gap-2">
                <Act url=StartExperiment::url() id=id.clone() class="btn btn-primary min-h-11" words="Start the test" />
                <Act url=StopExperiment::url() id class="btn btn-ghost min-h-11" words="Give it up" />
            </div>
        }
        .into_any(),
        Status::Running => view! {
            <details>
                <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"End the test early…"</summary>
                <p class="pb-2 text-sm text-muted">"Everybody gets the text as it was, and nothing can be said of the other one: what was counted is lost for it."</p>
                <Act url=StopExperiment::url() id class="btn btn-sm min-h-11 md:min-h-8" words="End it without a result" />
            </details>
        }
        .into_any(),
        Status::Done if test.winner.as_deref() == Some("b") => match test.adopted_version {
            Some(version) => view! { <p role="status">{format!("Customers get the better text since: it is version {version}.")}</p> }.into_any(),
            None => view! { <Act url=AdoptExperiment::url() id class="btn btn-primary min-h-11" words="Use text B from now on" /> }.into_any(),
        },
        Status::Done | Status::Stopped | Status::Harmful => ().into_any(),
    }
}

#[component]
fn Act(url: &'static str, id: String, class: &'static str, words: &'static str) -> impl IntoView {
    view! {
        <form method="post" action=url>
            <input type="hidden" name="id" value=id />
            <button type="submit" class=class>
                {words}
            </button>
        </form>
    }
}
