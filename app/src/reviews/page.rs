//! Who was asked for a review, who was not and why, and what came of it.

use contract::{
    Page,
    reviews::{Figures, Overview, RequestView, Status},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{LIST, list_review_requests, review_overview};
use crate::{
    components::{Awaited, Empty, Icon, Pager, TimeFormat, Timestamp},
    error::AppError,
    paths,
    session::use_session,
};

/// What the list can be narrowed to, with its words.
const SHOWN: [(Option<Status>, &str); 6] = [
    (None, "All"),
    (Some(Status::Planned), "Planned"),
    (Some(Status::Sent), "Asked"),
    (Some(Status::Clicked), "Opened"),
    (Some(Status::Skipped), "Not asked"),
    (Some(Status::Failed), "Failed"),
];

async fn read(status: Option<String>, cursor: Option<String>) -> Result<(Overview, Page<RequestView>), AppError> {
    let (overview, page) = futures::join!(review_overview(), list_review_requests(status, cursor));
    Ok((overview?, page?))
}

#[component]
pub fn ReviewsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| (query.get("status"), query.get("cursor"))));
    let found = Resource::new_blocking(move || asked.get(), |(status, cursor)| read(status, cursor));
    let list = move |(overview, page): (Overview, Page<RequestView>)| {
        let (status, cursor) = asked.get_untracked();
        view! {
            <Standing overview=overview.clone() />
            <Numbers figures=overview.figures />
            <Which status=status.clone() />
            <List page status cursor has_platform=overview.has_platform />
        }
    };
    view! {
        <Title text="Reviews" />
        <div class="mx-auto flex max-w-4xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Reviews"</h1>
                <a class="btn btn-sm min-h-11 md:min-h-9" href="/settings/reviews">
                    <Icon icon=icondata::LuSettings />
                    "Settings"
                </a>
            </div>
            <p class="text-muted">
                "Everybody is asked alike: after each visit that was kept, once per visit and at most once in 180 days. Nobody can be \
                 left out for how they felt; who was not asked stands here with the reason."
            </p>
            <Awaited from=found view=list />
        </div>
    }
}

/// Whether anybody is asked at all.
#[component]
fn Standing(overview: Overview) -> impl IntoView {
    let session = use_session();
    overview.stopped.then(|| {
        let how = if session.may_manage() {
            "Turn it on again in the settings."
        } else {
            "An owner or an admin can turn it on again."
        };
        view! {
            <p class="notice notice-warning" role="status">
                <strong>"Nobody is asked at the moment."</strong>
                " "
                {how}
            </p>
        }
    })
}

#[component]
fn Numbers(figures: Figures) -> impl IntoView {
    let figure = |label: &'static str, value: i64, hint: String| {
        view! {
            <div class="panel px-4 py-3">
                <dt class="text-sm text-muted">{label}</dt>
                <dd>
                    <span class="tabular block text-2xl font-semibold">{value}</span>
                    <span class="block text-sm text-muted empty:hidden">{hint}</span>
                </dd>
            </div>
        }
    };
    let share = match figures.asked {
        0 => String::new(),
        asked => format!("{} of 100 asked", figures.opened * 100 / asked),
    };
    view! {
        <section aria-label=format!("The last {} days", figures.days)>
            <dl class="grid grid-cols-2 gap-3 lg:grid-cols-4">
                {figure("Asked, 30 days", figures.asked, String::new())}
                {figure("Opened the link", figures.opened, share)}
                {figure("Not asked", figures.skipped, "the reasons stand below".to_owned())}
                {figure("Machines at links", figures.machines, "previews and scanners, not counted as people".to_owned())}
            </dl>
        </section>
    }
}

#[component]
fn Which(status: Option<String>) -> impl IntoView {
    let links = SHOWN
        .into_iter()
        .map(|(one, label)| {
            let here = status.as_deref().unwrap_or_default() == one.map_or("", Status::as_str);
            let href = paths::with_query(LIST, &[("status", one.map(Status::as_str))]);
            view! {
                <a class="link inline-flex min-h-11 items-center" class:font-semibold=here href=href aria-current=here.then_some("true")>
                    {label}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav aria-label="Which requests" class="flex flex-wrap gap-x-4 text-sm">
            {links}
        </nav>
    }
}

#[component]
fn List(page: Page<RequestView>, status: Option<String>, cursor: Option<String>, has_platform: bool) -> impl IntoView {
    let empty = page.data.is_empty().then(|| {
        if has_platform {
            view! {
                <Empty
                    title="Nobody here"
                    next_step="Once a visit is marked as kept, its customer is asked some time later and appears here; so does who is not asked."
                />
            }
            .into_any()
        } else {
            view! {
                <Empty title="Nobody is asked yet" next_step="Say where customers can write a review: Google, Trustpilot or a page of your choice.">
                    <a class="btn btn-primary min-h-11" href="/settings/reviews">
                        <Icon icon=icondata::LuPlus />
                        "Add a platform"
                    </a>
                </Empty>
            }
            .into_any()
        }
    });
    let rows = page.data.into_iter().map(|one| view! { <Row one /> }).collect_view();
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path=LIST.to_owned() filter=vec![("status", status)] cursor next=page.next_cursor />
    }
}

#[component]
fn Row(one: RequestView) -> impl IntoView {
    let (class, label) = match one.status {
        Status::Planned | Status::Queued => ("state badge-waiting", "Planned"),
        Status::Sent => ("state badge-ghost", "Asked"),
        Status::Clicked => ("state badge-confirmed", "Opened"),
        Status::Skipped => ("state badge-ghost", "Not asked"),
        Status::Failed => ("state badge-declined", "Failed"),
    };
    let planned = one.status == Status::Planned;
    let when = if planned {
        one.due_at
    } else {
        one.asked_at.unwrap_or(one.created_at)
    };
    let opened = (one.clicks > 0).then(|| match one.clicks {
        1 => "opened once".to_owned(),
        n => format!("opened {n} times"),
    });
    let visit = one.appointment_id.map(|id| {
        view! {
            <a class="link" href=format!("/appointments/{id}")>
                "visit"
            </a>
            " · "
        }
    });
    view! {
        <li class="row flex-wrap items-start py-3 sm:flex-nowrap" data-review=one.id.to_string()>
            <div class="min-w-0 flex-1 basis-60">
                <p class="flex flex-wrap items-center gap-2">
                    <a class="font-medium text-inherit no-underline hover:underline" href=format!("/contacts/{}", one.contact_id)>
                        <bdi>{one.contact_name}</bdi>
                    </a>
                    <span class=class>{label}</span>
                </p>
                <p class="text-sm empty:hidden">{one.reason}</p>
                <p class="text-sm text-muted">{visit} {one.platform_name} {opened.map(|words| format!(" · {words}"))}</p>
            </div>
            <p class="text-sm text-muted">
                <Timestamp at=when say=TimeFormat::Relative />
            </p>
        </li>
    }
}
