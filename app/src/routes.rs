//! Pages that a browser loads when somebody goes there. The frame, the inbox and the doors (sign in, sign up) come with the first load;
//! everything else is a file of its own beside them, so that another page costs nobody anything who does not open it. `script/weight` holds
//! the first load to its budget.
//!
//! A file may not come: after an upgrade an open tab asks for names that are gone, and any answer can be lost. `#[lazy_route]` would panic,
//! which ends the whole page; here the browser then goes to the page by a full load.

use leptos::prelude::*;
use leptos_router::LazyRoute;

use crate::{appointments, businesses, contacts, messages, reports, tasks};

/// A page that comes by itself: its name in the list of routes, that of its file, and what draws it.
macro_rules! page {
    ($name:ident, $file:ident, $view:path) => {
        pub struct $name;

        const _: () = {
            #[cfg(feature = "hydrate")]
            #[leptos::wasm_split::wasm_split($file, wasm_split_path = ::leptos::wasm_split, preload(fetch), fallible)]
            fn draw() -> Result<AnyView, leptos::wasm_split::SplitLoaderError> {
                Ok($view().into_any())
            }

            impl LazyRoute for $name {
                fn data() -> Self {
                    Self
                }

                #[cfg(feature = "hydrate")]
                async fn preload() {
                    came(fetch().await).await;
                }

                #[cfg(feature = "hydrate")]
                async fn view(_this: Self) -> AnyView {
                    came(draw().await).await
                }

                #[cfg(not(feature = "hydrate"))]
                async fn view(_this: Self) -> AnyView {
                    leptos::prefetch_lazy_fn_on_server(stringify!($file));
                    $view().into_any()
                }
            }
        };
    };
}

/// What a page's file gave. If it did not come, nobody goes on from here: the browser is on its way to the page by a full load.
#[cfg(feature = "hydrate")]
async fn came<T>(answer: Result<T, leptos::wasm_split::SplitLoaderError>) -> T {
    match answer {
        Ok(value) => {
            crate::browser::arrived();
            value
        }
        Err(_) => {
            let there = leptos_router::hooks::use_location();
            let (path, query) = (there.pathname.get_untracked(), there.query.get_untracked().to_query_string());
            crate::browser::load_page(&format!("{path}{query}"));
            std::future::pending().await
        }
    }
}

page!(Contacts, contacts_page, contacts::ListPage);
page!(NewContact, new_contact_page, contacts::NewPage);
page!(Contact, contact_page, contacts::DetailPage);
page!(Appointments, appointments_page, appointments::ListPage);
page!(NewAppointment, new_appointment_page, appointments::NewPage);
page!(Appointment, appointment_page, appointments::DetailPage);
page!(Tasks, tasks_page, tasks::ListPage);
page!(Log, log_page, messages::LogPage);
page!(Reports, reports_page, reports::ReportsPage);
page!(Settings, settings_page, businesses::SettingsPage);
