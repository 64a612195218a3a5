//! `/phones`: the customers' phones on a page. Works without JavaScript; with it, the page is live.

mod page;
mod view;
mod whatsapp;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use twilio::address::Address;

use crate::form::Form;
use crate::inbound::{self, InboundText, Place, SimMedia, Tap};
use crate::life;
use crate::pages;
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/phones", get(show))
        .route("/phones/text", post(text))
        .route("/phones/whatsapp", post(act))
        .route("/phones/faults", post(arm))
        .route("/phones/faults/clear", post(disarm))
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    pages::answer(page::page(&shared.read(view::View::of)))
}

/// A text from a phone: `from`, `to`, and `quick` (a button) or `text`. Does not wait for the webhook.
async fn text(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let text = InboundText {
        from: form.get("from").unwrap_or_default().trim().to_owned(),
        to: form.get("to").unwrap_or_default().trim().to_owned(),
        body: form.filled("quick").or(form.get("text")).unwrap_or_default().to_owned(),
        ..InboundText::default()
    };
    if Address::parse(&text.from).is_none() || text.to.is_empty() || text.body.is_empty() {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    send(&shared, text)
}

/// Who writes has looked before.
fn send(shared: &Arc<Shared>, text: InboundText) -> Response {
    let message = inbound::receive(shared, &text);
    let anchor = anchor(&text.from);
    let sender = Arc::clone(shared);
    shared.spawn(async move {
        life::read_all(&sender, &text.from).await;
        inbound::deliver(&sender, &message, &text).await;
    });
    Redirect::to(&anchor).into_response()
}

fn anchor(phone: &str) -> String {
    format!("/phones#{}", view::phone_id(phone))
}

/// A phone on WhatsApp: `from`, `to`, and one of `tap` (a button's id; `on` is its message), `thing` (something besides words) and `act`.
async fn act(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    let (from, to) = (text("from"), text("to"));
    if !Address::parse(&from).is_some_and(|who| who.is_whatsapp()) {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    match form.filled("act") {
        Some("look") => life::read_all(&shared, &from).await,
        Some("receipts") => shared.write(|state| {
            let on = !state.whatsapp.has_receipts(&from);
            state.whatsapp.set_receipts(&from, on);
        }),
        Some("close") => shared.write(|state| state.whatsapp.close_window(&to, &from)),
        _ => return something(&shared, &form, from, to),
    }
    Redirect::to(&anchor(&from)).into_response()
}

fn something(shared: &Arc<Shared>, form: &Form, from: String, to: String) -> Response {
    let tap = form.filled("tap").map(|button| Tap {
        message_sid: form.get("on").unwrap_or_default().to_owned(),
        button: button.to_owned(),
        payload: None,
    });
    let thing = form.filled("thing").unwrap_or_default();
    let media = [("photo", "image/jpeg"), ("voice", "audio/ogg"), ("card", "text/vcard")]
        .into_iter()
        .find(|(name, _)| *name == thing);
    let place = (thing == "place").then(|| Place {
        latitude: "40.7128".to_owned(),
        longitude: "-74.0060".to_owned(),
        address: None,
        label: Some("A place".to_owned()),
    });
    if to.is_empty() || (tap.is_none() && media.is_none() && place.is_none()) {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    let text = InboundText {
        from,
        to,
        tap,
        location: place,
        media: media.into_iter().map(|(name, kind)| attachment(name, kind)).collect(),
        ..InboundText::default()
    };
    send(shared, text)
}

/// There is nothing behind its address.
fn attachment(name: &str, kind: &str) -> SimMedia {
    SimMedia {
        url: format!("https://api.twilio.com.invalid/media/{name}"),
        content_type: kind.to_owned(),
    }
}

async fn arm(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    page::FAULTS.arm(&shared, &Form::parse(&body), page::refusal)
}

async fn disarm(State(shared): State<Arc<Shared>>) -> Redirect {
    page::FAULTS.disarm(&shared)
}
