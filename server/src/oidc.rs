//! Signing in at an OpenID Connect issuer: the way there, and the way back.

use std::collections::BTreeMap;

use app::{paths, ssr};
use axum::{
    extract::{Form, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use contract::Problem;
use serde::Deserialize;
use services::{
    Services,
    accounts::oidc::{self, Answer, Begun},
};
use tower_sessions::Session;

/// Session key: what is kept while somebody is at the issuer.
const BEGUN: &str = "oidc";

/// The form on the page to sign in, which says what went wrong.
const FORM: &str = "signin";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    #[serde(default)]
    next: String,
}

/// Posted by the button: to the issuer, with what must come back kept in the session.
pub async fn begin(State(s): State<Services>, session: Session, Form(form): Form<Begin>) -> Response {
    let next = paths::after_sign_in(&form.next).to_owned();
    let (url, begun) = match oidc::begin(&s, next).await {
        Ok(begun) => begun,
        Err(error) => return back(&session, said(error)).await,
    };
    if let Err(error) = session.insert(BEGUN, begun).await {
        tracing::error!(%error, "a session can't be stored");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    leave(&url)
}

/// A page that leads on by itself. Not a redirect: browsers count one after a form as part of the form, and forms may lead to this site alone.
fn leave(url: &str) -> Response {
    let url = escaped(url);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><title>Signing in</title></head>\
         <body><p><a href=\"{url}\">Go on to sign in</a></p></body></html>"
    );
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "&quot;");
    text.replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}

/// Where the issuer sends people back to. What the session kept is taken away, whatever comes of it: an answer counts once.
pub async fn finish(
    State(s): State<Services>,
    session: Session,
    answer: Result<Query<Answer>, QueryRejection>,
    request: Request,
) -> Response {
    let caller = ssr::caller(request.headers(), request.extensions());
    let begun = match session.get::<Begun>(BEGUN).await {
        Ok(None) => None,
        // Written down before anything else is done: the same answer a second time finds nothing.
        Ok(Some(begun)) => match taken(&session).await {
            Ok(()) => Some(begun),
            Err(error) => {
                tracing::error!(%error, "a session can't be stored");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
        Err(_) => None,
    };
    // Whoever fetches this address without having been there changes nothing, not even what the next page says.
    let Some(begun) = begun else { return stale() };
    let next = begun.next.clone();
    let answer = answer.map(|Query(answer)| answer).unwrap_or_default();
    match oidc::finish(&s, begun, answer, &caller).await {
        Ok(entry) => {
            if let Err(app::AppError(problem)) = ssr::enter(&session, entry.start, &caller.user_agent).await {
                return back(&session, problem).await;
            }
            let https = s.settings().public_url.starts_with("https://");
            let cookie = ssr::device_cookie(&entry.device, https);
            with_cookie(Redirect::to(paths::after_sign_in(&next)).into_response(), cookie)
        }
        Err(error) => back(&session, said(error)).await,
    }
}

/// Nobody went to the issuer from this browser, or they came back before.
fn stale() -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Signing in</title></head><body><p>{}</p><p><a href=\"/signin\">Sign in</a></p></body></html>",
        oidc::STALE
    );
    (StatusCode::FORBIDDEN, Html(page)).into_response()
}

async fn taken(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.remove::<serde_json::Value>(BEGUN).await?;
    session.save().await
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        let headers: &mut HeaderMap = response.headers_mut();
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// To the page to sign in, which says why.
async fn back(session: &Session, problem: Problem) -> Response {
    if ssr::leave(session, FORM, BTreeMap::new(), problem).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    Redirect::to("/signin").into_response()
}

fn said(error: services::Error) -> Problem {
    if error.is_internal() {
        tracing::error!(cause = %error, "signing in with another account failed");
    }
    error.problem()
}

/// For who knocks too often.
pub fn busy() -> Response {
    "That was tried too often. Please wait a moment and try again.".into_response()
}
