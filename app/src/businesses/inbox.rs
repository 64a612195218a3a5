//! What happens to conversations by itself: who gets them, and when they are closed.

use contract::businesses::{AssignRule, InboxView};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    audit::LastChanged,
    components::Awaited,
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form's name.
const FORM: &str = "inbox-rules";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_inbox_rules() -> Result<InboxView, AppError> {
    Ok(services::pages::settings::inbox(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Days as typed; nothing: never.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_inbox_rules(assign: String, close_after_days: String) -> Result<InboxView, AppError> {
    let form = ssr::Form::new(FORM, "/settings/inbox")
        .typed("assign", &assign)
        .typed("close_after_days", &close_after_days);
    let command = contract::businesses::UpdateInbox {
        assign,
        close_after_days,
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::rules::update(&s, &actor, command).await?;
        Ok(services::pages::settings::inbox(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn InboxRulesPage() -> impl IntoView {
    let session = use_session();
    let found = Resource::new_blocking(|| (), |()| get_inbox_rules());
    let body = move |rules: InboxView| {
        let away = rules.away.clone();
        let form = if session.may_manage() {
            view! { <Rules rules /> }.into_any()
        } else {
            view! { <Facts rules /> }.into_any()
        };
        view! {
            {form}
            <Away away />
        }
    };
    view! {
        <Title text="Inbox settings" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Inbox"</h1>
                <LastChanged what="business.inbox_updated" />
            </div>
            <Awaited from=found view=body />
        </div>
    }
}

#[component]
fn Rules(rules: InboxView) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateInboxRules>::new();
    let form = FormState::new(FORM, action, session.flash());
    let options = AssignRule::ALL.map(|rule| (rule.as_str().to_owned(), rule.words().to_owned()));
    let days = rules.close_after_days.map(|days| days.to_string());
    view! {
        <section class="panel p-5" aria-labelledby="rules-heading">
            <h2 id="rules-heading" class="pb-3">
                "What happens by itself"
            </h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Choice
                    form
                    name="assign"
                    label="Give a conversation that is nobody’s"
                    options=options.to_vec()
                    value=rules.assign.as_str()
                    hint="When a customer writes and waits for an answer. Who is away gets none, and keeps those that are theirs already."
                />
                <Field
                    form
                    name="close_after_days"
                    label="Close quiet conversations after so many days"
                    value=days.unwrap_or_default()
                    kind="number"
                    hint="From 1 to 365; empty means never. Nobody waits in them, no visit is to come, and nothing is to be sent or done. Whatever the customer writes opens them again."
                />
                <div>
                    <Submit form label="Save inbox settings" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Facts(rules: InboxView) -> impl IntoView {
    let closed = match rules.close_after_days {
        Some(1) => "After 1 day".to_owned(),
        Some(days) => format!("After {days} days"),
        None => "Never".to_owned(),
    };
    view! {
        <section class="panel p-5" aria-labelledby="rules-heading">
            <h2 id="rules-heading" class="pb-1">
                "What happens by itself"
            </h2>
            <p class="pb-3 text-sm text-muted">"Only owners and admins change this."</p>
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[14rem_1fr]">
                <dt class="text-muted">"Conversations that are nobody’s"</dt>
                <dd>{rules.assign.words()}</dd>
                <dt class="text-muted">"Quiet conversations are closed"</dt>
                <dd>{closed}</dd>
            </dl>
        </section>
    }
}

/// Who gets nothing new just now.
#[component]
fn Away(away: Vec<String>) -> impl IntoView {
    let words = if away.is_empty() {
        "Nobody is away.".to_owned()
    } else {
        format!("Away just now: {}.", away.join(", "))
    };
    view! {
        <p class="text-sm text-muted">
            {words} " Everybody says so for themselves, under "
            <a class="link" href="/notifications#availability">
                "Notifications"
            </a> "."
        </p>
    }
}
