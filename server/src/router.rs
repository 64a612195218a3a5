//! All doors, and what goes for every one of them: limits, headers, request ids, logs.

use std::{any::Any, sync::LazyLock, time::Duration};

use app::{App, shell};
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use contract::{Code, Problem};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use services::imports;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate},
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use crate::{
    AppState, crowd, docs, exports, feeds, health, live, looking, metrics, offer_page, oidc, preferences, pwa, reports, rest,
    rest::ApiError, review_link, sessions, uploads, visit_page, waitlist_form, webhooks,
};

/// A form of ours is a few kilobytes.
const MOST_BYTES: usize = 256 * 1024;

/// Listed once in a process: while it lists them, Leptos keeps every page of the process, of any server, from its data.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Paths of all pages, as axum writes them: `/inbox/{id}`.
pub fn page_paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(AxumRouteListing::path)
}

/// The whole web side of the server.
///
/// # Errors
/// When `PUBLIC_URL` is not an origin.
pub fn router(state: AppState) -> anyhow::Result<Router> {
    let https = state.services.settings().public_url.starts_with("https://");
    let hashed = state.site.options().hash_files;
    let proxies = state.services.settings().proxies.clone();
    let router = Router::new()
        .merge(pages(&state)?)
        .nest("/api/v1", rest::router(&state))
        .merge(hooks())
        .merge(operators())
        .merge(customers(&state))
        .merge(strangers(&state))
        .merge(docs())
        .merge(calendars(&state))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(state);
    Ok(router.layer(
        ServiceBuilder::new()
            .layer(Extension(proxies))
            .layer(middleware::map_request(only_good_ids))
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(TraceLayer::new_for_http().make_span_with(span))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn(move |request, next| {
                headers(https, hashed, request, next)
            }))
            .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(not_huge))),
    ))
}

/// Pages, their server functions and the live stream: for members with a session, and safe from other sites' forms.
fn pages(state: &AppState) -> anyhow::Result<Router<AppState>> {
    let context = {
        let (services, site) = (state.services.clone(), state.site.names().clone());
        let house = app::ssr::House::new(state.doctor.clone());
        move || {
            leptos::prelude::provide_context(house.clone());
            leptos::prelude::provide_context(services.clone());
            leptos::prelude::provide_context(site.clone());
        }
    };
    let same_origin = CsrfLayer::new()
        .add_trusted_origin(origin(&state.services.settings().public_url)?)
        .map_err(|e| anyhow::anyhow!("PUBLIC_URL is not an address like https://showup.example.com: {e:?}"))?;
    // Not Leptos' own handler for this, which gives out files as well: with the headers of whatever page this thread drew last, and, where
    // the site is inside the executable, those of the directory it was started in.
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), shell);
    let pages = Router::new()
        .leptos_routes_with_context(state, ROUTES.clone(), context, shell)
        .route("/contacts/{id}/consent.csv", get(exports::consent))
        .route("/log.csv", get(exports::log))
        .route("/contacts.csv", get(exports::contacts))
        .route("/appointments.csv", get(exports::appointments))
        .route("/imports/{id}/refused.csv", get(exports::refused))
        .route("/settings/audit.csv", get(exports::audit))
        .route("/reports/report.pdf", get(reports::paper))
        .route("/reports/{name}", get(reports::file))
        .route("/live/worker.js", get(live::worker))
        .route("/sw.js", get(pwa::worker))
        .route("/offline", get(pwa::offline))
        .route("/pwa/outbox.js", get(pwa::outbox_script))
        .route("/pwa/page.js", get(pwa::page_script))
        .route("/pwa/offline.js", get(pwa::offline_script))
        .route("/push/devices", post(pwa::add_device))
        .route("/push/shown", post(pwa::shown))
        .route("/outbox", post(pwa::written));
    let timed = state
        .site
        .beneath(pages, any(not_found))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ));
    let door = crowd::Door::of_forms(state.services.clone());
    Ok(timed
        .layer(middleware::from_fn_with_state(door, crowd::limit_forms))
        .route("/live", get(live::stream_events))
        .merge(uploads())
        .merge(other_accounts(state))
        .layer(middleware::from_fn_with_state(state.services.clone(), looking::mark))
        .layer(sessions::layer(state.services.clone()))
        .layer(same_origin))
}

/// For those who have an address and no account: the pages of customers' visits, those where they say how they are reached,
/// and links to where they write reviews.
fn customers(state: &AppState) -> Router<AppState> {
    let door = crowd::Door::new(state.services.clone(), visit_page::busy);
    Router::new()
        .route("/v/page.css", get(visit_page::style))
        .route("/v/{token}", get(visit_page::show))
        .route("/v/{token}/visit.ics", get(visit_page::calendar))
        .route("/v/{token}/confirm", post(visit_page::confirm))
        .route("/v/{token}/another-time", post(visit_page::another_time))
        .route("/v/{token}/cancel", post(visit_page::cancel))
        .route("/v/{token}/stop-texts", post(visit_page::stop_texts))
        .route("/v/{token}/preferences", post(visit_page::prefer))
        .route("/r/{code}", get(review_link::open))
        .route("/u/{token}", get(preferences::show))
        .route("/u/{token}", post(preferences::unsubscribe))
        .route("/u/{token}/emails", post(preferences::emails))
        .route("/u/{token}/texts", post(preferences::texts))
        .route("/u/{token}/offers", post(preferences::offers))
        .route("/u/{token}/everything", post(preferences::everything))
        .route("/u/{token}/preferences", post(preferences::prefer))
        .layer(DefaultBodyLimit::max(8 * 1024))
        .layer(middleware::from_fn_with_state(door, crowd::limit))
        .layer(middleware::from_fn_with_state(state.services.clone(), visit_page::guard))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ))
}

