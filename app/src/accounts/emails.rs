//! Links in mails about another address: one confirms it, one takes it back. Looking at them changes nothing.

use contract::accounts::EmailChangeView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use super::Door;
use crate::{
    components::Awaited,
    error::AppError,
    flash::Flash,
    forms::{FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

const CONFIRM: &str = "confirm-email";
const UNDO: &str = "undo-email";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeView {
    change: EmailChangeView,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_email_change(token: String) -> Result<ChangeView, AppError> {
    let s = ssr::services()?;
    Ok(ChangeView {
        flash: ssr::take_flash().await?,
        change: services::accounts::emails::open_link(&s, &token).await?,
    })
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_email_undo(token: String) -> Result<ChangeView, AppError> {
    let s = ssr::services()?;
    Ok(ChangeView {
        flash: ssr::take_flash().await?,
        change: services::accounts::emails::open_undo(&s, &token).await?,
    })
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn confirm_email(token: String) -> Result<(), AppError> {
    let form = ssr::Form::new(CONFIRM, format!("/account/email/{token}"));
    let work = async move { Ok(services::accounts::emails::confirm(&ssr::services()?, &token).await?) };
    ssr::post_form(form, work, |()| Some("/account?changed=email".to_owned())).await
}

/// Then a new password is chosen, for somebody else may know the one there was.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn undo_email(token: String) -> Result<(), AppError> {
    let form = ssr::Form::new(UNDO, format!("/account/undo/{token}"));
    let work = async move { Ok::<_, AppError>(services::accounts::emails::undo(&ssr::services()?, &token).await?) };
    let link = ssr::post_form(form, work, |link| Some(format!("/reset/{link}"))).await?;
    drop(link);
    Ok(())
}

#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    let found = Resource::new_blocking(token, open_email_change);
    let view =
        move |found: ChangeView| view! { <Confirm found token=params.read_untracked().get("token").unwrap_or_default() /> };
    view! {
        <Title text="New e-mail address" />
        <Awaited from=found view />
    }
}

#[component]
fn Confirm(found: ChangeView, token: String) -> impl IntoView {
    let action = ServerAction::<ConfirmEmail>::new();
    let form = FormState::new(CONFIRM, action, found.flash);
    view! {
        <Door title="Is this your address?">
            <p class="break-words">
                "You sign in with " <strong>{found.change.before}</strong> " now. From here on it is to be " <strong>{found.change.email}</strong> "."
            </p>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <input type="hidden" name="token" value=token />
                <Submit form label="Yes, use this address" />
            </ActionForm>
        </Door>
    }
}

#[component]
pub fn UndoEmailPage() -> impl IntoView {
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    let found = Resource::new_blocking(token, open_email_undo);
    let view = move |found: ChangeView| view! { <Undo found token=params.read_untracked().get("token").unwrap_or_default() /> };
    view! {
        <Title text="This was not me" />
        <Awaited from=found view />
    }
}

#[component]
fn Undo(found: ChangeView, token: String) -> impl IntoView {
    let action = ServerAction::<UndoEmail>::new();
    let form = FormState::new(UNDO, action, found.flash);
    let now = if found.change.confirmed {
        "The address of your account was changed to "
    } else {
        "The address of your account is to be changed to "
    };
    view! {
        <Door title="Was this not you?">
            <p class="break-words">{now} <strong>{found.change.email}</strong> "."</p>
            <p class="break-words">
                "If it was not you: your address is " <strong>{found.change.before}</strong>
                " again, everybody is signed out, and you choose a new password on the next page."
            </p>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <input type="hidden" name="token" value=token />
                <Submit form label="This was not me: take it back" />
            </ActionForm>
        </Door>
    }
}
