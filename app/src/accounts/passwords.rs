//! A password that was forgotten: asking for a link, and choosing a new one by it.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use super::Door;
use crate::{
    components::Awaited,
    error::AppError,
    flash::Flash,
    forms::{Field, FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORGOT: &str = "forgot";
const RESET: &str = "reset";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForgotView {
    mail_works: bool,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_forgot() -> Result<ForgotView, AppError> {
    let s = ssr::services()?;
    Ok(ForgotView {
        flash: ssr::take_flash().await?,
        mail_works: services::mails::works(&s),
    })
}

/// The same answer for every address.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn forgot_password(email: String) -> Result<(), AppError> {
    let form = ssr::Form::new(FORGOT, "/forgot").typed("email", &email);
    let work = async move { Ok(services::accounts::passwords::forgot(&ssr::services()?, &email).await?) };
    ssr::post_form(form, work, |()| None).await
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResetView {
    email: String,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_reset(token: String) -> Result<ResetView, AppError> {
    let s = ssr::services()?;
    Ok(ResetView {
        flash: ssr::take_flash().await?,
        email: services::accounts::passwords::open_link(&s, &token).await?,
    })
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn reset_password(token: String, password: String) -> Result<(), AppError> {
    let form = ssr::Form::new(RESET, format!("/reset/{token}"));
    let work = async move {
        let (s, caller) = (ssr::own_services()?, ssr::who_knocks());
        let device = services::accounts::passwords::reset(&s, &token, &password, &caller).await?;
        ssr::know_device(&device)
    };
    ssr::post_form(form, work, |()| Some("/signin?changed=password".to_owned())).await
}

#[component]
pub fn ForgotPage() -> impl IntoView {
    let start = Resource::new_blocking(|| (), |()| begin_forgot());
    view! {
        <Title text="Forgotten password" />
        <Awaited from=start view=|start| view! { <Forgot start /> } />
    }
}

#[component]
fn Forgot(start: ForgotView) -> impl IntoView {
    let action = ServerAction::<ForgotPassword>::new();
    let form = FormState::new(FORGOT, action, start.flash);
    let works = start.mail_works;
    view! {
        <Door title="Forgotten password">
            <p class:hidden=works>
                "E-mail is not set up on this installation, so no link can be sent. Please ask whoever runs it."
            </p>
            <ActionForm action attr:class="flex flex-col gap-4" attr:hidden=!works>
                <FormNote
                    form
                    saved="If this address has an account, a mail with a link is on its way. The link opens for an hour. Please look into the folder for spam, too."
                />
                <Field form name="email" label="E-mail" kind="email" autocomplete="username" required=true />
                <Submit form label="Send me a link" />
            </ActionForm>
            <p class="text-sm">
                <a class="link" href="/signin">
                    "Back to signing in"
                </a>
            </p>
        </Door>
    }
}

#[component]
pub fn ResetPage() -> impl IntoView {
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    let found = Resource::new_blocking(token, open_reset);
    let view = move |found: ResetView| view! { <Reset found token=params.read_untracked().get("token").unwrap_or_default() /> };
    view! {
        <Title text="New password" />
        <Awaited from=found view />
    }
}

#[component]
fn Reset(found: ResetView, token: String) -> impl IntoView {
    let action = ServerAction::<ResetPassword>::new();
    let form = FormState::new(RESET, action, found.flash);
    view! {
        <Door title="Choose a new password">
            <p class="break-words">"For " <strong>{found.email.clone()}</strong> ". Everybody who is signed in with it is signed out."</p>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <input type="hidden" name="token" value=token />
                <input type="hidden" autocomplete="username" value=found.email />
                <Field
                    form
                    name="password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters."
                    required=true
                />
                <Submit form label="Set password" />
            </ActionForm>
        </Door>
    }
}