/// For those who put themselves on a waitlist.
fn strangers(state: &AppState) -> Router<AppState> {
    let door = crowd::Door::new(state.services.clone(), visit_page::busy);
    Router::new()
        .route("/w/form.css", get(waitlist_form::style))
        .route("/w/{slug}", get(waitlist_form::show))
        .route("/w/{slug}/ask", post(waitlist_form::ask))
        .route("/w/{slug}/change", post(waitlist_form::change))
        .route("/w/{slug}/code", post(waitlist_form::join))
        .route("/l/{token}", get(waitlist_form::list))
        .route("/l/{token}/leave", post(waitlist_form::leave))
        .route("/l/{token}/stay", post(waitlist_form::stay))
        .route("/o/{token}", get(offer_page::show))
        .route("/o/{token}/answer", post(offer_page::answer))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(middleware::from_fn_with_state(door, crowd::limit))
        .layer(middleware::from_fn_with_state(state.services.clone(), visit_page::guard))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ))
}

/// For calendar programs of staff, which can't sign in.
fn calendars(state: &AppState) -> Router<AppState> {
    let door = crowd::Door::new(state.services.clone(), feeds::busy);
    Router::new()
        .route("/feeds/{file}", get(feeds::read))
        .layer(middleware::from_fn_with_state(door, crowd::limit))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ))
}

/// Signing in with an account of somebody else's: the way there and back.
fn other_accounts(state: &AppState) -> Router<AppState> {
    let door = crowd::Door::new(state.services.clone(), oidc::busy);
    Router::new()
        .route("/signin/oidc", post(oidc::begin))
        .route("/signin/oidc/callback", get(oidc::finish))
        .layer(DefaultBodyLimit::max(8 * 1024))
        .layer(middleware::from_fn_with_state(door, crowd::limit))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ))
}

/// Files, which may take their time to come in.
fn uploads() -> Router<AppState> {
    Router::new()
        .route("/imports/upload", post(uploads::file))
        .layer(DefaultBodyLimit::max(imports::MOST_BYTES + MOST_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(300),
        ))
}

/// What programs are told of the API, beside its document.
fn docs() -> Router<AppState> {
    Router::new()
        .route("/docs", get(docs::index))
        .route("/docs/page.css", get(docs::style))
        .route("/docs/api", get(docs::to_reference))
        .route("/docs/api/", get(docs::reference))
        .route("/docs/api/{file}", get(docs::reference_file))
        .route("/docs/recipes", get(docs::recipes))
        .route("/docs/changelog", get(docs::changelog))
        .route("/docs/problems", get(docs::problems))
        .route("/docs/keys", get(docs::keys))
}

/// Health and metrics, for those who run it; all that a process without pages answers.
pub fn operators() -> Router<AppState> {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/here/{nonce}", get(health::here))
        .route("/health/drip/{nonce}", get(health::drip))
        .route("/metrics", get(metrics::show))
}

fn origin(url: &str) -> anyhow::Result<String> {
    Ok(url::Url::parse(url)?.origin().ascii_serialization())
}

fn hooks() -> Router<AppState> {
    Router::new()
        .route("/webhooks/twilio/inbound", post(webhooks::inbound))
        .route("/webhooks/twilio/status", post(webhooks::status))
        .route("/webhooks/twilio/probe", post(webhooks::probe))
        .route("/twilio/inbound", post(webhooks::inbound))
        .route("/twilio/status", post(webhooks::status))
        .layer(DefaultBodyLimit::max(webhooks::MOST_BYTES))
        .merge(Router::new().route("/webhooks/mail/bounce", post(webhooks::mail_returned)))
}

/// A debug build's WebAssembly is 13 MB: compressing that anew for every browser takes longer than sending it.
fn not_huge(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<u64>().ok());
    length.is_none_or(|bytes| bytes < 4_000_000)
}

/// Path only: queries hold names and numbers people searched for. Of addresses that open something by themselves not even that.
fn span(request: &Request) -> tracing::Span {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("http", method = %request.method(), path = loggable(request.uri().path()), id)
}

fn loggable(path: &str) -> &str {
    match path.split('/').nth(1) {
        Some("v") => "/v/…",
        Some("u") => "/u/…",
        Some("r") => "/r/…",
        Some("l") => "/l/…",
        Some("o") => "/o/…",
        Some("feeds") => "/feeds/…",
        Some("invitations") => "/invitations/…",
        Some("reset") => "/reset/…",
        Some("account") if path.split('/').count() > 3 => "/account/…",
        _ => path,
    }
}

/// An id that a request brings along stands in every log: one that could be anything else than an id is replaced.
async fn only_good_ids(mut request: Request) -> Request {
    let good = |id: &HeaderValue| rest::is_request_id(id);
    if !request.headers().get("x-request-id").is_none_or(good) {
        request.headers_mut().remove("x-request-id");
    }
    request
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    ApiError::from(Problem::new(
        Code::Internal,
        "This did not work because of a fault on our side. Please try again.",
    ))
    .into_response()
}

/// `hashed`: what lies under `/pkg` has its hash in its name, and so never changes.
async fn headers(https: bool, hashed: bool, request: Request, next: Next) -> Response {
    let hashed = hashed && request.uri().path().starts_with("/pkg/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    );
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    // Pages bring their own; everything else is not a document.
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    let there = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if hashed && there {
        response.headers_mut().insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        );
    } else {
        // Patients' names do not belong into a shared computer's cache.
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}
