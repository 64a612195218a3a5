//! The language somebody is texted in, and that they seem to write another one.

use contract::{contacts::ContactView, live::LiveEvent};
use domain::language::Language;
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Icon, PressButton},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// `language` is `en` or `es`. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn switch_language(id: Uuid, language: String, back: String) -> Result<ContactView, AppError> {
    let command = contract::contacts::PatchContact {
        language: Some(Some(language)),
        ..Default::default()
    };
    let work = async move { Ok(services::contacts::patch(&ssr::services()?, &ssr::actor().await?, id, command).await?) };
    ssr::button_action(&back, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn dismiss_language_hint(id: Uuid, back: String) -> Result<ContactView, AppError> {
    let work = async move { Ok(services::contacts::language::dismiss_hint(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&back, work).await
}

/// The choice of a language; empty: the business's.
pub fn language_options() -> Vec<(String, String)> {
    let business = use_session().business.with_untracked(|business| business.language.name());
    let own = Language::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), one.name().to_owned()));
    std::iter::once((String::new(), format!("As your business: {business}")))
        .chain(own)
        .collect()
}

/// That somebody seems to write another language than they are texted in, and what to do about it. Nothing is changed by itself.
#[component]
pub fn LanguageHint(contact: RwSignal<ContactView>, #[prop(into)] back: String) -> impl IntoView {
    let seems = Memo::new(move |_| contact.with(|contact| (contact.id, contact.seems_to_write)));
    move || {
        let (id, language) = seems.get();
        let language = language?;
        let name = language.name();
        let (word, no, yes) = (language.as_str(), back.clone(), back.clone());
        let switch = move || async move { Ok(LiveEvent::Contact(switch_language(id, word.to_owned(), String::new()).await?)) };
        let dismiss = move || async move { Ok(LiveEvent::Contact(dismiss_language_hint(id, String::new()).await?)) };
        let fields = vec![("id", id.to_string()), ("language", word.to_owned()), ("back", yes)];
        Some(view! {
            <div class="notice flex flex-wrap items-center gap-2" role="group" aria-label="What they seem to write" data-language-hint=word>
                <p class="flex min-w-40 flex-1 items-center gap-2">
                    <Icon icon=icondata::LuLanguages />
                    {format!("Seems to write {name}. Switch?")}
                </p>
                <PressButton url=SwitchLanguage::url() fields run=switch>
                    {format!("Text them in {name}")}
                </PressButton>
                <PressButton
                    url=DismissLanguageHint::url()
                    fields=vec![("id", id.to_string()), ("back", no)]
                    run=dismiss
                    class="btn btn-ghost btn-sm min-h-11 md:min-h-8"
                >
                    "Leave it"
                </PressButton>
            </div>
        })
    }
}
