//! Keys of other programs: made with what they may do, shown once, revoked.

use contract::integrations::{ApiKeyView, NewApiKey};
use domain::permissions::Permission;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use crate::{
    components::{Awaited, CopyLine, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::OUTCOME,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/keys";
const FORM: &str = "api-key";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_api_keys() -> Result<Vec<ApiKeyView>, AppError> {
    Ok(services::integrations::list_api_keys(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `scopes` like `contacts:read`. A browser without a script gets the key by way of its session, which the next page empties.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn create_api_key(
    name: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] expires_on: Option<String>,
    #[server(default)] addresses: Option<String>,
) -> Result<NewApiKey, AppError> {
    let form = ssr::Form::new(FORM, PATH)
        .typed("name", &name)
        .typed("scopes", &scopes.join(" "))
        .typed("expires_on", expires_on.as_deref().unwrap_or_default())
        .typed("addresses", addresses.as_deref().unwrap_or_default());
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let new = contract::integrations::CreateApiKey {
            name,
            scopes,
            expires_on,
            addresses,
        };
        let key = services::integrations::create_scoped_key(&s, &actor, new).await?;
        let keys = services::integrations::list_api_keys(&s, &actor).await?;
        Ok(NewApiKey { key, keys })
    };
    ssr::post_bulk_form(form, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_api_key(id: Uuid) -> Result<Vec<ApiKeyView>, AppError> {
    let work = async move { Ok(services::integrations::revoke_api_key(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(PATH, work).await
}

#[component]
pub fn KeysPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_api_keys());
    view! {
        <Title text="API keys" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"API keys"</h1>
                <p class="text-muted">
                    "Another program reads and writes here with a key. Give each program one of its own with no more than it needs, and revoke it when it is not used any more. What can be asked, to be tried with a key, stands in "
                    <a class="link" href="/docs/api/" rel="external">"the API’s reference"</a>
                    ", how a job is done under " <a class="link" href="/docs/recipes" rel="external">"recipes"</a>
                    ", and all else under " <a class="link" href="/docs" rel="external">"the API"</a>"."
                </p>
                <p>
                    <a class="link inline-flex min-h-11 items-center md:min-h-8" href="/settings/keys/log">"What programs have asked"</a>
                </p>
            </div>
            <Awaited from=found view=|keys| view! { <All keys /> } />
        </div>
    }
}

#[component]
fn All(keys: Vec<ApiKeyView>) -> impl IntoView {
    let session = use_session();
    let flash = session.flash();
    let made = flash.as_ref().filter(|flash| flash.form == FORM).and_then(|flash| {
        let outcome = flash.typed.get(OUTCOME)?;
        serde_json::from_str::<NewApiKey>(outcome).ok().map(|new| new.key)
    });
    let (all, made) = (RwSignal::new(keys), RwSignal::new(made));
    let list = move || all.get().into_iter().map(|key| view! { <One key all /> }).collect_view();
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="new-heading">
            <h2 id="new-heading">"New key"</h2>
            <div role="status">{move || made.get().map(|key| view! { <Made key /> })}</div>
            // Anew after each change, so that its fields are empty again.
            {move || {
                all.track();
                view! { <NewKey all made /> }
            }}
        </section>
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="keys-heading">
            <h2 id="keys-heading">"Keys in use"</h2>
            <p class="text-muted" class:hidden=move || !all.read().is_empty()>
                "There is none."
            </p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        </section>
    }
}

#[component]
fn NewKey(all: RwSignal<Vec<ApiKeyView>>, made: RwSignal<Option<String>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<CreateApiKey>::new();
    let form = FormState::new(FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            made.set(Some(new.key));
            all.set(new.keys);
        }
    });
    let ticked = form.value("scopes", "");
    let scopes = Permission::scopes()
        .map(|(scope, _)| {
            let checked = ticked.split(' ').any(|one| one == scope);
            view! {
                <label class="flex min-h-11 items-center gap-2.5 md:min-h-8">
                    <input type="checkbox" name="scopes[]" value=scope class="checkbox checkbox-sm" checked=checked />
                    <code>{scope}</code>
                </label>
            }
        })
        .collect_view();
    let wrong = move || {
        form.problem
            .with(|p| p.as_ref().and_then(|p| p.for_field("scopes").map(str::to_owned)))
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form />
            <Field form name="name" label="What uses it" required=true hint="Like Website, or Accounting." />
            <fieldset aria-describedby="scopes-note">
                <legend class="field-label pb-1">"What it may do"</legend>
                <div class="grid gap-x-4 sm:grid-cols-2">{scopes}</div>
                <p id="scopes-note">
                    <span class="field-error block empty:hidden">{wrong}</span>
                    <span class="field-hint block">"No key can change settings, people, numbers or keys."</span>
                </p>
            </fieldset>
            <Field form name="expires_on" label="Last day" kind="date" hint="Left empty, it opens until you revoke it." />
            <Field
                form
                name="addresses"
                label="Only from these addresses"
                hint="Like 203.0.113.7 or 203.0.113.0/24, separated by spaces. Left empty, it opens from everywhere."
            />
            <div>
                <Submit form label="Make a key" />
            </div>
        </ActionForm>
    }
}

/// The only time that anybody sees it.
#[component]
fn Made(key: String) -> impl IntoView {
    view! {
        <div class="notice notice-success flex flex-col gap-2" data-new-key="">
            <p>"Here it is. It is shown this once: copy it now, and keep it where nobody else reads it."</p>
            <CopyLine label="The key" text=key button="Copy key" />
        </div>
    }
}

#[component]
fn One(key: ApiKeyView, all: RwSignal<Vec<ApiKeyView>>) -> impl IntoView {
    let session = use_session();
    let id = key.id;
    let action = ServerAction::<RevokeApiKey>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(keys)) => all.set(keys),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let used = match key.last_used_at {
        Some(at) => {
            let from = key.last_used_from.clone().map(|from| format!(" from {from}"));
            view! { "last used " <Timestamp at say=TimeFormat::Inline /> {from} }.into_any()
        }
        None => "never used".into_any(),
    };
    let by = Some(key.created_by.clone()).filter(|by| !by.is_empty());
    let by = by.map(|by| format!("by {by} "));
    let hint = Some(key.hint.clone()).filter(|hint| !hint.is_empty());
    let hint = hint.map(|hint| view! { <code class="text-sm text-muted">{hint}</code> });
    let until = key.expires_at.map(|until| {
        // The last day ends where this says; a moment before it is still that day.
        let last = (until - chrono::Duration::seconds(1)).format("%Y-%m-%d").to_string();
        view! { <p class="text-sm">"Opens until " {last} " (UTC)"</p> }
    });
    let only = (!key.addresses.is_empty()).then(|| {
        view! { <p class="text-sm break-words">"Only from " <code>{key.addresses.join(" ")}</code></p> }
    });
    view! {
        <li class="flex flex-wrap items-center gap-3 rounded border border-base-300 p-3">
            <div class="min-w-0 flex-1">
                <p class="font-medium break-words">{key.name.clone()} " " {hint}</p>
                <p class="text-sm text-muted">"Made " {by} <Timestamp at=key.created_at say=TimeFormat::Inline /> " · " {used}</p>
                {until}
                {only}
                <p class="text-sm break-words"><code>{key.scopes.join(" ")}</code></p>
            </div>
            <form
                method="post"
                action=RevokeApiKey::url()
                on:submit=move |event| {
                    event.prevent_default();
                    action.dispatch(RevokeApiKey { id });
                }
            >
                <input type="hidden" name="id" value=id.to_string() />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                    <Icon icon=icondata::LuBan />
                    "Revoke"
                    <span class="sr-only">" " {key.name}</span>
                </button>
            </form>
        </li>
    }
}
