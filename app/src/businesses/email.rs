//! E-mail to owners and admins, in the settings: whether it works, and what became of the last mails.

use contract::{
    live::LiveEvent,
    mails::{EmailView, MailView},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    components::Awaited,
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_email() -> Result<EmailView, AppError> {
    Ok(services::pages::settings::email(&ssr::services()?, &ssr::actor().await?).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_test_mail() -> Result<EmailView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::mails::send_test(&s, &actor).await?;
        Ok(services::pages::settings::email(&s, &actor).await?)
    };
    ssr::post_form(ssr::Form::new("email", "/settings/email"), work, |_| None).await
}

#[component]
pub fn EmailPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_email());
    view! {
        <Title text="E-mail" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <h1>"E-mail"</h1>
            <Awaited from=found view=|email| view! { <Email email /> } />
            <p class="text-sm text-muted">
                "What you are told of yourself, and where, you choose under " <a class="link" href="/notifications">"Notifications"</a>"."
            </p>
        </div>
    }
}

#[component]
fn Email(email: EmailView) -> impl IntoView {
    let session = use_session();
    let from = email.from.clone();
    let shown = RwSignal::new(email);
    // What becomes of a mail changes nothing else on the page; it is told with the banners.
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Notices(_)),
        move || {
            spawn_local(async move {
                if let Ok(new) = get_email().await {
                    shown.try_set(new);
                }
            });
        },
    );
    let body = match from {
        Some(from) => view! { <TestMail from shown /> }.into_any(),
        None => view! { <HowTo /> }.into_any(),
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="email-heading">
            <h2 id="email-heading">"E-mail"</h2>
            {body}
            <LastMails shown />
        </section>
    }
}

#[component]
fn HowTo() -> impl IntoView {
    view! {
        <p>"E-mail is not set up, so nobody hears by e-mail when texts can’t go out."</p>
        <p class="text-sm text-muted">
            "Whoever runs this server names a mail server in " <code>"SMTP_URL"</code> " and a sender in " <code>"MAIL_FROM"</code>
            ", and starts it again; " <code>".env.sample"</code> " explains both."
        </p>
    }
}

#[component]
fn TestMail(from: String, shown: RwSignal<EmailView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SendTestMail>::new();
    let form = FormState::new("email", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(email)) = action.value().get() {
            shown.set(email);
        }
    });
    view! {
        <p class="text-sm text-muted">
            "Owners and admins get a mail when texts can’t go out, when they go out again, and when 80 % and 100 % of the month’s budget is used."
        </p>
        <div>
            <p class="field-label">"Mail is from"</p>
            <p class="break-words">{from}</p>
        </div>
        <ActionForm action attr:class="flex flex-col gap-2">
            <FormNote form saved="It is on its way to your address." />
            <div>
                <Submit form label="Send me a test mail" />
            </div>
        </ActionForm>
    }
}

#[component]
fn LastMails(shown: RwSignal<EmailView>) -> impl IntoView {
    let list = move || {
        let mails = shown.get().mails;
        (!mails.is_empty()).then(|| {
            view! {
                <div>
                    <h3 class="field-label pb-1">"The last mails"</h3>
                    <ul class="flex flex-col gap-2" aria-live="polite">
                        {mails.into_iter().map(|mail| view! { <LastMail mail /> }).collect_view()}
                    </ul>
                </div>
            }
        })
    };
    view! { {list} }
}

#[component]
fn LastMail(mail: MailView) -> impl IntoView {
    let class = if mail.failed {
        "text-sm text-error"
    } else {
        "text-sm text-muted"
    };
    view! {
        <li class="rounded border border-base-300 p-3" data-mail=mail.id.to_string()>
            <p class="font-medium">{mail.what} " · " <span class="tabular text-sm font-normal text-muted">{mail.at}</span></p>
            <p class=class>{mail.state}</p>
        </li>
    }
}
