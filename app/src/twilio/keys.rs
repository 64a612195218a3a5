//! Keys that Twilio signs webhooks with beside the auth token.

use contract::numbers::{SharedKeyView, TwilioView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::PATH;
use super::put;
use crate::{
    components::{TimeFormat, Timestamp},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "shared-key";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_shared_key(id: String, secret: String) -> Result<TwilioView, AppError> {
    let form = ssr::Form::new(FORM, PATH).typed("id", &id);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::accounts::add_shared_key(&s, &actor, &id, secret.into()).await?;
        Ok(services::pages::twilio::connection(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_shared_key(id: String) -> Result<TwilioView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::accounts::remove_shared_key(&s, &actor, &id).await?;
        Ok(services::pages::twilio::connection(&s, &actor, None).await?)
    };
    ssr::button_action(PATH, work).await
}

#[component]
pub fn Keys(all: RwSignal<TwilioView>) -> impl IntoView {
    let facts = Memo::new(move |_| all.with(|all| (all.account_sid.is_some(), all.shared_keys.clone())));
    let body = move || {
        let (own, keys) = facts.get();
        if !own {
            let words = "They belong to an account of your own. Those of this installation’s account are its settings.";
            return view! { <p class="text-sm text-muted">{words}</p> }.into_any();
        }
        let list = keys.into_iter().map(|key| view! { <Key key all /> }).collect_view();
        view! {
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
            <Add all />
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="keys-heading">
            <h2 id="keys-heading">"Shared keys"</h2>
            <p class="text-sm text-muted">"Twilio may sign what it posts with a key that you share with it, in place of the auth token."</p>
            {body}
        </section>
    }
}

#[component]
fn Key(key: SharedKeyView, all: RwSignal<TwilioView>) -> impl IntoView {
    let action = ServerAction::<RemoveSharedKey>::new();
    put(Signal::derive(move || action.value().get()), all);
    let id = key.id.clone();
    view! {
        <li class="flex flex-wrap items-center justify-between gap-2 rounded border border-base-300 p-3">
            <p class="min-w-0">
                <span class="font-medium break-all">{key.id.clone()}</span>
                <span class="text-sm text-muted">
                    " · added " <Timestamp at=key.created_at say=TimeFormat::Inline />
                </span>
            </p>
            <ActionForm action>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                    "Remove"
                    <span class="sr-only">{format!(" {}", key.id)}</span>
                </button>
            </ActionForm>
        </li>
    }
}

#[component]
fn Add(all: RwSignal<TwilioView>) -> impl IntoView {
    let action = ServerAction::<AddSharedKey>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Add a shared key"</summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <FormNote form saved="Added." />
                <Field form name="id" label="Key id" required=true hint="As it stands in Twilio’s console." />
                <Field form name="secret" label="Key secret" kind="password" autocomplete="current-password" required=true />
                <div>
                    <Submit form label="Add key" />
                </div>
            </ActionForm>
        </details>
    }
}
