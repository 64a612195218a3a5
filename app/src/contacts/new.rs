//! A new contact.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::Icon,
    contacts::{CreateContact, language::language_options},
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
    zones::ZoneNames,
};

#[component]
pub fn NewPage() -> impl IntoView {
    let action = ServerAction::<CreateContact>::new();
    let form = FormState::new("contact", action, use_session().flash());
    let agreed = !form.is_shown_again() || !form.value("agreed", "").is_empty();
    view! {
        <Title text="New contact" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href="/contacts">
                <Icon icon=icondata::LuArrowLeft />
                "All contacts"
            </a>
            <h1>"New contact"</h1>
            <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
                <FormNote form />
                <ContactFields form />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="agreed" value="yes" class="checkbox" checked=agreed />
                    "They gave this number for appointment texts"
                </label>
                <div>
                    <Submit form label="Save contact" />
                </div>
            </ActionForm>
        </div>
    }
}

/// The fields that a new and a changed contact share.
#[component]
pub fn ContactFields(
    form: FormState,
    #[prop(optional, into)] name: String,
    #[prop(optional, into)] phone: String,
    #[prop(optional, into)] email: String,
    #[prop(optional, into)] time_zone: String,
    #[prop(optional, into)] language: String,
    #[prop(optional, into)] tags: String,
    #[prop(optional, into)] notes: String,
) -> impl IntoView {
    view! {
        <Field form name="name" label="Name" value=name />
        <Field form name="phone" label="Phone" kind="tel" value=phone required=true hint="Any usual spelling. With + and country code for numbers from abroad." />
        <Field form name="email" label="E-mail (optional)" kind="email" value=email />
        <Field
            form
            name="time_zone"
            label="Time zone (optional)"
            value=time_zone
            list="zones"
            hint="Only if it is not yours, for example Europe/Stockholm. Used so that reminders never come at night."
        />
        <ZoneNames />
        <Choice form name="language" label="Language" options=language_options() value=language hint="Reminders and automatic answers are written in it." />
        <Field form name="tags" label="Tags (optional)" value=tags hint="Words you know them by, with commas between them." />
        <Area form name="notes" label="Notes" value=notes />
    }
}
