//! The form of a business's waitlist, for people without an account: plain HTML that needs no script, and no cookie. What was typed goes from
//! step to step in the page itself. It needs no protection from forms of other sites beyond that of the pages of visits: there is no
//! session that could be borrowed, so another site's form can do nothing here that whoever made it can't do alone.

mod html;

use axum::{
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use services::{
    Services,
    waitlist_form::{self, Asked, FormPage, Joined, MOST_CHOSEN, Typed, Wrong, list},
};
use std::net::IpAddr;
use url::form_urlencoded;

use crate::visit_page::{broken, nowhere, refused};

#[derive(Deserialize)]
pub struct Language {
    lang: Option<String>,
}

/// The form.
pub async fn show(State(s): State<Services>, Path(slug): Path<String>, Query(asked): Query<Language>) -> Response {
    match waitlist_form::open(&s, &slug, asked.lang.as_deref()).await {
        Ok(Some(page)) => form(StatusCode::OK, &page, &waitlist_form::untouched(), &[]),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

fn form(status: StatusCode, page: &FormPage, typed: &Typed, wrong: &[Wrong]) -> Response {
    (status, Html(html::form(page, typed, wrong))).into_response()
}

fn code(status: StatusCode, page: &FormPage, typed: &Typed, ticket: &str, wrong: &[Wrong]) -> Response {
    (status, Html(html::code(page, typed, ticket, wrong))).into_response()
}

/// How it looks. It holds nothing of anybody's.
pub async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (
        headers,
        concat!(include_str!("visit_page/page.css"), include_str!("waitlist_form/form.css")),
    )
}

/// What was posted.
#[derive(Default)]
struct Posted {
    typed: Typed,
    ticket: String,
    code: String,
}

/// None where anything is there that is not known, or too much of it.
fn posted(body: &[u8]) -> Option<Posted> {
    let mut posted = Posted::default();
    let typed = &mut posted.typed;
    for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
        if count > 4 * MOST_CHOSEN {
            return None;
        }
        let value = value.into_owned();
        match name.as_ref() {
            "lang" => typed.language = value,
            "name" => typed.name = value,
            "phone" => typed.phone = value,
            "type" => typed.types.push(value),
            "place" => typed.places.push(value),
            "part" => typed.parts.push(value),
            "day" => typed.days.push(value),
            "notice" => typed.notice = value,
            "notes" => typed.notes = value,
            "agree" => typed.agrees = value == "yes",
            "ticket" => posted.ticket = value,
            "code" => posted.code = value,
            _ => return None,
        }
    }
    Some(posted)
}

/// The first step: a code is texted.
pub async fn ask(State(s): State<Services>, Path(slug): Path<String>, request: Request) -> Response {
    let (address, body) = match taken(request).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let Some(Posted { typed, .. }) = posted(&body) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match waitlist_form::ask(&s, &slug, &typed, Some(address)).await {
        Ok(Some((page, Asked::Sent(ticket)))) => code(StatusCode::OK, &page, &typed, &ticket, &[]),
        Ok(Some((page, Asked::Wrong(wrong)))) => form(StatusCode::UNPROCESSABLE_ENTITY, &page, &typed, &wrong),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// Back to the form, with what was typed.
pub async fn change(State(s): State<Services>, Path(slug): Path<String>, body: Bytes) -> Response {
    let Some(Posted { typed, .. }) = posted(&body) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match waitlist_form::open(&s, &slug, Some(&typed.language)).await {
        Ok(Some(page)) => form(StatusCode::OK, &page, &typed, &[]),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// The second step: the code is typed. Loading the page that follows does nothing again.
pub async fn join(State(s): State<Services>, Path(slug): Path<String>, request: Request) -> Response {
    let (address, body) = match taken(request).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let Some(Posted {
        typed,
        ticket,
        code: given,
    }) = posted(&body)
    else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match waitlist_form::join(&s, &slug, &typed, (&ticket, &given), Some(address)).await {
        Ok(Some((_, Joined::On(token)))) => Redirect::to(&format!("/l/{token}")).into_response(),
        Ok(Some((page, Joined::Wrong(wrong)))) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            if wrong.iter().any(|one| one.field == waitlist_form::Field::Code) {
                code(status, &page, &typed, &ticket, &wrong)
            } else {
                form(status, &page, &typed, &wrong)
            }
        }
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// Who posts, and what.
async fn taken(request: Request) -> Result<(IpAddr, Bytes), Response> {
    let address = app::ssr::address(request.headers(), request.extensions());
    let read = <Bytes as axum::extract::FromRequest<()>>::from_request(request, &()).await;
    read.map(|body| (address, body)).map_err(IntoResponse::into_response)
}

/// Somebody's place on a list. Looking changes nothing.
pub async fn list(State(s): State<Services>, Path(token): Path<String>) -> Response {
    match list::open(&s, &token).await {
        Ok(Some(page)) => Html(html::list(&token, &page)).into_response(),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// Waits on.
pub async fn stay(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    if !body.is_empty() && form_urlencoded::parse(&body).next().is_some() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    match list::stay(&s, &token).await {
        Ok(true) => Redirect::to(&format!("/l/{token}")).into_response(),
        Ok(false) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// Leaves it. Who has left it already has left it.
pub async fn leave(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    if !body.is_empty() && form_urlencoded::parse(&body).next().is_some() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    match list::leave(&s, &token).await {
        Ok(true) => Redirect::to(&format!("/l/{token}")).into_response(),
        Ok(false) => nowhere(),
        Err(cause) => broken(&cause),
    }
}
