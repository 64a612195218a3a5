//! Time zones: the rules that times are told by, and the names to choose from.

use domain::zone::Zone;
use leptos::{html, prelude::*};

use crate::error::AppError;

#[cfg(feature = "ssr")]
use crate::ssr;

/// The rules of the zones that this business's times are told in.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn zones() -> Result<Vec<Zone>, AppError> {
    Ok(services::businesses::zones(&ssr::services()?, &ssr::actor().await?).await?)
}

/// The names of all zones, to choose from.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn zone_names() -> Result<Vec<String>, AppError> {
    Ok(std::future::ready(services::businesses::zone_names()).await)
}

/// Names of all time zones, for an input with `list="zones"`. A page from the server brings them; one that the browser draws asks for them.
/// No resource: within a page that has one of its own, its data would have to be there in the same moment as on the server.
#[component]
pub fn ZoneNames() -> impl IntoView {
    let list = NodeRef::<html::Datalist>::new();
    Effect::new(move |_| {
        let Some(list) = list.get().filter(|list| list.child_element_count() == 0) else {
            return;
        };
        leptos::task::spawn_local(async move {
            if let Ok(names) = zone_names().await {
                list.set_inner_html(&options(&names));
            }
        });
    });
    view! { <datalist id="zones" node_ref=list inner_html=drawn()></datalist> }
}

fn options(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("<option value=\"{name}\"></option>"))
        .collect()
}

#[cfg(feature = "ssr")]
fn drawn() -> String {
    options(&services::businesses::zone_names())
}

#[cfg(not(feature = "ssr"))]
fn drawn() -> String {
    String::new()
}
