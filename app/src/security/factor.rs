//! The second step of signing in: setting it up, its recovery codes, turning it off.

use contract::security::{BegunFactor, FactorView, RecoveryCodes, SecurityView};
use leptos::prelude::*;

use crate::{
    components::{CopyButton, CopyLine, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::OUTCOME,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use super::PATH;
#[cfg(feature = "ssr")]
use crate::ssr;

const BEGIN: &str = "begin-factor";
const CONFIRM: &str = "confirm-factor";
const RENEW: &str = "renew-codes";
const OFF: &str = "factor-off";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_factor(password: String) -> Result<SecurityView, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        let here = here.as_ref().map(<[u8; 16]>::as_slice);
        Ok(services::accounts::security::begin_factor(&s, &actor, here, &password).await?)
    };
    ssr::post_form(ssr::Form::new(BEGIN, PATH), work, |_| None).await
}

/// A browser without a script gets the recovery codes by way of its session, which the next page empties.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn confirm_factor(code: String) -> Result<RecoveryCodes, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        let here = here.as_ref().map(<[u8; 16]>::as_slice);
        Ok(services::accounts::security::confirm_factor(&s, &actor, here, &code).await?)
    };
    ssr::post_bulk_form(ssr::Form::new(CONFIRM, PATH), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn renew_codes(code: String) -> Result<RecoveryCodes, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        let here = here.as_ref().map(<[u8; 16]>::as_slice);
        Ok(services::accounts::security::renew_recovery_codes(&s, &actor, here, &code).await?)
    };
    ssr::post_bulk_form(ssr::Form::new(RENEW, PATH), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn turn_off_factor(password: String, code: String) -> Result<SecurityView, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        let here = here.as_ref().map(<[u8; 16]>::as_slice);
        Ok(services::accounts::security::turn_off_factor(&s, &actor, here, &password, &code).await?)
    };
    ssr::post_form(ssr::Form::new(OFF, PATH), work, |_| None).await
}

/// What a form that was posted without a script has left: the codes, this once.
fn left() -> Option<Vec<String>> {
    let flash = use_session().flash()?;
    let ours = flash.form == CONFIRM || flash.form == RENEW;
    let outcome = flash.typed.get(OUTCOME).filter(|_| ours)?;
    serde_json::from_str::<RecoveryCodes>(outcome).ok().map(|new| new.codes)
}

#[component]
pub fn Factor(now: RwSignal<SecurityView>) -> impl IntoView {
    let codes = RwSignal::new(left());
    // Drawn anew only when it becomes another one: what is being typed stays when a session is signed out.
    let factor = Memo::new(move |_| now.with(|view| view.factor.clone()));
    let body = move || match factor.get() {
        FactorView::Off => view! { <Begin now /> }.into_any(),
        FactorView::Begun(begun) => view! { <Confirm begun now codes /> }.into_any(),
        FactorView::On {
            since,
            recovery_codes_left,
        } => view! {
            <p class="text-sm">
                "It is on since " <Timestamp at=since say=TimeFormat::Inline /> ". "
                {format!("{recovery_codes_left} of your recovery codes are left.")}
            </p>
            <Renew now codes />
            <TurnOff now codes />
        }
        .into_any(),
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="factor-heading">
            <div>
                <h2 id="factor-heading">"A second step"</h2>
                <p class="text-sm text-muted">
                    "With a code from an authenticator app on your phone, your password alone opens nothing."
                </p>
            </div>
            <div role="status">{move || codes.get().map(|codes| view! { <Codes codes /> })}</div>
            {body}
        </section>
    }
}

/// The only time that anybody sees them.
#[component]
fn Codes(codes: Vec<String>) -> impl IntoView {
    let text = codes.join("\n");
    let file = format!("data:text/plain;charset=utf-8,{}", codes.join("%0A"));
    let list = codes
        .into_iter()
        .map(|code| view! { <li class="font-mono whitespace-nowrap">{code}</li> })
        .collect_view();
    view! {
        <div class="notice notice-success flex flex-col gap-2">
            <p>
                "These are your recovery codes. Each signs you in once, should you lose your phone. They are shown this once: print \
                 them, or keep them where you find them without it."
            </p>
            <ul class="grid grid-cols-1 gap-1 sm:grid-cols-2" aria-label="Recovery codes">
                {list}
            </ul>
            <p class="flex flex-wrap gap-2">
                <CopyButton text words="Copy all codes" />
                <a class="btn btn-sm min-h-11 md:min-h-8" href=file download="showup-recovery-codes.txt" rel="external">
                    <Icon icon=icondata::LuDownload />
                    "Save as a file, to print"
                </a>
            </p>
        </div>
    }
}

