//! Browsers in which one is signed in, and those that are trusted.

use contract::security::{SecurityView, SessionView, TrustedDevice};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Icon, TimeFormat, Timestamp},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use super::PATH;
#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_session(id: Uuid) -> Result<SecurityView, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        Ok(services::accounts::security::revoke_session(&s, &actor, here.as_ref().map(<[u8; 16]>::as_slice), id).await?)
    };
    ssr::button_action(PATH, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_other_sessions() -> Result<SecurityView, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        Ok(services::accounts::security::revoke_other_sessions(&s, &actor, here.as_ref().map(<[u8; 16]>::as_slice)).await?)
    };
    ssr::button_action(PATH, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_trusted_device(id: Uuid) -> Result<SecurityView, AppError> {
    let work = async move {
        let (s, actor, here) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
        Ok(services::accounts::security::revoke_device(&s, &actor, here.as_ref().map(<[u8; 16]>::as_slice), id).await?)
    };
    ssr::button_action(PATH, work).await
}

/// What an action brings is how it is now, or a problem at the top of the page.
fn take<S>(action: ServerAction<S>, now: RwSignal<SecurityView>)
where
    S: ServerFn<Output = SecurityView, Error = AppError> + Clone + Send + Sync + 'static,
{
    let session = use_session();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(view)) => {
            session.problem.set(None);
            now.set(view);
        }
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
}

#[component]
pub fn Sessions(now: RwSignal<SecurityView>) -> impl IntoView {
    let list = move || {
        let sessions = now.with(|view| view.sessions.clone());
        sessions.into_iter().map(|one| view! { <Session one now /> }).collect_view()
    };
    let others = move || now.with(|view| view.sessions.iter().any(|one| !one.this));
    let action = ServerAction::<RevokeOtherSessions>::new();
    take(action, now);
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="sessions-heading">
            <h2 id="sessions-heading">"Where you are signed in"</h2>
            <ul class="flex flex-col gap-2">{list}</ul>
            <div class:hidden=move || !others()>
                <ActionForm action>
                    <button type="submit" class="btn min-h-11" aria-busy=move || action.pending().get().to_string()>
                        <Icon icon=icondata::LuLogOut />
                        "Sign out everywhere else"
                    </button>
                </ActionForm>
            </div>
        </section>
    }
}

#[component]
fn Session(one: SessionView, now: RwSignal<SecurityView>) -> impl IntoView {
    let action = ServerAction::<RevokeSession>::new();
    take(action, now);
    let label = format!("Sign out: {}", one.device);
    let end = if one.this {
        view! { <span class="badge badge-success">"This browser"</span> }.into_any()
    } else {
        view! {
            <ActionForm action>
                <input type="hidden" name="id" value=one.id.to_string() />
                <button
                    type="submit"
                    class="btn btn-sm min-h-11 md:min-h-8"
                    aria-label=label
                    aria-busy=move || action.pending().get().to_string()
                >
                    "Sign out"
                </button>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <li class="flex flex-wrap items-center gap-3 rounded border border-base-300 p-3" data-session=one.id.to_string()>
            <div class="min-w-0 flex-1">
                <p class="font-medium">{one.device}</p>
                <p class="text-sm text-muted">
                    "Signed in " <Timestamp at=one.created_at say=TimeFormat::Inline /> " · last seen "
                    <Timestamp at=one.seen_at say=TimeFormat::Inline />
                </p>
            </div>
            {end}
        </li>
    }
}

#[component]
pub fn Devices(now: RwSignal<SecurityView>) -> impl IntoView {
    let list = move || {
        let devices = now.with(|view| view.devices.clone());
        devices.into_iter().map(|one| view! { <Device one now /> }).collect_view()
    };
    view! {
        <section
            class="panel flex flex-col gap-3 p-5"
            class:hidden=move || now.with(|view| view.devices.is_empty())
            aria-labelledby="trusted-heading"
        >
            <h2 id="trusted-heading">"Devices that are not asked for a code"</h2>
            <ul class="flex flex-col gap-2">{list}</ul>
        </section>
    }
}

#[component]
fn Device(one: TrustedDevice, now: RwSignal<SecurityView>) -> impl IntoView {
    let action = ServerAction::<RevokeTrustedDevice>::new();
    take(action, now);
    let label = format!("Ask again on: {}", one.device);
    view! {
        <li class="flex flex-wrap items-center gap-3 rounded border border-base-300 p-3" data-device=one.id.to_string()>
            <div class="min-w-0 flex-1">
                <p class="font-medium">{one.device}</p>
                <p class="text-sm text-muted">"Until " <Timestamp at=one.trusted_until say=TimeFormat::Inline /></p>
            </div>
            <ActionForm action>
                <input type="hidden" name="id" value=one.id.to_string() />
                <button
                    type="submit"
                    class="btn btn-sm min-h-11 md:min-h-8"
                    aria-label=label
                    aria-busy=move || action.pending().get().to_string()
                >
                    "Ask again"
                </button>
            </ActionForm>
        </li>
    }
}
