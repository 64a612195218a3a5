//! One's own account: name, address, password.

use contract::accounts::AccountView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    components::Awaited,
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/account";
const NAME: &str = "name";
const EMAIL: &str = "new-email";
const PASSWORD: &str = "password";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_account() -> Result<AccountView, AppError> {
    Ok(services::pages::people::account(&ssr::services()?, &ssr::actor().await?).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn rename_me(name: String) -> Result<(), AppError> {
    let form = ssr::Form::new(NAME, PATH).typed("name", &name);
    let work = async move { Ok(services::accounts::members::rename(&ssr::services()?, &ssr::actor().await?, &name).await?) };
    ssr::post_form(form, work, |()| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn change_email(email: String, present: String) -> Result<(), AppError> {
    let form = ssr::Form::new(EMAIL, PATH).typed("email", &email);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok(services::accounts::emails::ask(&s, &actor, &email, &present).await?)
    };
    ssr::post_form(form, work, |()| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn change_password(present: String, password: String) -> Result<(), AppError> {
    let form = ssr::Form::new(PASSWORD, PATH);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let current = ssr::session_id().await?;
        let current = current.as_ref().map(<[u8; 16]>::as_slice);
        services::accounts::passwords::change(&s, &actor, &present, &password, current).await?;
        ssr::renew_session().await
    };
    ssr::post_form(form, work, |()| None).await
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_account());
    let moved = use_query_map().with_untracked(|query| query.get("changed").as_deref() == Some("email"));
    view! {
        <Title text="Your account" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Your account"</h1>
                <p class="text-muted">"It is the same wherever you work."</p>
            </div>
            <p role="status" class="notice notice-success" class:hidden=!moved>
                "Your new e-mail address counts from now on."
            </p>
            <Awaited from=found view=|found| view! { <Forms found /> } />
        </div>
    }
}

#[component]
fn Forms(found: AccountView) -> impl IntoView {
    let AccountView {
        name,
        email,
        new_email,
        mail_works,
    } = found;
    view! {
        <Name name />
        <Address email new_email mail_works />
        <Password />
    }
}

#[component]
fn Name(name: String) -> impl IntoView {
    let action = ServerAction::<RenameMe>::new();
    let form = FormState::new(NAME, action, use_session().flash());
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="name-heading">
            <h2 id="name-heading">"Name"</h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Field form name="name" label="Your name" value=name autocomplete="name" required=true hint="Colleagues see it; customers do not." />
                <div>
                    <Submit form label="Save name" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Address(email: String, new_email: Option<String>, mail_works: bool) -> impl IntoView {
    let action = ServerAction::<ChangeEmail>::new();
    let form = FormState::new(EMAIL, action, use_session().flash());
    let waits = new_email.map(|new| format!("{new} waits to be confirmed: open the link in the mail there."));
    let body = if mail_works {
        view! {
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="A mail is on its way to the new address. It counts once you open the link there." />
                <Field form name="email" label="New e-mail" kind="email" autocomplete="email" required=true />
                <Field form name="present" label="Your password" kind="password" autocomplete="current-password" required=true />
                <div>
                    <Submit form label="Change e-mail" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <p class="text-sm text-muted">"E-mail is not set up on this installation, so a new address can’t be confirmed."</p>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="address-heading">
            <h2 id="address-heading">"E-mail"</h2>
            <p class="break-words">"You sign in with " <strong>{email}</strong> "."</p>
            <p class="text-sm break-words text-muted empty:hidden">{waits}</p>
            {body}
        </section>
    }
}

#[component]
fn Password() -> impl IntoView {
    let action = ServerAction::<ChangePassword>::new();
    let form = FormState::new(PASSWORD, action, use_session().flash());
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="password-heading">
            <h2 id="password-heading">"Password"</h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Your password is changed, and your other browsers are signed out." />
                <Field form name="present" label="Present password" kind="password" autocomplete="current-password" required=true />
                <Field
                    form
                    name="password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters. Your other browsers are signed out."
                    required=true
                />
                <div>
                    <Submit form label="Change password" />
                </div>
            </ActionForm>
        </section>
    }
}
