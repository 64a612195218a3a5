//! The reference: Swagger UI out of the executable, so that it works without the internet and nothing of what is tried goes elsewhere.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use utoipa_swagger_ui::Config;

use super::with_policy;

/// It styles itself as it goes along, asks our own API and has pictures in its style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Nobody else is asked whether the document is right, and a key is forgotten with the page.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["/api/v1/openapi.json"])
        .validator_url("none")
        .persist_authorization(false)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .doc_expansion("none")
        .default_models_expand_depth(-1)
        .filter(true);
    Arc::new(config)
});

/// Its own addresses begin behind the slash.
pub async fn to_it() -> Redirect {
    Redirect::permanent("/docs/api/")
}

pub async fn show() -> Response {
    served("index.html")
}

/// What it consists of. Another version of Showup may bring another one under the same names.
pub async fn file(Path(name): Path<String>) -> Response {
    let mut response = served(&name);
    if response.status().is_success() {
        let for_an_hour = HeaderValue::from_static("public, max-age=3600");
        response.headers_mut().insert(header::CACHE_CONTROL, for_an_hour);
    }
    response
}

fn served(name: &str) -> Response {
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, CONFIG.clone()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let response = ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response();
    with_policy(response, POLICY)
}
