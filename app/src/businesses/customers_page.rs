//! What customers may do on the page of their visit, in the settings.

use contract::businesses::CustomersPage;
use leptos::prelude::*;

use crate::{
    components::Awaited,
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const CANCEL: &str = "Customers may cancel there";
const LINKS: &str = "Reminders carry the link";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_customers_page() -> Result<CustomersPage, AppError> {
    Ok(services::businesses::customers_page::get(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Each is there if its box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_customers_page(may_cancel: Option<String>, text_links: Option<String>) -> Result<CustomersPage, AppError> {
    let form = ssr::Form::new(FORM, "/settings/visits")
        .typed("may_cancel", may_cancel.as_deref().unwrap_or_default())
        .typed("text_links", text_links.as_deref().unwrap_or_default());
    let wanted = CustomersPage {
        may_cancel: may_cancel.is_some(),
        text_links: text_links.is_some(),
    };
    let work =
        async move { Ok(services::businesses::customers_page::set(&ssr::services()?, &ssr::actor().await?, wanted).await?) };
    ssr::post_form(form, work, |_| None).await
}

const FORM: &str = "customers-page";

#[component]
pub fn CustomersPageSettings() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_customers_page());
    view! { <Awaited from=found view=|found| view! { <Choices found /> } /> }
}

#[component]
fn Choices(found: CustomersPage) -> impl IntoView {
    let session = use_session();
    let body = if session.may_manage() {
        let action = ServerAction::<SetCustomersPage>::new();
        let form = FormState::new(FORM, action, session.flash());
        let ticked = move |field: &str, is: bool| {
            if form.is_shown_again() {
                !form.value(field, "").is_empty()
            } else {
                is
            }
        };
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="Saved." />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input
                        type="checkbox"
                        name="may_cancel"
                        value="yes"
                        class="toggle toggle-primary"
                        checked=ticked("may_cancel", found.may_cancel)
                    />
                    {CANCEL}
                </label>
                <label class="flex min-h-11 items-center gap-2.5">
                    <input
                        type="checkbox"
                        name="text_links"
                        value="yes"
                        class="toggle toggle-primary"
                        checked=ticked("text_links", found.text_links)
                    />
                    {LINKS}
                </label>
                <p class="field-hint">"With the link a reminder takes two parts, so it costs twice as much."</p>
                <div>
                    <Submit form label="Save page" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        let yes = |is: bool| if is { "Yes" } else { "No" };
        view! {
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[14rem_1fr]">
                <dt class="text-muted">{CANCEL}</dt>
                <dd>{yes(found.may_cancel)}</dd>
                <dt class="text-muted">{LINKS}</dt>
                <dd>{yes(found.text_links)}</dd>
            </dl>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="customers-page-heading">
            <h2 id="customers-page-heading">"Customers’ own page"</h2>
            <p class="text-sm text-muted">
                "Each visit has a page that its customer opens by a link, without signing in: to confirm, to ask for another time, to put it \
                 into a calendar, to stop texts. You find the link on the visit."
            </p>
            {body}
        </section>
    }
}