#[component]
fn Begin(now: RwSignal<SecurityView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<BeginFactor>::new();
    let form = FormState::new(BEGIN, action, session.flash());
    take_quietly(action, now);
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form />
            <Field form name="password" label="Your password" kind="password" autocomplete="current-password" required=true />
            <div>
                <Submit form label="Set it up" />
            </div>
        </ActionForm>
    }
}

/// What an action brings is how it is now; what is wrong stands in its form.
fn take_quietly<S>(action: ServerAction<S>, now: RwSignal<SecurityView>)
where
    S: leptos::server_fn::ServerFn<Output = SecurityView, Error = AppError> + Clone + Send + Sync + 'static,
{
    Effect::new(move |_| {
        if let Some(Ok(view)) = action.value().get() {
            now.set(view);
        }
    });
}

/// The codes that an action brings are shown, and how it is now.
fn take_codes<S>(action: ServerAction<S>, now: RwSignal<SecurityView>, codes: RwSignal<Option<Vec<String>>>)
where
    S: leptos::server_fn::ServerFn<Output = RecoveryCodes, Error = AppError> + Clone + Send + Sync + 'static,
{
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            codes.set(Some(new.codes));
            now.set(new.security);
        }
    });
}

#[component]
fn Confirm(begun: BegunFactor, now: RwSignal<SecurityView>, codes: RwSignal<Option<Vec<String>>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<ConfirmFactor>::new();
    let form = FormState::new(CONFIRM, action, session.flash());
    take_codes(action, now, codes);
    let side = begun.qr.size + 8;
    view! {
        <ol class="list-decimal pl-5 text-sm">
            <li>"Open an authenticator app on your phone, and scan this picture with it."</li>
            <li>"Type the six digits that it shows then."</li>
        </ol>
        // Dark on light in dark mode, too: not every camera reads it the other way round.
        <svg
            viewBox=format!("-4 -4 {side} {side}")
            class="h-56 w-56 rounded bg-white text-black"
            role="img"
            aria-label="Picture for your authenticator"
            shape-rendering="crispEdges"
        >
            <path fill="currentColor" d=begun.qr.path></path>
        </svg>
        <CopyLine label="Or type this key into the app" text=begun.secret button="Copy key" />
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form />
            <Field form name="code" label="Code from your authenticator" autocomplete="one-time-code" required=true />
            <div>
                <Submit form label="Turn it on" />
            </div>
        </ActionForm>
    }
}

#[component]
fn Renew(now: RwSignal<SecurityView>, codes: RwSignal<Option<Vec<String>>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<RenewCodes>::new();
    let form = FormState::new(RENEW, action, session.flash());
    take_codes(action, now, codes);
    view! {
        <details class="rounded border border-base-300 p-3" open=form.problem.get_untracked().is_some()>
            <summary class="min-h-11 cursor-pointer content-center md:min-h-8">"New recovery codes"</summary>
            <ActionForm action attr:class="flex flex-col gap-4 pt-3">
                <FormNote form />
                <Field
                    form
                    name="code"
                    label="Code for new recovery codes"
                    autocomplete="one-time-code"
                    hint="From your authenticator. The old recovery codes open nothing any more then."
                    required=true
                />
                <div>
                    <Submit form label="Make ten new ones" />
                </div>
            </ActionForm>
        </details>
    }
}

#[component]
fn TurnOff(now: RwSignal<SecurityView>, codes: RwSignal<Option<Vec<String>>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<TurnOffFactor>::new();
    let form = FormState::new(OFF, action, session.flash());
    take_quietly(action, now);
    Effect::new(move |_| {
        if let Some(Ok(_)) = action.value().get() {
            codes.set(None);
        }
    });
    view! {
        <details class="rounded border border-base-300 p-3" open=form.problem.get_untracked().is_some()>
            <summary class="min-h-11 cursor-pointer content-center md:min-h-8">"Turn the second step off"</summary>
            <ActionForm action attr:class="flex flex-col gap-4 pt-3">
                <FormNote form />
                <Field form name="password" label="Your password" kind="password" autocomplete="current-password" required=true />
                <Field
                    form
                    name="code"
                    label="Code to turn it off"
                    autocomplete="one-time-code"
                    hint="From your authenticator, or a recovery code."
                    required=true
                />
                <div>
                    <Submit form label="Turn it off" />
                </div>
            </ActionForm>
        </details>
    }
}
