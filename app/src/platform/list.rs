//! All businesses, the newest first, with how each is.

use contract::{Page, platform::BusinessRow};
use domain::prices::dollars;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::utc;
use crate::{
    components::{Awaited, Empty, Pager},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn platform_businesses(cursor: Option<String>) -> Result<Page<BusinessRow>, AppError> {
    let (s, admin) = ssr::platform().await?;
    Ok(services::platform::list(&s, &admin, cursor.as_deref()).await?)
}

#[component]
pub fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let cursor = move || query.read().get("cursor");
    let found = Resource::new_blocking(cursor, platform_businesses);
    let body = move |page: Page<BusinessRow>| view! { <Businesses page cursor=cursor() /> };
    view! {
        <Title text="Businesses" />
        <h1>"Businesses"</h1>
        <Awaited from=found view=body />
    }
}

#[component]
fn Businesses(page: Page<BusinessRow>, cursor: Option<String>) -> impl IntoView {
    if page.data.is_empty() {
        return view! { <Empty title="No business yet" next_step="The first one signs up, or `showup admin create-business` makes it." /> }.into_any();
    }
    let next = page.next_cursor.clone();
    view! {
        <ul class="flex flex-col gap-3">{page.data.into_iter().map(|row| view! { <Row row /> }).collect_view()}</ul>
        <Pager path="/platform".to_owned() filter=Vec::new() cursor next />
    }
    .into_any()
}

#[component]
fn Row(row: BusinessRow) -> impl IntoView {
    let (key, slug, name) = (row.slug.clone(), row.slug.clone(), row.name.clone());
    let href = format!("/platform/businesses/{}", row.id);
    view! {
        <li class="panel flex flex-col gap-2 p-4" data-business=key>
            <div class="flex flex-wrap items-baseline gap-2">
                <h2 class="min-w-0 flex-1 truncate">
                    <a class="link" href=href>
                        {name}
                    </a>
                </h2>
                <p class="text-sm text-muted">{slug}</p>
            </div>
            <Health row />
        </li>
    }
}

/// How a business is, in words.
#[component]
pub(super) fn Health(row: BusinessRow) -> impl IntoView {
    let bad = |words: String| view! { <li class="font-semibold text-error">{words}</li> };
    let suspended = row.suspended.then(|| bad("Suspended".to_owned()));
    let breaker = (!row.breaker.is_empty()).then(|| bad(format!("Texts wait: {}", row.breaker)));
    let test = match row.self_test {
        None => view! { <li class="text-muted">"Self-test: not run yet"</li> }.into_any(),
        Some((0, 0)) => view! { <li>"Self-test: in order"</li> }.into_any(),
        Some((0, warnings)) => view! { <li>{format!("Self-test: {warnings} to look at")}</li> }.into_any(),
        Some((failing, _)) => bad(format!("Self-test: {failing} failing")).into_any(),
    };
    let wrote = row.last_inbound.map_or_else(
        || "nobody has written yet".to_owned(),
        |at| format!("last text in {}", utc(at)),
    );
    let failed = match row.failed_week {
        0 => view! { <li>{format!("{} sent in 7 days, none failed", row.sent_week)}</li> }.into_any(),
        failed => {
            view! { <li class="font-semibold">{format!("{} sent in 7 days, {failed} failed", row.sent_week)}</li> }.into_any()
        }
    };
    let people = if row.members == 1 {
        "1 person".to_owned()
    } else {
        format!("{} people", row.members)
    };
    view! {
        <ul class="flex flex-wrap gap-x-5 gap-y-1 text-sm">
            {suspended} {breaker} {test} <li>{wrote}</li> {failed} <li>{people}</li> <li>{format!("{} this month", dollars(row.spent))}</li>
            <li class="text-muted">{format!("since {}", utc(row.created_at))}</li>
        </ul>
    }
}
