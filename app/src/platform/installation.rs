//! What is set for the installation: by its environment, which is only shown, and by who runs it.

use contract::platform::InstallationView;
use leptos::prelude::*;
use leptos_meta::Title;

use super::{flash, utc};
use crate::{
    components::Awaited,
    error::AppError,
    forms::{FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn platform_installation() -> Result<InstallationView, AppError> {
    let settings = ssr::house()?.settings();
    let (s, admin) = ssr::platform().await?;
    let view = services::platform::installed(&s, &admin).await?;
    Ok(InstallationView { settings, ..view })
}

/// `open` is there if anybody may sign up.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_sign_up(open: Option<String>) -> Result<InstallationView, AppError> {
    let house = ssr::house()?;
    let work = async move {
        let (s, admin) = ssr::platform().await?;
        services::accounts::installation::set_sign_up(&s, &admin, open.is_some()).await?;
        let view = services::platform::installed(&s, &admin).await?;
        Ok(InstallationView {
            settings: house.settings(),
            ..view
        })
    };
    ssr::post_form(ssr::Form::new("sign-up", "/platform/settings"), work, |_| None).await
}

#[component]
pub fn InstallationPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| platform_installation());
    view! {
        <Title text="Installation settings" />
        <h1>"Settings of this installation"</h1>
        <Awaited from=found view=|view| view! { <Installed view /> } />
    }
}

#[component]
fn Installed(view: InstallationView) -> impl IntoView {
    let action = ServerAction::<SetSignUp>::new();
    let form = FormState::new("sign-up", action, flash());
    let shown = RwSignal::new(view);
    Effect::new(move |_| {
        if let Some(Ok(view)) = action.value().get() {
            shown.set(view);
        }
    });
    let open = move || shown.read().sign_up_open;
    let words = move || {
        if open() {
            "Anybody who finds this address may sign up with a business of theirs."
        } else {
            "Nobody may sign up. Businesses are made with showup admin create-business; people who are invited can still join."
        }
    };
    let button = move || {
        let open = open();
        let label = if open { "Close signing up" } else { "Open signing up" };
        view! {
            <ActionForm action attr:class="flex flex-col gap-2">
                <FormNote form saved="Saved." />
                {(!open).then(|| view! { <input type="hidden" name="open" value="yes" /> })}
                <div>
                    <Submit form label=label />
                </div>
            </ActionForm>
        }
    };
    let settings = shown.with_untracked(|view| view.settings.clone());
    let settings = settings
        .into_iter()
        .map(|one| {
            view! {
                <tr>
                    <th scope="row" class="py-1 pe-4 text-start font-mono text-sm font-normal">{one.name}</th>
                    <td class="py-1 pe-4 text-sm break-all">{one.value}</td>
                    <td class="py-1 text-sm text-muted">{one.what}</td>
                </tr>
            }
        })
        .collect_view();
    let changes = move || {
        let changes = shown.read().changes.clone();
        let one = |change: contract::platform::ChangeView| {
            view! { <li class="text-sm">{format!("{} · {} · {} {}", utc(change.at), change.actor, change.action, change.after)}</li> }
        };
        changes.into_iter().map(one).collect_view()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="sign-up-heading">
            <h2 id="sign-up-heading">"Signing up"</h2>
            <p>{words}</p>
            {button}
        </section>
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="environment-heading">
            <h2 id="environment-heading">"Set by the environment"</h2>
            <p class="text-sm text-muted">"These are read when the server starts; .env.sample explains each. Secrets are not shown."</p>
            <div class="overflow-x-auto">
                <table class="w-full">
                    <thead class="sr-only">
                        <tr>
                            <th scope="col">"Setting"</th>
                            <th scope="col">"Value"</th>
                            <th scope="col">"What it is"</th>
                        </tr>
                    </thead>
                    <tbody>{settings}</tbody>
                </table>
            </div>
        </section>
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="changes-heading">
            <h2 id="changes-heading">"Changes"</h2>
            <ul class="flex flex-col gap-1">{changes}</ul>
        </section>
    }
}
