//! The language that customers are texted in, in the settings.

use contract::businesses::BusinessView;
use domain::language::Language;
use leptos::prelude::*;

use crate::{
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "language";

/// `short_texts` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_language(language: String, short_texts: Option<String>) -> Result<BusinessView, AppError> {
    let form = ssr::Form::new(FORM, "/settings/business")
        .typed("language", &language)
        .typed("short_texts", short_texts.as_deref().unwrap_or_default());
    let command = contract::businesses::UpdateLanguage {
        language,
        short_texts: short_texts.is_some(),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::language::update(&s, &actor, command).await?;
        Ok(services::pages::settings::business(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn TextLanguage(business: BusinessView) -> impl IntoView {
    let body = if use_session().may_manage() {
        view! { <LanguageForm business /> }.into_any()
    } else {
        view! { <LanguageFacts business /> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="language-heading">
            <h2 id="language-heading">"Language of texts"</h2>
            {body}
        </section>
    }
}

#[component]
fn LanguageForm(business: BusinessView) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateLanguage>::new();
    let form = FormState::new(FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(business)) = action.value().get() {
            session.business.set(business);
        }
    });
    let options = Language::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), one.name().to_owned()));
    let short = if form.is_shown_again() {
        !form.value("short_texts", "").is_empty()
    } else {
        business.short_texts
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form saved="Saved." />
            <Choice
                form
                name="language"
                label="Language"
                options=options.collect()
                value=business.language.as_str()
                hint="Reminders and automatic answers are written in it. A customer can have another one, on their page."
                required=true
            />
            <div>
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="short_texts" value="yes" class="toggle toggle-primary" checked=short aria-describedby="short-texts-hint" />
                    "Keep texts short"
                </label>
                <p id="short-texts-hint" class="field-hint">
                    "An á, í, ó or ú makes a text up to twice as dear. Texts go without such accents where that saves a part; ñ, é and ¿ stay."
                </p>
            </div>
            <div>
                <Submit form label="Save language" />
            </div>
        </ActionForm>
    }
}

#[component]
fn LanguageFacts(business: BusinessView) -> impl IntoView {
    let short = if business.short_texts { "Yes" } else { "No" };
    view! {
        <p class="text-sm text-muted">"Only owners and admins change these."</p>
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"Language"</dt>
            <dd>{business.language.name()}</dd>
            <dt class="text-muted">"Texts are kept short"</dt>
            <dd>{short}</dd>
        </dl>
    }
}
