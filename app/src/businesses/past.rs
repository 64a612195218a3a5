//! What becomes of visits that nobody marks, in the settings.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{customers_page::CustomersPageSettings, ways::WaysSettings};
use crate::{
    audit::LastChanged,
    components::Awaited,
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const ASK: &str = "Ask on Today how it went";

/// Hours after which an unmarked visit counts as attended; none: somebody is asked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_completion() -> Result<Option<i32>, AppError> {
    Ok(services::businesses::completion(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `complete_after` is empty for asking.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_completion(#[server(default)] complete_after: String) -> Result<(), AppError> {
    let form = ssr::Form::new("completion", "/settings/visits").typed("complete_after", &complete_after);
    let work =
        async move { Ok(services::businesses::set_completion(&ssr::services()?, &ssr::actor().await?, &complete_after).await?) };
    ssr::post_form(form, work, |()| None).await
}

/// What becomes of visits by themselves, and what customers may do with theirs.
#[component]
pub fn VisitsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_completion());
    view! {
        <Title text="Visits" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Visits"</h1>
                <LastChanged what="business.visits_updated" />
            </div>
            <Awaited from=found view=|found| view! { <Completion found /> } />
            <WaysSettings />
            <CustomersPageSettings />
        </div>
    }
}

#[component]
fn Completion(found: Option<i32>) -> impl IntoView {
    let session = use_session();
    let body = if session.may_manage() {
        let action = ServerAction::<SetCompletion>::new();
        let form = FormState::new("completion", action, session.flash());
        let mut options = vec![(String::new(), ASK.to_owned())];
        let mut hours = vec![1, 4, 12, 24, 48];
        hours.extend(found.filter(|set| !hours.contains(set)));
        options.extend(hours.into_iter().map(|hours| (hours.to_string(), words(hours))));
        let value = found.map(|hours| hours.to_string()).unwrap_or_default();
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="Saved." />
                <Choice form name="complete_after" label="Visits that nobody has marked" options value />
                <div>
                    <Submit form label="Save choice" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        view! { <p>{found.map_or_else(|| ASK.to_owned(), words)}</p> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="past-heading">
            <h2 id="past-heading">"Past visits"</h2>
            {body}
        </section>
    }
}

fn words(hours: i32) -> String {
    match hours {
        1 => "Count as attended 1 hour after their end".to_owned(),
        hours => format!("Count as attended {hours} hours after their end"),
    }
}
