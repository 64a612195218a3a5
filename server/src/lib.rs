//! DOORS. Pages and server functions, REST, webhooks, the live stream, job workers, configuration and command line.
//! A door finds its actor, calls one service and maps the error; nothing else.

pub mod cli;
pub mod config;
mod crowd;
mod docs;
pub mod doctor;
pub mod exports;
mod feeds;
mod health;
pub mod kept;
mod live;
mod looking;
pub mod metrics;
mod offer_page;
mod oidc;
mod preferences;
mod pwa;
mod reports;
pub mod rest;
mod review_link;
pub mod router;
pub mod secret;
mod sessions;
pub mod site;
mod uploads;
mod visit_page;
mod waitlist_form;
mod webhooks;
pub mod workers;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use services::Services;
use tokio_util::sync::CancellationToken;

/// What every door gets from axum.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub services: Services,
    pub site: site::Site,
    pub metrics_token: metrics::MetricsToken,
    /// What looks whether everything is in order.
    pub doctor: doctor::Inside,
    /// Cancelled when the process is asked to stop; streams end then.
    pub stopping: CancellationToken,
}

/// Leptos' own handlers ask for these.
impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.options().clone()
    }
}
