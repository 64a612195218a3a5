//! Settings of the business.

use contract::businesses::BusinessView;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    browser,
    desk::use_desk,
    error::AppError,
    forms::{Field, FormNote, FormState, Submit, ZoneNames},
    parts::Glyph,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn")]
pub async fn update_business(name: String, contact_line: String, time_zone: String) -> Result<BusinessView, AppError> {
    let form = ssr::Form::new("settings", "/settings")
        .typed("name", &name)
        .typed("contact_line", &contact_line)
        .typed("time_zone", &time_zone);
    let command = contract::businesses::UpdateBusiness {
        name,
        contact_line,
        time_zone,
    };
    let work = async move { Ok(services::businesses::update(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::door(form, work, |_| None).await
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let desk = use_desk();
    let business = desk.business.get_untracked();
    let body = if desk.may_manage() {
        view! { <SettingsForm business=business.clone() /> }.into_any()
    } else {
        view! { <SettingsFacts business=business.clone() /> }.into_any()
    };
    view! {
        <Title text="Settings" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <h1>"Settings"</h1>
            {body}
            <Connection business />
        </div>
    }
}

#[component]
fn SettingsForm(business: BusinessView) -> impl IntoView {
    let desk = use_desk();
    let action = ServerAction::<UpdateBusiness>::new();
    let form = FormState::new("settings", action, desk.flash());
    Effect::new(move |_| {
        if let Some(Ok(business)) = action.value().get() {
            desk.business.set(business);
        }
    });
    view! {
        <section class="panel p-5" aria-labelledby="business-heading">
            <h2 id="business-heading" class="pb-3">
                "Business"
            </h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Field form name="name" label="Business name" value=business.name required=true hint="Stands in every text you send." />
                <Field
                    form
                    name="contact_line"
                    label="Contact line"
                    value=business.contact_line
                    hint="A phone number, an e-mail address or a sentence. Customers who text HELP get it as the answer."
                />
                <Field
                    form
                    name="time_zone"
                    label="Time zone"
                    value=business.time_zone
                    list="zones"
                    required=true
                    hint="Appointments are entered and shown in it."
                />
                <ZoneNames />
                <div>
                    <Submit form label="Save settings" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn SettingsFacts(business: BusinessView) -> impl IntoView {
    view! {
        <section class="panel p-5" aria-labelledby="business-heading">
            <h2 id="business-heading" class="pb-1">
                "Business"
            </h2>
            <p class="pb-3 text-sm text-muted">"Only owners and admins change these, because they appear in every text."</p>
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
                <dt class="text-muted">"Business name"</dt>
                <dd>{business.name}</dd>
                <dt class="text-muted">"Contact line"</dt>
                <dd>{business.contact_line}</dd>
                <dt class="text-muted">"Time zone"</dt>
                <dd>{business.time_zone}</dd>
            </dl>
        </section>
    }
}

#[component]
fn Connection(business: BusinessView) -> impl IntoView {
    let sender = business
        .sender
        .unwrap_or_else(|| "No number yet: texts cannot leave until one is connected.".to_owned());
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="connection-heading">
            <h2 id="connection-heading">"Twilio"</h2>
            <div>
                <p class="field-label">"Texts leave from"</p>
                <p class="tabular">{sender}</p>
            </div>
            <p class="text-sm text-muted">"Enter these two addresses in Twilio's console, at your number and at its status callback."</p>
            <CopyLine label="Incoming messages" text=business.webhook_inbound />
            <CopyLine label="Delivery status" text=business.webhook_status />
        </section>
    }
}

#[component]
fn CopyLine(label: &'static str, text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    // Copying takes JavaScript, so the button is there once it is.
    let can_copy = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let words = move || if copied.get() { "Copied" } else { "Copy" };
    let copy = {
        let text = text.clone();
        move |_| copied.set(browser::copy(&text))
    };
    view! {
        <div>
            <p class="field-label">{label}</p>
            <div class="flex flex-wrap items-center gap-2">
                <code class="min-w-0 flex-1 rounded bg-base-200 px-2 py-1.5 text-sm">{text}</code>
                <button type="button" class="btn btn-sm min-h-11 md:min-h-8" class:hidden=move || !can_copy.get() on:click=copy>
                    <Glyph icon=icondata::LuCopy />
                    <span aria-live="polite">{words}</span>
                    <span class="sr-only">{format!(" the address for {}", label.to_lowercase())}</span>
                </button>
            </div>
        </div>
    }
}
