//! What has left its usual course, since when, and until when.

use contract::{Page, alerts::AlertView, live::LiveEvent};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{Awaited, Empty, Pager, TimeFormat, Timestamp},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/alerts";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_alerts(cursor: Option<String>) -> Result<Page<AlertView>, AppError> {
    let query = contract::PageQuery { cursor, limit: None };
    Ok(services::alerts::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[component]
pub fn AlertsPage() -> impl IntoView {
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let found = Resource::new_blocking(move || cursor.get(), list_alerts);
    view! {
        <Title text="Alerts" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <h1>"Alerts"</h1>
            <p class="text-muted">
                "Texts that do not arrive and people who opt out are compared with your own last 28 days. What chance alone would hardly bring is said here, \
                 above every page and under Notifications; owners and admins get a mail. The budget, what holds texts back and the self-test stand here, too."
            </p>
            <Awaited from=found view=move |page| view! { <List page cursor=cursor.get_untracked() /> } />
        </div>
    }
}

/// Kept current: what begins or ends changes a notice as well.
#[component]
fn List(page: Page<AlertView>, cursor: Option<String>) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(page);
    let at = StoredValue::new(cursor);
    let again = move || {
        spawn_local(async move {
            let Some(cursor) = at.try_get_value() else { return };
            if let Ok(new) = list_alerts(cursor).await {
                shown.try_set(new);
            }
        });
    };
    session.live.refetch_on(|event| matches!(event, LiveEvent::Notices(_)), again);
    move || {
        let page = shown.get();
        if page.data.is_empty() {
            return view! {
                <Empty title="All is as usual" next_step="When something leaves its usual course, it stands here, with when it began and ended." />
            }
            .into_any();
        }
        let rows = page.data.into_iter().map(|alert| view! { <Row alert /> }).collect_view();
        view! {
            <ul class="panel">{rows}</ul>
            <Pager path=PATH.to_owned() filter=Vec::new() cursor=at.get_value() next=page.next_cursor />
        }
        .into_any()
    }
}

#[component]
fn Row(alert: AlertView) -> impl IntoView {
    let lasts = alert.ended_at.is_none();
    let state = match alert.ended_at {
        None => view! { <span class="badge badge-warning badge-sm">"Now"</span> }.into_any(),
        Some(at) => view! {
            <span>
                "over since " <Timestamp at say=TimeFormat::Inline />
            </span>
        }
        .into_any(),
    };
    view! {
        <li class="row items-start py-3" data-alert=alert.kind data-lasts=lasts.to_string()>
            <div class="min-w-0 flex-1">
                <p class:font-semibold=lasts>{alert.text}</p>
                <p class="text-sm">{alert.next_step}</p>
                <p class="flex flex-wrap items-center gap-2 text-sm text-muted">
                    <span>
                        "began " <Timestamp at=alert.began_at say=TimeFormat::Inline />
                    </span>
                    {state}
                </p>
            </div>
        </li>
    }
}
