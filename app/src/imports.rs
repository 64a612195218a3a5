//! Files of contacts and visits that are brought: uploaded, looked at, started, and what became of their rows. All forms here are posted as
//! they are, with and without scripts: a file needs no more.

mod detail;
mod list;
mod new;

pub use detail::DetailPage;
pub use list::ListPage;
pub use new::NewPage;

use contract::{
    Page,
    imports::{ImportPage, ImportStatus, ImportView},
};
use domain::permissions::Permission;
use leptos::prelude::*;
use uuid::Uuid;

use crate::{components::Icon, error::AppError, session::use_session};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_imports(cursor: Option<String>) -> Result<Page<ImportView>, AppError> {
    Ok(services::imports::list(&ssr::services()?, &ssr::actor().await?, cursor.as_deref(), None).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_import(id: Uuid) -> Result<ImportPage, AppError> {
    Ok(services::imports::page(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// How a file is to be read, a field for each column; `then` is `start`, or anything else for another look.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn decide_import(
    id: Uuid,
    #[server(default)] fields: Vec<String>,
    #[server(default)] date_order: String,
    #[server(default)] consent: String,
    #[server(default)] include_past: String,
    #[server(default)] then: String,
) -> Result<(), AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let options = contract::imports::ImportOptions {
            fields: Some(fields),
            date_order: Some(date_order),
            consent: Some(consent),
            include_past: Some(!include_past.is_empty()),
        };
        services::imports::decide(&s, &actor, id, options).await?;
        if then == "start" {
            services::imports::start(&s, &actor, id, false).await?;
        }
        Ok(())
    };
    ssr::button_action(&format!("/imports/{id}"), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn cancel_import(id: Uuid) -> Result<(), AppError> {
    let work = async move {
        services::imports::cancel(&ssr::services()?, &ssr::actor().await?, id).await?;
        Ok(())
    };
    ssr::button_action(&format!("/imports/{id}"), work).await
}

/// What a file holds, for people.
fn kind_words(kind: &str) -> &'static str {
    if kind == "appointments" { "Appointments" } else { "Contacts" }
}

/// How far a file is, as a shape, a colour and a word.
#[component]
fn StateBadge(status: ImportStatus) -> impl IntoView {
    let (class, icon) = match status {
        ImportStatus::Done => ("state badge-confirmed", icondata::LuCheck),
        ImportStatus::Running | ImportStatus::Uploading => ("state badge-waiting", icondata::LuClock),
        ImportStatus::Ready => ("state badge-sent", icondata::LuFileText),
        ImportStatus::Cancelled => ("state badge-cancelled", icondata::LuX),
        ImportStatus::Failed => ("state badge-declined", icondata::LuCircleX),
    };
    view! {
        <span class=class data-import=status.as_str()>
            <Icon icon />
            {status.label()}
        </span>
    }
}

/// Leads to the upload of a file of this kind, and to a file of all there is.
#[component]
pub fn FileLinks(kind: &'static str, file: &'static str) -> impl IntoView {
    let download = use_session().may(Permission::ExportData).then(|| {
        view! {
            <a class="link flex min-h-11 items-center md:min-h-8" href=file rel="external" download="">
                "Download as CSV"
            </a>
        }
    });
    view! {
        <nav aria-label="Files" class="flex flex-wrap gap-x-4 text-sm">
            <a class="link flex min-h-11 items-center md:min-h-8" href=format!("/imports/new?kind={kind}")>
                "Import a file"
            </a>
            {download}
        </nav>
    }
}
