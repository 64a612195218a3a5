//! Addresses at which somebody's own calendar reads visits.

use contract::{
    appointment_types::StaffLabelView,
    feeds::{Detail, FeedView, NewFeed},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use crate::{
    businesses::list_staff,
    components::{Awaited, CopyLine, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::OUTCOME,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/calendar";
const FORM: &str = "feed";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_feeds() -> Result<Vec<FeedView>, AppError> {
    Ok(services::feeds::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `staff_label_id` is empty for all visits. A browser without a script gets the address by way of its session, which the next page empties.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn create_feed(#[server(default)] staff_label_id: String, detail: String) -> Result<NewFeed, AppError> {
    let form = ssr::Form::new(FORM, PATH);
    let command = contract::feeds::CreateFeed { staff_label_id, detail };
    let work = async move { Ok(services::feeds::create(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::post_bulk_form(form, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_feed(id: Uuid) -> Result<Vec<FeedView>, AppError> {
    let work = async move { Ok(services::feeds::revoke(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(PATH, work).await
}

async fn read() -> Result<(Vec<FeedView>, Vec<StaffLabelView>), AppError> {
    Ok((list_feeds().await?, list_staff().await?))
}

#[component]
pub fn FeedsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| read());
    view! {
        <Title text="Visits in your calendar" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Visits in your calendar"</h1>
                <p class="text-muted">
                    "Your own calendar can read the visits at an address: from 30 days ago to 180 days ahead. Whoever has the address \
                     reads them, so keep it to yourself, and revoke it when it is out."
                </p>
            </div>
            <section class="notice notice-warning" aria-labelledby="late-heading">
                <h2 id="late-heading">"Calendars look when they like"</h2>
                <ul class="list-disc pl-5 text-sm">
                    <li>"Google refreshes about once a day: do not rely on it for today’s changes. There is no setting for it."</li>
                    <li>"Outlook on the web takes about three hours, and up to a day."</li>
                    <li>"Apple’s calendar looks as often as you choose there, from every five minutes to once a week."</li>
                </ul>
            </section>
            <Awaited from=found view=|(feeds, labels)| view! { <All feeds labels /> } />
        </div>
    }
}

#[component]
fn All(feeds: Vec<FeedView>, labels: Vec<StaffLabelView>) -> impl IntoView {
    let session = use_session();
    let flash = session.flash();
    let made = flash.as_ref().filter(|flash| flash.form == FORM).and_then(|flash| {
        let outcome = flash.typed.get(OUTCOME)?;
        serde_json::from_str::<NewFeed>(outcome).ok().map(|new| new.url)
    });
    let (all, made) = (RwSignal::new(feeds), RwSignal::new(made));
    let action = ServerAction::<CreateFeed>::new();
    let form = FormState::new(FORM, action, flash);
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            made.set(Some(new.url));
            all.set(new.feeds);
        }
    });
    let mut whose = vec![(String::new(), "All visits".to_owned())];
    let open = labels.into_iter().filter(|label| !label.archived);
    whose.extend(open.map(|label| (label.id.to_string(), format!("Visits with {}", label.name))));
    let details = Detail::ALL
        .map(|one| (one.as_str().to_owned(), one.label().to_owned()))
        .to_vec();
    let list = move || all.get().into_iter().map(|feed| view! { <One feed all /> }).collect_view();
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="new-heading">
            <h2 id="new-heading">"New address"</h2>
            <div role="status">{move || made.get().map(|url| view! { <Made url /> })}</div>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <Choice form name="staff_label_id" label="Which visits" options=whose />
                <Choice
                    form
                    name="detail"
                    label="What it tells of customers"
                    options=details
                    value=Detail::Initials.as_str()
                    hint="Calendars are often shown to others, and kept by Google, Microsoft or Apple."
                />
                <div>
                    <Submit form label="Make an address" />
                </div>
            </ActionForm>
        </section>
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="feeds-heading">
            <h2 id="feeds-heading">"Addresses in use"</h2>
            <p class="text-muted" class:hidden=move || !all.read().is_empty()>
                "There is none."
            </p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        </section>
    }
}

/// The only time that anybody sees it.
#[component]
fn Made(url: String) -> impl IntoView {
    view! {
        <div class="notice notice-success flex flex-col gap-2">
            <p>"Here it is. It is shown this once: copy it now, and add it to your calendar as one from the internet."</p>
            <CopyLine label="Your calendar’s address" text=url button="Copy address" />
        </div>
    }
}

#[component]
fn One(feed: FeedView, all: RwSignal<Vec<FeedView>>) -> impl IntoView {
    let session = use_session();
    let id = feed.id;
    let action = ServerAction::<RevokeFeed>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(feeds)) => all.set(feeds),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let whose = feed
        .staff_label
        .map_or_else(|| "All visits".to_owned(), |label| format!("Visits with {label}"));
    view! {
        <li class="flex flex-wrap items-center gap-3 rounded border border-base-300 p-3">
            <div class="min-w-0 flex-1">
                <p class="font-medium">{whose}</p>
                <p class="text-sm text-muted">
                    {feed.detail.label()} " · " {feed.owner} " · made " <Timestamp at=feed.created_at say=TimeFormat::Inline />
                </p>
            </div>
            <form
                method="post"
                action=RevokeFeed::url()
                on:submit=move |event| {
                    event.prevent_default();
                    action.dispatch(RevokeFeed { id });
                }
            >
                <input type="hidden" name="id" value=id.to_string() />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                    <Icon icon=icondata::LuBan />
                    "Revoke"
                </button>
            </form>
        </li>
    }
}
