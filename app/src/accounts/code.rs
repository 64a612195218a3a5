//! The second step of signing in: a code of the authenticator, or a recovery code.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Door, left_flash};
use crate::{
    components::Awaited,
    error::AppError,
    flash::Flash,
    forms::{Field, FormNote, FormState, Submit},
    paths,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "code";

/// `trust` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn sign_in_code(code: String, trust: Option<String>, next: String) -> Result<(), AppError> {
    let next = paths::after_sign_in(&next).to_owned();
    let form = ssr::Form::new(FORM, paths::with_query("/signin/code", &[("next", Some(&next))]));
    let work = async move {
        let (s, caller) = (ssr::services()?, ssr::who_knocks());
        let passed = ssr::awaited().await?;
        let entry = services::accounts::sign_in_with_code(&s, passed, &code, trust.is_some(), &caller).await?;
        ssr::start_session(entry).await
    };
    ssr::post_form(form, work, |()| Some(next)).await
}

/// Whether a code is waited for.
///
/// # Errors
/// `SignInNeeded` for whoever has not done the first step.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn awaits_code() -> Result<(), AppError> {
    ssr::awaited().await.map(drop)
}

async fn read() -> Result<Option<Flash>, AppError> {
    awaits_code().await?;
    left_flash().await
}

#[component]
pub fn CodePage() -> impl IntoView {
    let flash = Resource::new_blocking(|| (), |()| read());
    view! {
        <Title text="Your code" />
        <Awaited from=flash view=|flash| view! { <CodeForm flash /> } />
    }
}

#[component]
fn CodeForm(flash: Option<Flash>) -> impl IntoView {
    let action = ServerAction::<SignInCode>::new();
    let form = FormState::new(FORM, action, flash);
    let next = use_query_map().get_untracked().get("next").unwrap_or_default();
    let next = paths::after_sign_in(&next).to_owned();
    view! {
        <Door title="Your code">
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <Field
                    form
                    name="code"
                    label="Code"
                    autocomplete="one-time-code"
                    hint="The six digits that your authenticator shows, or one of your recovery codes."
                    required=true
                />
                <label class="flex min-h-11 items-center gap-2 text-sm">
                    <input type="checkbox" name="trust" value="on" class="checkbox" />
                    "Don’t ask on this device for 30 days"
                </label>
                <input type="hidden" name="next" value=next />
                <Submit form label="Go on" />
            </ActionForm>
            <p class="text-sm">
                <a class="link" href="/signin">
                    "Sign in as somebody else"
                </a>
            </p>
            <p class="text-sm text-muted">
                "Lost your authenticator and your recovery codes? Whoever runs Showup for you can reset the second step."
            </p>
        </Door>
    }
}
