//! DOORS. Pages and server functions, REST, webhooks, the live stream, job workers, configuration and command line.
//! A door finds its actor, calls one service and maps the error; nothing else.

pub mod cli;
pub mod config;
pub mod doctor;
pub mod exports;
mod health;
mod live;
pub mod metrics;
pub mod rest;
pub mod router;
pub mod secret;
mod sessions;
mod site;
mod webhooks;
pub mod workers;

use leptos::config::LeptosOptions;
use services::Services;
use tokio_util::sync::CancellationToken;

/// What every door gets from axum.
#[derive(Clone, axum::extract::FromRef)]
pub struct AppState {
    pub services: Services,
    pub leptos: LeptosOptions,
    pub metrics_token: metrics::MetricsToken,
    /// Cancelled when the process is asked to stop; streams end then.
    pub stopping: CancellationToken,
}
