//! Which account texts go through: this installation's, or one of the business's own.

use contract::numbers::TwilioView;
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

const FORM: &str = "twilio-account";

/// The key is there if it was typed. Nothing secret is ever shown again.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn connect_twilio(
    account_sid: String,
    auth_token: String,
    #[server(default)] key_sid: String,
    #[server(default)] key_secret: String,
) -> Result<TwilioView, AppError> {
    let form = ssr::Form::new(FORM, PATH)
        .typed("account_sid", &account_sid)
        .typed("key_sid", &key_sid);
    let work = async move {
        let key = (!key_sid.trim().is_empty() || !key_secret.trim().is_empty()).then(|| services::numbers::accounts::ApiKey {
            sid: key_sid,
            secret: key_secret.into(),
        });
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::accounts::connect_with(&s, &actor, &account_sid, auth_token.into(), key).await?;
        Ok(services::pages::twilio::connection(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn disconnect_twilio() -> Result<TwilioView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::accounts::disconnect(&s, &actor).await?;
        Ok(services::pages::twilio::connection(&s, &actor, None).await?)
    };
    ssr::button_action(PATH, work).await
}

#[component]
pub fn Account(all: RwSignal<TwilioView>) -> impl IntoView {
    let facts = Memo::new(move |_| {
        all.with(|all| {
            (
                all.kind.clone(),
                all.account_sid.clone(),
                all.parent_sid.clone(),
                all.key_sid.clone(),
                all.since,
                all.previous_counts,
            )
        })
    });
    let body = move || {
        let (kind, sid, parent, key, since, previous) = facts.get();
        let own = sid.is_some();
        let words = match kind.as_str() {
            "own" => "Your own account",
            "subaccount" => "A subaccount of your own",
            "installation" => "This installation’s account",
            _ => "None: texts can’t leave until one is connected.",
        };
        view! {
            <p class="font-medium" data-connection=kind>
                {words}
            </p>
            {sid
                .map(|sid| {
                    view! {
                        <dl class="grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[8rem_1fr]">
                            <dt class="text-muted">"Account SID"</dt>
                            <dd class="break-all">{sid}</dd>
                            {parent
                                .map(|parent| {
                                    view! {
                                        <dt class="text-muted">"A part of"</dt>
                                        <dd class="break-all">{parent}</dd>
                                    }
                                })}
                            <dt class="text-muted">"Called with"</dt>
                            <dd class="break-all">{key.map_or_else(|| "its auth token".to_owned(), |key| format!("the API key {key}"))}</dd>
                            {since
                                .map(|at| {
                                    view! {
                                        <dt class="text-muted">"Token entered"</dt>
                                        <dd>
                                            <Timestamp at say=TimeFormat::Relative />
                                        </dd>
                                    }
                                })}
                        </dl>
                    }
                })}
            {previous.then(|| view! { <p class="text-sm text-muted">"Webhooks that are signed with the token before are still believed."</p> })}
            <details open=!own>
                <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                    {if own { "Enter a new token, or another account" } else { "Connect an account of your own" }}
                </summary>
                <Connect all sid=all.with_untracked(|all| all.account_sid.clone()).unwrap_or_default() />
            </details>
            {own.then(|| view! { <Disconnect all /> })}
        }
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="account-heading">
            <h2 id="account-heading">"Account"</h2>
            {body}
        </section>
    }
}

#[component]
fn Connect(all: RwSignal<TwilioView>, sid: String) -> impl IntoView {
    let action = ServerAction::<ConnectTwilio>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    view! {
        <ActionForm action attr:class="flex flex-col gap-3 pt-2">
            <p class="text-sm text-muted">
                "It is tried at Twilio before anything is kept, and kept encrypted. Your numbers must be in this account: from then on texts leave and arrive there."
            </p>
            <FormNote form saved="Connected." />
            <Field form name="account_sid" label="Account SID" value=sid required=true hint="Begins with AC. It stands in Twilio’s console." />
            <Field
                form
                name="auth_token"
                label="Auth token"
                kind="password"
                autocomplete="current-password"
                required=true
                hint="Twilio signs what it posts with it. A new one is changed to at once; the one before stays good for what is on its way."
            />
            <details>
                <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Call Twilio with an API key (optional)"</summary>
                <div class="flex flex-col gap-3 pt-2">
                    <Field form name="key_sid" label="API key SID" hint="Begins with SK." />
                    <Field form name="key_secret" label="API key secret" kind="password" autocomplete="current-password" />
                </div>
            </details>
            <div>
                <Submit form label="Check and connect" />
            </div>
        </ActionForm>
    }
}

#[component]
fn Disconnect(all: RwSignal<TwilioView>) -> impl IntoView {
    let action = ServerAction::<DisconnectTwilio>::new();
    put(Signal::derive(move || action.value().get()), all);
    let problem = move || action.value().get().and_then(Result::err).map(|e| e.0.detail);
    view! {
        <ActionForm action attr:class="flex flex-col gap-2">
            <p role="alert" class="field-error empty:hidden">{problem}</p>
            <div>
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                    "Go back to this installation’s account"
                </button>
            </div>
        </ActionForm>
    }
}
