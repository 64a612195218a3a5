//! Where owners and admins write quick replies, and everybody sees them.

use contract::{
    conversations::MemberName,
    quick_replies::{QuickReplies, QuickReplyView, VARIABLES},
};
use domain::{segments, snooze};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use super::{besides, list_quick_replies};
use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/quick-replies";

/// `id` is empty for a new one.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_quick_reply(
    #[server(default)] id: String,
    name: String,
    #[server(default)] body: String,
    #[server(default)] assign: String,
    #[server(default)] tag: String,
    #[server(default)] task: String,
    #[server(default)] afterwards: String,
) -> Result<QuickReplyView, AppError> {
    let form = ssr::Form::new(form_name(&id), PATH)
        .typed("name", &name)
        .typed("body", &body)
        .typed("assign", &assign)
        .typed("tag", &tag)
        .typed("task", &task)
        .typed("afterwards", &afterwards);
    let command = contract::quick_replies::SaveQuickReply {
        name,
        body,
        actions: contract::quick_replies::Actions {
            assign: Some(assign),
            tag: Some(tag),
            task: Some(task),
            afterwards: Some(afterwards),
        },
    };
    let work = async move {
        let id = known(&id)?;
        Ok(services::quick_replies::save(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[cfg(feature = "ssr")]
fn known(id: &str) -> Result<Option<Uuid>, AppError> {
    let missing = |_| AppError::new(contract::Code::NotFound, "There is no such quick reply.");
    (!id.is_empty()).then(|| id.parse().map_err(missing)).transpose()
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn delete_quick_reply(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::quick_replies::delete(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(PATH, work).await
}

/// Each has a form of its own on the page.
fn form_name(id: &str) -> String {
    format!("quick-reply-{id}")
}

#[component]
pub fn QuickRepliesPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_quick_replies());
    view! {
        <Title text="Quick replies" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Quick replies"</h1>
                <p class="text-muted">
                    "Texts that you send often. Type " <kbd class="kbd kbd-sm">"/"</kbd>
                    " at the start of a line of a reply to find one. One that does something besides is a macro: it shows what it will do, and does all of it or nothing."
                </p>
            </div>
            <Awaited from=found view=|found| view! { <All found /> } />
        </div>
    }
}

#[component]
fn All(found: QuickReplies) -> impl IntoView {
    let session = use_session();
    let may_manage = session.may_manage();
    let members = StoredValue::new(found.members);
    let all = RwSignal::new(found.all);
    let list = move || {
        all.get()
            .into_iter()
            .map(|one| view! { <One one members all may_manage /> })
            .collect_view()
    };
    let next_step = if may_manage {
        "Begin with what you explain every day: the way, parking, what to bring."
    } else {
        "Owners and admins write them."
    };
    view! {
        <div class:hidden=move || !all.read().is_empty()>
            <Empty title="No quick replies yet" next_step />
        </div>
        <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        // Anew after each change, so that its fields are empty again.
        {move || {
            all.track();
            may_manage.then(|| view! { <New members all /> })
        }}
    }
}

#[component]
fn One(
    one: QuickReplyView,
    members: StoredValue<Vec<MemberName>>,
    all: RwSignal<Vec<QuickReplyView>>,
    may_manage: bool,
) -> impl IntoView {
    let does = members.with_value(|members| besides(&one.actions, members)).join(" · ");
    let parts = segments::count(&one.body).count;
    let parts = match parts {
        _ if one.body.is_empty() => String::new(),
        1 => "1 text".to_owned(),
        n => format!("{n} texts"),
    };
    let (name, body) = (one.name.clone(), one.body.clone());
    let change = may_manage.then(|| {
        view! {
            <Change one=one.clone() members all />
            <Delete one all />
        }
    });
    view! {
        <li class="rounded border border-base-300 p-3">
            <h2 class="flex items-baseline gap-2 text-base font-medium">
                <span class="flex-1">{name}</span>
                <span class="text-sm font-normal text-muted">{parts}</span>
            </h2>
            <p class="whitespace-pre-wrap wrap-anywhere empty:hidden">{body}</p>
            <p class="text-sm text-muted empty:hidden">{does}</p>
            {change}
        </li>
    }
}

#[component]
fn Change(one: QuickReplyView, members: StoredValue<Vec<MemberName>>, all: RwSignal<Vec<QuickReplyView>>) -> impl IntoView {
    let action = ServerAction::<SaveQuickReply>::new();
    let form = FormState::new(&form_name(&one.id.to_string()), action, use_session().flash());
    keep_saved(action, all);
    let open = form.is_shown_again();
    view! {
        <details class="pt-1" open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Change"
                <span class="sr-only">{format!(" {}", one.name)}</span>
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <input type="hidden" name="id" value=one.id.to_string() />
                <Fields form members one=Some(one) />
            </ActionForm>
        </details>
    }
}

/// Asks first: it can't be undone.
#[component]
fn Delete(one: QuickReplyView, all: RwSignal<Vec<QuickReplyView>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<DeleteQuickReply>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(())) => all.update(|all| all.retain(|other| other.id != one.id)),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Delete…"
                <span class="sr-only">{format!(" {}", one.name)}</span>
            </summary>
            <form
                method="post"
                action=DeleteQuickReply::url()
                class="flex flex-wrap items-center gap-2 pt-2"
                on:submit=move |event| {
                    event.prevent_default();
                    action.dispatch(DeleteQuickReply { id: one.id });
                }
            >
                <input type="hidden" name="id" value=one.id.to_string() />
                <p>{format!("Delete “{}”? Texts that were sent with it stay.", one.name)}</p>
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                    "Delete it"
                </button>
            </form>
        </details>
    }
}

#[component]
fn New(members: StoredValue<Vec<MemberName>>, all: RwSignal<Vec<QuickReplyView>>) -> impl IntoView {
    let action = ServerAction::<SaveQuickReply>::new();
    let form = FormState::new(&form_name(""), action, use_session().flash());
    keep_saved(action, all);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Icon icon=icondata::LuPlus />
                "Add a quick reply"
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-3">
                <Fields form members one=None />
            </ActionForm>
        </details>
    }
}

#[component]
fn Fields(form: FormState, members: StoredValue<Vec<MemberName>>, one: Option<QuickReplyView>) -> impl IntoView {
    let (name, body, actions) = one.map_or_else(Default::default, |one| (one.name, one.body, one.actions));
    let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let mut who = vec![pair("", "Leave it as it is"), pair("me", "Whoever sends it")];
    members.with_value(|all| who.extend(all.iter().map(|m| (m.account_id.to_string(), m.name.clone()))));
    let mut then = vec![pair("", "Leave it open"), pair("close", "Close it")];
    then.extend(
        snooze::OFFERS
            .iter()
            .map(|(word, words)| (word.to_string(), format!("Snooze: {words}"))),
    );
    let variables: Vec<String> = VARIABLES
        .iter()
        .map(|(name, words)| format!("{{{{ {name} }}}} is {words}"))
        .collect();
    view! {
        <FormNote form saved="Saved." />
        <Field form name="name" label="Name" value=name required=true hint="What you type after / to find it." />
        <Area form name="body" label="Text" value=body hint=format!("{}.", variables.join(", ")) />
        <fieldset class="grid gap-3 sm:grid-cols-2">
            <legend class="field-label pb-1">"Besides sending it (optional)"</legend>
            <Choice form name="assign" label="Who looks after the conversation" options=who value=actions.assign.unwrap_or_default() />
            <Choice form name="afterwards" label="And then" options=then value=actions.afterwards.unwrap_or_default() />
            <Field form name="tag" label="Tag the person" value=actions.tag.unwrap_or_default() />
            <Field form name="task" label="Add a task" value=actions.task.unwrap_or_default() />
        </fieldset>
        <div>
            <Submit form label="Save quick reply" />
        </div>
    }
}

/// What was saved stands in the list, by name.
fn keep_saved(action: ServerAction<SaveQuickReply>, all: RwSignal<Vec<QuickReplyView>>) {
    Effect::new(move |_| {
        if let Some(Ok(saved)) = action.value().get() {
            all.update(|all| {
                all.retain(|other| other.id != saved.id);
                all.push(saved);
                all.sort_by_key(|one| one.name.to_lowercase());
            });
        }
    });
}
