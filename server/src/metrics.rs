//! `/metrics` for Prometheus: counts and durations of each step as they happened in this process, and what waits, read from the
//! database when asked.
//!
//! No name, number or business is in it, yet how busy a clinic is is nobody's business: it is answered to whoever knows
//! `METRICS_TOKEN`, and without one to this machine only.

use std::{net::SocketAddr, sync::OnceLock};

use axum::{
    extract::{ConnectInfo, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{Code, Problem};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};
use services::{Services, pages::backlog::backlog};
use subtle::ConstantTimeEq;

use crate::rest::ApiError;

/// Seconds; from a fast commit to the longest call to Twilio.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

#[derive(Clone, Default)]
pub struct MetricsToken(pub Option<SecretString>);

/// One recorder per process, whoever asks first.
fn handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS);
            builder.ok()?.install_recorder().ok()
        })
        .as_ref()
}

/// Begins to count.
pub fn install() {
    if handle().is_none() {
        tracing::warn!("metrics can't be counted");
    }
}

pub async fn show(
    State(s): State<Services>,
    State(token): State<MetricsToken>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, ApiError> {
    if !allowed(&token, &headers, &extensions) {
        return Err(Problem::new(
            Code::NotAllowed,
            "Metrics are shown to this machine only, or with METRICS_TOKEN.",
        )
        .into());
    }
    let Some(handle) = handle() else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let waits = backlog(&s).await?;
    for (name, depth, oldest) in waits.queues {
        metrics::gauge!("showup_queue_depth", "queue" => name).set(depth as f64);
        metrics::gauge!("showup_queue_oldest_seconds", "queue" => name).set(oldest);
    }
    metrics::gauge!("showup_breakers_open").set(waits.breakers_open as f64);
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response())
}

fn allowed(token: &MetricsToken, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok());
    if let Some(token) = &token.0 {
        let given = text(header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
        return given.is_some_and(|given| given.as_bytes().ct_eq(token.expose_secret().as_bytes()).into());
    }
    // A proxy on this machine speaks for others.
    let for_others = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    !for_others && peer.is_some_and(|ConnectInfo(address)| address.ip().is_loopback())
}
